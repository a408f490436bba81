package projections_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
)

// endless is a log that has so many events at once.
type endless struct {
	domain.Log
	events int
}

func (endless) Identity() domain.Identity { return domain.Identity{ID: domain.LogID{1}, Partitions: 1} }

func (endless) Read(context.Context, domain.Cut, domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(func(domain.Recorded, error) bool) {}
}

func (l endless) Follow(context.Context, domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		r := domain.Recorded{Stream: "tree/x", Time: time.Unix(1, 0), Payload: tree.LotteryWon{}}
		for n := 1; n <= l.events; n++ {
			r.Position.Seq = domain.Seq(n)
			if !yield(r, nil) {
				return
			}
		}
		yield(domain.Recorded{}, context.Canceled)
	}
}

type idle struct{}

func (idle) Name() string  { return "idle" }
func (idle) Revision() int { return 1 }
func (idle) Apply(_ *domain.Recorded, changes []projections.Change) []projections.Change {
	return changes
}

type nowhere struct{ projections.Store }

func (nowhere) Cut(context.Context) (domain.Cut, error) { return endless{}.Identity().Start(), nil }
func (nowhere) Commit(context.Context, []projections.Change, domain.Cut, domain.Cut) error {
	return nil
}

// What the runner itself costs, beside log, folds and store.
func BenchmarkRunner(b *testing.B) {
	const events = 1_000_000
	b.ReportAllocs()
	for b.Loop() {
		_ = projections.NewRunner(endless{events: events}, nowhere{}, idle{}).Run(b.Context())
	}
	b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
