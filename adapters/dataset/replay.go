package dataset

import (
	"context"
	"encoding/hex"
	"fmt"
	"runtime"
	"sync"
	"time"

	"dendro/domain"
	projection "dendro/projections/dataset"
	"dendro/schemas"
)

// replay is what reading a log up to a cut gives.
type replay struct {
	folds  []*projection.Fold
	parts  []Partition
	newest time.Time // of an event that is not the log's own bookkeeping; zero when there is none
}

// batchSize is how many events go from the reading to the hashing at once, and
// batches how many of these may wait.
const (
	batchSize = 256
	batches   = 4
)

// readLog reads every partition up to the cut, several at a time.
func readLog(ctx context.Context, log domain.Log, cut domain.Cut, progress func(done, total int64)) (replay, error) {
	end, err := log.End(ctx)
	if err != nil {
		return replay{}, err
	}
	if err := cut.Check(log.Identity(), end); err != nil {
		return replay{}, err
	}
	r := reader{log: log, cut: cut, steps: counter{report: progress, total: int64(cut.Events())}}
	r.folds = make([]*projection.Fold, len(cut.End))
	r.parts = make([]Partition, len(cut.End))
	next := make(chan domain.Partition)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(cut.End)) {
		workers.Go(func() {
			for p := range next {
				if ctx.Err() != nil {
					continue
				}
				if err := r.partition(ctx, p); err != nil {
					stop(err)
				}
			}
		})
	}
	for p := range cut.End {
		next <- domain.Partition(p)
	}
	close(next)
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return replay{}, err
	}
	return r.replay, nil
}

// reader reads one log; its partitions are read at the same time.
type reader struct {
	log   domain.Log
	cut   domain.Cut
	steps counter
	mu    sync.Mutex // of newest
	replay
}

// partition folds one partition, while a second goroutine hashes its records.
func (r *reader) partition(ctx context.Context, p domain.Partition) error {
	full, empty := make(chan []domain.Recorded, batches), make(chan []domain.Recorded, batches+2)
	for range batches + 2 {
		empty <- make([]domain.Recorded, 0, batchSize)
	}
	var root schemas.Root
	var unhashed error
	var hashing sync.WaitGroup
	hashing.Go(func() {
		var record []byte
		for batch := range full {
			for i := range batch {
				if unhashed != nil {
					break
				}
				if record, unhashed = schemas.AppendRecord(record[:0], batch[i]); unhashed == nil {
					root.Add(record)
				}
			}
			empty <- batch[:0]
		}
	})
	err := r.fold(ctx, p, full, empty)
	close(full)
	hashing.Wait()
	switch {
	case err != nil:
		return err
	case unhashed != nil:
		return fmt.Errorf("partition %d, event %d: %w", p, root.Count()+1, unhashed)
	}
	sum := root.Sum()
	r.parts[p] = Partition{Partition: p, Events: root.Count(), Root: hex.EncodeToString(sum[:])}
	return nil
}

func (r *reader) fold(ctx context.Context, p domain.Partition, full chan<- []domain.Recorded, empty <-chan []domain.Recorded) error {
	fold := projection.New()
	from, to := r.log.Identity().Start(), r.log.Identity().Start()
	to.End[p] = r.cut.End[p]
	want := domain.Position{Partition: p, Seq: 1}
	var newest time.Time
	batch := <-empty
	hand := func() {
		r.steps.add(len(batch))
		full <- batch
		batch = <-empty
	}
	for event, err := range r.log.Read(ctx, from, to) {
		switch {
		case err != nil:
			return err
		case event.Position != want:
			return fmt.Errorf("the log gave event %s where %s should be; run `dendro log verify`", event.Position, want)
		}
		want.Seq++
		fold.Apply(event)
		if event.Payload.Type() != domain.TypeClaimed {
			newest = event.Time
		}
		if batch = append(batch, event); len(batch) == batchSize {
			hand()
		}
	}
	if want.Seq != to.End[p] {
		return fmt.Errorf("the log gave partition %d only up to %d, not to %d; run `dendro log verify`", p, want.Seq, to.End[p])
	}
	hand()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.folds[p] = fold
	if newest.After(r.newest) {
		r.newest = newest
	}
	return nil
}

// counter reports progress, one call at a time and never going back.
type counter struct {
	mu     sync.Mutex
	done   int64
	total  int64
	report func(done, total int64)
}

func (c *counter) add(n int) {
	if c.report == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done += int64(n)
	c.report(c.done, c.total)
}
