package projections

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dendro/domain"
)

// MaxBatch bounds the events of one commit. As many again may wait for the
// next one.
const MaxBatch = 4096

// ErrBroken says that a log gave events out of their order, or ended while it
// was followed. What was committed before is right; a log that does this is
// not.
var ErrBroken = errors.New("the log does not go on as it must; check it with `dendro log verify`")

// Runner feeds folds from a log into a store. Make it with NewRunner; Run it
// once.
type Runner struct {
	log   domain.Log
	store Store
	folds []Projection
	at    domain.Cut // what the folds have seen
}

// NewRunner makes a runner. The folds are new.
func NewRunner(log domain.Log, store Store, folds ...Projection) *Runner {
	return &Runner{log: log, store: store, folds: folds, at: log.Identity().Start()}
}

// standPause is how long a runner that stands by waits between two looks at
// the store.
const standPause = 500 * time.Millisecond

// Stand folds what others commit to the store, until ctx ends or something
// fails: then it answers why. Run then has little left to fold before it
// commits.
func (r *Runner) Stand(ctx context.Context) error {
	for {
		at, err := r.store.Cut(ctx)
		if err == nil {
			err = r.resume(ctx, at)
		}
		if err != nil {
			return err
		}
		select {
		case <-time.After(standPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Run brings the store up to the log's end and follows it, until ctx ends or
// something fails: then it answers why. What the store has already, it folds
// without committing it again: folds keep nothing between runs.
//
// Each event is committed once, in commits whose cuts follow one another. What
// came from the log before it failed is committed too.
func (r *Runner) Run(ctx context.Context) error {
	at, err := r.store.Cut(ctx)
	if err != nil {
		return err
	}
	if err := r.resume(ctx, at); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	in := newInbox()
	var reader sync.WaitGroup
	reader.Go(func() { in.end(r.read(ctx, in, at)) })
	err = r.commit(ctx, in, at)
	cancel()
	in.end(err)
	reader.Wait()
	return err
}

// resume folds what the store stands for already. A store that went back
// behind what was folded is ErrMoved: only new folds can follow it there.
func (r *Runner) resume(ctx context.Context, upTo domain.Cut) error {
	if upTo.Log == r.at.Log && len(upTo.End) == len(r.at.End) && !r.at.Within(upTo) {
		return fmt.Errorf("%w: it is at %s, behind %s", ErrMoved, upTo, r.at)
	}
	var event domain.Recorded
	var none []Change
	for e, err := range r.log.Read(ctx, r.at.Clone(), upTo) {
		if err != nil {
			return err
		}
		event = e // one place for all of them: Apply lets it escape
		for _, f := range r.folds {
			none = f.Apply(&event, none[:0])
		}
		r.at.End[e.Position.Partition] = e.Position.Seq + 1
	}
	return nil
}

// read puts what the log has from the cut on into the inbox, and answers why
// it stopped.
func (r *Runner) read(ctx context.Context, in *inbox, from domain.Cut) error {
	at := from.Clone()
	for e, err := range r.log.Follow(ctx, from) {
		if err != nil {
			return err
		}
		p := e.Position
		if p.Partition < 0 || int(p.Partition) >= len(at.End) || p.Seq != at.End[p.Partition] {
			return fmt.Errorf("%w: event %s does not continue %s", ErrBroken, p, at)
		}
		at.End[p.Partition]++
		if !in.put(e) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("%w: it ended while it was followed", ErrBroken)
}

// commit commits what has come in, batch after batch: while one is being
// committed the next one gathers.
func (r *Runner) commit(ctx context.Context, in *inbox, at domain.Cut) error {
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
			to.End[events[i].Position.Partition]++
		}
		if err := r.store.Commit(ctx, changes, at, to); err != nil {
			return err
		}
		at, r.at = to, to
		clear(events) // rows keep what they need of them
		clear(changes)
	}
}
