package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"dendro/domain"
	"dendro/projections"
)

// pile is the rows of one table on their way there. Those that never change
// are sent while the log is read, the others when all is known.
type pile struct {
	view    string
	table   anyTable
	derived []derivedTable // made of this one
	rows    gathering
	changes int      // that were put on it
	sent    *copying // nil before it began
	ended   bool
}

// piles makes an empty one for each table that has rows of its own.
func (v *viewLayout) piles() (all []*pile) {
	for _, t := range v.tables {
		all = append(all, &pile{view: v.view, table: t, rows: t.gather()})
	}
	for _, d := range v.derived {
		i := slices.IndexFunc(all, func(p *pile) bool { return p.table == d.from })
		all[i].derived = append(all[i].derived, d)
	}
	return all
}

func (p *pile) start(ctx context.Context, w *workshop) {
	p.sent = startCopy(ctx, w.pool, w.inShadow(p.table.String()), p.table.columnNames())
}

func (p *pile) abandon() {
	if p.sent != nil && !p.ended {
		p.sent.abandon(context.Canceled)
	}
}

// send sends what is on the pile.
func (p *pile) send() error {
	err := p.rows.copyTo(p.sent)
	if err != nil {
		p.ended = true
		err = errors.Join(p.sent.finish(), err)
	}
	return err
}

// finish sends what is left, and makes the indexes, and what is made of the table.
func (p *pile) finish(ctx context.Context, w *workshop) error {
	if p.sent == nil {
		p.start(ctx, w)
	}
	if err := p.send(); err != nil {
		return err
	}
	p.ended = true
	if err := p.sent.finish(); err != nil {
		return err
	}
	if err := w.complete(ctx, p.table.String()); err != nil {
		return err
	}
	for _, d := range p.derived {
		if err := w.exec(ctx, w.inShadow(d.fill)); err != nil {
			return err
		}
		if err := w.complete(ctx, d.name); err != nil {
			return err
		}
	}
	return nil
}

// complete does to a filled table what is done last.
func (w *workshop) complete(ctx context.Context, table string) error {
	if err := w.index(ctx, table); err != nil {
		return err
	}
	return w.exec(ctx, "ANALYZE "+w.inShadow(table))
}

// foldsBehind is how many batches of events wait for a fold, at most.
const foldsBehind = 2

// read folds the log up to the cut, each view beside the others.
func (w *workshop) read(ctx context.Context, to domain.Cut, piles []*pile) error {
	group, ctx := errgroup.WithContext(ctx)
	var queues []chan []domain.Recorded
	for _, fold := range w.Folds {
		queue := make(chan []domain.Recorded, foldsBehind)
		queues = append(queues, queue)
		own := slices.DeleteFunc(slices.Clone(piles), func(p *pile) bool { return p.view != fold.Name() })
		group.Go(func() error { return pileUp(queue, fold, own) })
	}
	group.Go(func() error {
		defer func() {
			for _, queue := range queues {
				close(queue)
			}
		}()
		total := int64(to.Events())
		return w.batches(ctx, to, func(batch []domain.Recorded) error {
			for _, queue := range queues {
				select {
				case queue <- batch:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			w.Progress(Reading, int64(w.at.Events()), total)
			return nil
		})
	})
	return group.Wait()
}

// batches reads the log up to the cut. A batch is not changed once it is given.
func (w *workshop) batches(ctx context.Context, to domain.Cut, give func([]domain.Recorded) error) error {
	batch := make([]domain.Recorded, 0, projections.MaxBatch)
	for e, err := range w.Log.Read(ctx, w.at.Clone(), to) {
		if err != nil {
			return err
		}
		batch = append(batch, e)
		w.at.End[e.Position.Partition] = e.Position.Seq + 1
		if len(batch) < projections.MaxBatch {
			continue
		}
		if err := give(batch); err != nil {
			return err
		}
		batch = make([]domain.Recorded, 0, projections.MaxBatch)
	}
	return give(batch)
}

// pileUp folds events as they come, and sends the rows that are final.
func pileUp(queue <-chan []domain.Recorded, fold projections.Projection, piles []*pile) error {
	var changes []projections.Change
	for batch := range queue {
		changes = changes[:0]
		for i := range batch {
			changes = fold.Apply(&batch[i], changes)
		}
		for _, c := range changes {
			i := slices.IndexFunc(piles, func(p *pile) bool { return p.rows.take(c) })
			if i < 0 {
				return fmt.Errorf("%w as %s", errNoTable, c.Row.Table())
			}
			piles[i].changes++
		}
		for _, p := range piles {
			if p.sent == nil {
				continue
			}
			if err := p.send(); err != nil {
				return err
			}
		}
	}
	return nil
}

// builders is how many tables are filled and indexed at once.
const builders = 2

// fill sends all rows, and completes all tables; the largest first, so that the
// builders end together.
func (w *workshop) fill(ctx context.Context, piles []*pile) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(builders)
	var mu sync.Mutex
	done := int64(0)
	for _, p := range slices.SortedStableFunc(slices.Values(piles), func(a, b *pile) int { return cmp.Compare(b.changes, a.changes) }) {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := p.finish(ctx, w); err != nil {
				return fmt.Errorf("%s: %w", p.table, err)
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			w.Progress(Copying, done, int64(len(piles)))
			return nil
		})
	}
	return group.Wait()
}
