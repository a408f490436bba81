package memory_test

import (
	"context"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"dendro/adapters/memory"
	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections"
	"dendro/projections/boards"
	"dendro/projections/boards/boardstest"
)

// largeBoard makes the deeds of a campaign of the size of OASST1: 13,500
// contributors, few of whom do most, and 900,000 deeds within days.
func largeBoard(days int) (rows []projections.Change, accounts []boards.Account) {
	const people, deeds = 13_500, 900_000
	dice := domain.NewDice(1)
	id := func(n int) (id domain.ContributorID) {
		binary.BigEndian.PutUint64(id[8:], uint64(n)*0x9e3779b97f4a7c15)
		return id
	}
	for n := range people {
		accounts = append(accounts, boards.Account{ID: id(n), Owner: id(n), Listed: true, Enabled: true})
	}
	person := func() domain.ContributorID { return id(dice.Below(1 + dice.Below(1+dice.Below(people)))) }
	kinds := []int{2, 8, 5, 10, 25, 5, 3, 1, 6, 4, 5, 5, 4, 1, 5, 1, 1, 30, 4}
	began := boardstest.Began
	for n := range deeds {
		d := &boards.Deed{Kind: boards.Kind(dice.Weighted(kinds)), Other: person(), By: person(), Counts: true}
		binary.BigEndian.PutUint64(d.Subject[:], uint64(n/9))
		d.At = began.Add(time.Duration(dice.Below(days*24*3600)) * time.Second)
		if d.Kind >= boards.Marks {
			d.Labels = &reward.Labels{Values: [5]int32{250_000_000 * int32(dice.Below(5)), 0, 0, 250_000_000 * int32(dice.Below(2)), -1}}
		}
		rows = append(rows, projections.Put(d))
	}
	return rows, accounts
}

// A leaderboard of each frame at the size of OASST1, from the store to the
// ranks, while the campaign is two months old, which is the worst case for a month,
// and when it is a year old.
func BenchmarkLeaderboard(b *testing.B) {
	for name, days := range map[string]int{"two months": 60, "year": 365} {
		rows, accounts := largeBoard(days)
		v := newViews(domain.Identity{Partitions: 1})
		to := v.cut.Clone()
		to.End[0]++
		v.commit(b, rows, to)
		now := boardstest.Began.AddDate(0, 0, days)
		for _, frame := range reward.Frames {
			b.Run(name+"/"+string(frame), func(b *testing.B) {
				for b.Loop() {
					tallies, err := v.Tallies(context.Background(), frame.Since(now), nil)
					if err != nil {
						b.Fatal(err)
					}
					boards.Leaderboard(tallies, accounts)
				}
			})
		}
	}
}

// Events folded and stored per second, and what fold and store keep.
func BenchmarkBoards(b *testing.B) {
	shape := boardstest.Shape{Seed: 1, Partitions: 1, Trees: 4000, Contributors: 2000, Steps: 60, Rare: 1, Pace: time.Minute}
	events := boardstest.History(shape)[0]
	messages := 0
	for i := range events {
		if events[i].Payload.Type() == "message.posted" {
			messages++
		}
	}
	for b.Loop() {
		follow(b, shape.Identity(), events)
	}
	b.ReportMetric(float64(len(events)*b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(kept(func() any { return follow(b, shape.Identity(), events) })/float64(messages), "B/message")
	runtime.KeepAlive(events)
}

// followed is what has come of a log.
type followed struct {
	fold  *boards.Fold
	views *views
}

func follow(b *testing.B, id domain.Identity, events []domain.Recorded) followed {
	f := followed{boards.New(), newViews(id)}
	var changes []projections.Change
	const batch = 4096
	for i := range events {
		if changes = f.fold.Apply(&events[i], changes); i%batch == batch-1 || i == len(events)-1 {
			to := f.views.cut.Clone()
			to.End[0] = domain.Seq(i + 2)
			f.views.commit(b, changes, to)
			clear(changes)
			changes = changes[:0]
		}
	}
	return f
}

// kept measures the bytes that what is made keeps alive.
func kept(made func() any) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := made()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(x)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}

// views is a store that commits are made to one after another.
type views struct {
	*memory.Store
	cut domain.Cut
}

func newViews(id domain.Identity) *views { return &views{memory.NewStore(id), id.Start()} }

func (v *views) commit(b *testing.B, changes []projections.Change, to domain.Cut) {
	if err := v.Commit(context.Background(), changes, v.cut, to); err != nil {
		b.Fatal(err)
	}
	v.cut = to
}
