package memory_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"dendro/adapters/memory"
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/contributors"
	"dendro/projections/locator"
	"dendro/projections/moderation"
)

// taskEvents is what a campaign of so many trees does to tasks: each event of a
// tree follows one of another, and every tenth is a moderator's.
func taskEvents(trees, rounds int) []domain.Recorded {
	events := make([]domain.Recorded, 0, trees*rounds*3)
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	by := []domain.Actor{domain.ByContributor(domain.ContributorID{1}), domain.ByModerator("0190c6f0-0000-0000-0000-000000000001")}
	streams := make([]domain.StreamID, trees)
	for n := range streams {
		streams[n] = domain.TreeStream(domain.TreeID{13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)})
	}
	for round := range rounds {
		for n, stream := range streams {
			task := domain.TaskID{12: byte(round), 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
			for _, e := range []domain.Event{
				tree.TaskAssigned{Task: task, Expires: at.Add(48 * time.Hour)},
				tree.TaskAcknowledged{Task: task, FrontendID: task.String()},
				tree.MessagePosted{Task: task},
			} {
				at = at.Add(3 * time.Second)
				actor := by[0]
				if len(events)%10 == 0 {
					actor = by[1]
				}
				events = append(events, domain.Recorded{
					Position: domain.Position{Seq: domain.Seq(len(events) + 1)},
					Stream:   domain.StreamID(strings.Clone(string(stream))), Time: at, Actor: actor, Payload: e,
				})
			}
		}
	}
	return events
}

// A rebuild of one of the small views: events folded and stored per second, and
// what store and fold then hold.
func BenchmarkSmallViews(b *testing.B) {
	events := taskEvents(20_000, 15)
	for name, fresh := range map[string]func() projections.Projection{
		"locator":      func() projections.Projection { return locator.New() },
		"contributors": func() projections.Projection { return contributors.New() },
		"moderation":   func() projections.Projection { return moderation.New() },
	} {
		b.Run(name, func(b *testing.B) {
			var held uint64
			for b.Loop() {
				b.StopTimer()
				before := heapInUse()
				store, fold := memory.NewStore(domain.Identity{Partitions: 1}), fresh()
				b.StartTimer()
				rebuildOne(b, store, fold, events)
				b.StopTimer()
				held = heapInUse() - before
				runtime.KeepAlive(store)
				runtime.KeepAlive(fold)
				b.StartTimer()
			}
			b.ReportMetric(float64(len(events)*b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(held)/float64(len(events)), "B/event")
		})
	}
}

func rebuildOne(b *testing.B, store *memory.Store, fold projections.Projection, events []domain.Recorded) {
	at, err := store.Cut(b.Context())
	var changes []projections.Change
	for len(events) > 0 && err == nil {
		batch := events[:min(projections.MaxBatch, len(events))]
		events = events[len(batch):]
		changes = changes[:0]
		for i := range batch {
			changes = fold.Apply(&batch[i], changes)
		}
		to := at.Clone()
		to.End[0] += domain.Seq(len(batch))
		err = store.Commit(b.Context(), changes, at, to)
		at = to
	}
	if err != nil {
		b.Fatal(err)
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
