// Package domaintest helps tests: a plain log in memory, given/when/then for
// aggregates, and generators. Only tests import it.
package domaintest

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"dendro/domain"
)

// Log is a domain.Log that keeps events as values: no encoding, no disk.
type Log struct {
	// Fault, when set, is asked before each append; with an error the append
	// answers it, and stores the events all the same when written is true.
	Fault func(p domain.Partition, events []domain.Recorded) (written bool, err error)

	id     domain.Identity
	clock  domain.Clock
	mu     sync.Mutex
	events [][]domain.Recorded
	epochs []domain.Epoch
	grown  chan struct{} // closed and replaced whenever the log grows
}

// NewLog makes an empty log.
func NewLog(partitions int, clock domain.Clock) *Log {
	id := domain.Identity{ID: domain.LogID{15: 1}, Partitions: partitions}
	return &Log{
		id: id, clock: clock, events: make([][]domain.Recorded, partitions),
		epochs: make([]domain.Epoch, partitions), grown: make(chan struct{}),
	}
}

// Identity implements domain.Log.
func (l *Log) Identity() domain.Identity { return l.id }

// Own implements domain.Log.
func (l *Log) Own(_ context.Context, p domain.Partition) (domain.Writer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epochs[p]++
	claim := domain.Recorded{
		Position: domain.Position{Partition: p, Seq: domain.Seq(len(l.events[p]) + 1)},
		Stream:   domain.PartitionStream(p), Version: domain.Version(l.epochs[p]), Schema: 1,
		Time: domain.Instant(l.clock.Now()), Actor: domain.ByRule("log"), Epoch: l.epochs[p],
		Payload: domain.Claimed{Owner: "test"},
	}
	if n := len(l.events[p]); n > 0 && claim.Time.Before(l.events[p][n-1].Time) {
		claim.Time = l.events[p][n-1].Time
	}
	claim.Command = domain.CommandID(domain.NewID(claim.Time, [10]byte{byte(p), byte(claim.Epoch >> 8), byte(claim.Epoch)}))
	claim.ID = domain.EventID(domain.Derive(claim.Command, "event", 0))
	l.store(p, []domain.Recorded{claim})
	return &writer{l: l, p: p, claim: claim}, nil
}

func (l *Log) store(p domain.Partition, events []domain.Recorded) {
	l.events[p] = append(l.events[p], events...)
	close(l.grown)
	l.grown = make(chan struct{})
}

// End implements domain.Log.
func (l *Log) End(context.Context) (domain.Cut, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end(), nil
}

func (l *Log) end() domain.Cut {
	c := l.id.Start()
	for p := range l.events {
		c.End[p] += domain.Seq(len(l.events[p]))
	}
	return c
}

// Read implements domain.Log.
func (l *Log) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		l.mu.Lock()
		end := l.end()
		parts := append([][]domain.Recorded(nil), l.events...)
		l.mu.Unlock()
		for _, c := range []domain.Cut{from, to} {
			if err := c.Check(l.id, end); err != nil {
				yield(domain.Recorded{}, err)
				return
			}
		}
		for p := range parts {
			for s := from.End[p]; s < to.End[p]; s++ {
				if err := ctx.Err(); err != nil {
					yield(domain.Recorded{}, err)
					return
				}
				if !yield(parts[p][s-1], nil) {
					return
				}
			}
		}
	}
}

// Follow implements domain.Log.
func (l *Log) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for at := from.Clone(); ; {
			l.mu.Lock()
			end, grown := l.end(), l.grown
			l.mu.Unlock()
			for r, err := range l.Read(ctx, at, end) {
				if !yield(r, err) || err != nil {
					return
				}
			}
			at = end
			select {
			case <-grown:
			case <-ctx.Done():
				yield(domain.Recorded{}, ctx.Err())
				return
			}
		}
	}
}

// All gives the events of every partition, one after another.
func (l *Log) All() []domain.Recorded {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []domain.Recorded
	for _, part := range l.events {
		out = append(out, part...)
	}
	return out
}

type writer struct {
	l     *Log
	p     domain.Partition
	claim domain.Recorded
}

func (w *writer) Claim() domain.Recorded { return w.claim }

func (w *writer) Close() error { return nil }

// Append implements domain.Writer, and checks what it asks of the caller.
func (w *writer) Append(_ context.Context, events []domain.Recorded) error {
	l := w.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epochs[w.p] != w.claim.Epoch {
		return domain.ErrFenced
	}
	stored := l.events[w.p]
	last := stored[len(stored)-1]
	for _, e := range events {
		want := domain.Position{Partition: w.p, Seq: last.Position.Seq + 1}
		if e.Position != want || e.Epoch != w.claim.Epoch || e.Time.Before(last.Time) {
			return fmt.Errorf("%w: %s after %s", domain.ErrMisplaced, e.Position, last.Position)
		}
		last = e
	}
	if l.Fault != nil {
		if written, err := l.Fault(w.p, events); err != nil {
			if written {
				l.store(w.p, events)
			}
			return err
		}
	}
	l.store(w.p, events)
	return nil
}
