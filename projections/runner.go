package projections

import (
	"context"
	"errors"
	"sync"

	"dendro/domain"
)

// maxBatch bounds the events that wait for a commit, and so those of a commit.
const maxBatch = 4096

// Runner feeds folds from a log into a store. Make it with NewRunner; Run it
// once.
type Runner struct {
	log   domain.Log
	store Store
	folds []Projection
}

// NewRunner makes a runner. The folds are new.
func NewRunner(log domain.Log, store Store, folds ...Projection) *Runner {
	return &Runner{log: log, store: store, folds: folds}
}

// Run brings the store up to the log's end and follows it, until ctx ends or
// something fails: then it answers why. What the store has already, it folds
// without committing it again: folds keep nothing between runs.
func (r *Runner) Run(ctx context.Context) error {
	from, err := r.store.Cut(ctx)
	if err != nil {
		return err
	}
	if err := r.resume(ctx, from); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := newInbox()
	var reader sync.WaitGroup
	reader.Go(func() {
		for e, err := range r.log.Follow(ctx, from) {
			if err != nil {
				in.end(err)
				return
			}
			if !in.put(e) {
				return
			}
		}
	})
	err = r.commitAll(ctx, in, from)
	cancel()
	in.end(err)
	reader.Wait()
	return err
}

// resume folds what the store stands for already.
func (r *Runner) resume(ctx context.Context, upTo domain.Cut) error {
	var none []Change
	for e, err := range r.log.Read(ctx, r.log.Identity().Start(), upTo) {
		if err != nil {
			return err
		}
		for _, f := range r.folds {
			none = f.Apply(&e, none[:0])
		}
	}
	return nil
}

// commitAll commits what has come in, batch after batch: while one is being
// committed the next one gathers.
func (r *Runner) commitAll(ctx context.Context, in *inbox, at domain.Cut) error {
	var events []domain.Recorded
	var changes []Change
	for {
		var err error
		if events, err = in.take(events[:0]); err != nil {
			return err
		}
		to := at.Clone()
		changes = changes[:0]
		for i := range events {
			for _, f := range r.folds {
				changes = f.Apply(&events[i], changes)
			}
			to.End[events[i].Position.Partition] = events[i].Position.Seq + 1
		}
		if err := r.store.Commit(ctx, changes, at, to); err != nil {
			return err
		}
		at = to
		clear(events) // rows keep what they need of them
		clear(changes)
	}
}

// inbox is a bounded buffer between the reader of a log and the committer.
type inbox struct {
	mu     sync.Mutex
	wake   *sync.Cond
	events []domain.Recorded
	ended  error
}

func newInbox() *inbox {
	in := &inbox{}
	in.wake = sync.NewCond(&in.mu)
	return in
}

// put waits for room; false means that nobody takes any more.
func (in *inbox) put(e domain.Recorded) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.events) >= maxBatch && in.ended == nil {
		in.wake.Wait()
	}
	if in.ended != nil {
		return false
	}
	in.events = append(in.events, e)
	if len(in.events) == 1 {
		in.wake.Broadcast()
	}
	return true
}

// take waits for events and gives all there are, in exchange for spare room.
func (in *inbox) take(spare []domain.Recorded) ([]domain.Recorded, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.events) == 0 && in.ended == nil {
		in.wake.Wait()
	}
	if len(in.events) == 0 {
		return nil, in.ended
	}
	got := in.events
	in.events = spare
	in.wake.Broadcast()
	return got, nil
}

var errEnded = errors.New("nothing more comes")

func (in *inbox) end(err error) {
	if err == nil {
		err = errEnded
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended == nil {
		in.ended = err
	}
	in.wake.Broadcast()
}
