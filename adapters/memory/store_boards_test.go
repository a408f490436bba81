package memory_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"dendro/adapters/memory"
	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections"
	"dendro/projections/boards"
	"dendro/projections/boards/boardstest"
)

// views is a store that commits are made to one after another.
type views struct {
	*memory.Store
	cut domain.Cut
}

func newViews(id domain.Identity) *views { return &views{memory.NewStore(id), id.Start()} }

func (v *views) commit(t rapid.TB, changes []projections.Change, to domain.Cut) {
	if err := v.Commit(context.Background(), changes, v.cut, to); err != nil {
		t.Fatal(err)
	}
	v.cut = to
}

func (v *views) tallies(t rapid.TB, since time.Time, only []domain.ContributorID) []boards.Tally {
	got, err := v.Tallies(context.Background(), since, only)
	if err != nil {
		t.Fatal(err)
	}
	return boardstest.Sorted(got)
}

func (v *views) activities(t rapid.TB, owners ...[]domain.ContributorID) []boards.Activity {
	got, err := v.Activities(context.Background(), owners)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// deedsAround draws changes of few keys, people and days, so that rows are
// replaced, moved to other days and people, and taken away.
func deedsAround(began time.Time) *rapid.Generator[projections.Change] {
	return rapid.Custom(func(t *rapid.T) projections.Change {
		number := func(name string, most int) byte { return byte(rapid.IntRange(0, most).Draw(t, name)) }
		d := &boards.Deed{
			Kind:    rapid.SampledFrom([]boards.Kind{boards.Prompt, boards.Ranking, boards.GoodRanking, boards.First, boards.Marks, boards.FreeMarks}).Draw(t, "kind"),
			Subject: [16]byte{number("subject", 2)}, Other: domain.ContributorID{number("other", 2)},
		}
		if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
			return projections.Remove(d)
		}
		d.By = domain.ContributorID{1 + number("by", 3)}
		d.At = began.Add(time.Duration(rapid.IntRange(-12, 12).Draw(t, "hours")) * 8 * time.Hour)
		d.Counts = rapid.Bool().Draw(t, "counts") || !d.Kind.Task()
		if d.Kind >= boards.Marks {
			d.Labels = &reward.Labels{Flags: number("flags", 127), Values: [5]int32{int32(number("value", 3)) - 1, -1, 7, -1, -1}}
		}
		return projections.Put(d)
	})
}

// Whatever rows come and go, in any order of times, the counts are those of
// looking at every row.
func TestStoreCountsEveryRow(t *testing.T) {
	owners := [][]domain.ContributorID{{{1}}, {{2}, {3}}, {{1}, {2}, {3}, {4}}, {{9}}, nil}
	rapid.Check(t, func(t *rapid.T) {
		began := rapid.SampledFrom([]time.Time{time.Unix(0, 0).UTC(), boardstest.Began}).Draw(t, "began")
		v, rows := newViews(domain.Identity{Partitions: 1}), boardstest.Rows{}
		for range rapid.IntRange(1, 6).Draw(t, "commits") {
			changes := rapid.SliceOfN(deedsAround(began), 1, 40).Draw(t, "changes")
			to := v.cut.Clone()
			to.End[0]++
			v.commit(t, changes, to)
			for _, c := range changes {
				d := c.Row.(*boards.Deed)
				if k := (boardstest.Key{Kind: d.Kind, Subject: d.Subject, Other: d.Other}); c.Gone {
					delete(rows, k)
				} else {
					rows[k] = *d
				}
			}
			only := rapid.SampledFrom(append(owners, []domain.ContributorID{{2}, {2}, {9}})).Draw(t, "only")
			for _, since := range []time.Time{
				{}, began, began.Add(time.Duration(rapid.IntRange(-100, 100).Draw(t, "hours")) * time.Hour), began.Add(8*time.Hour + 1),
			} {
				if diff := cmp.Diff(rows.Tallies(since, only), v.tallies(t, since, only), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("since %s (-rows +store):\n%s", since, diff)
				}
			}
			for i, got := range v.activities(t, owners...) {
				if diff := cmp.Diff(rows.Activity(owners[i]), got); diff != "" {
					t.Fatalf("activity of %v (-rows +store):\n%s", owners[i], diff)
				}
			}
		}
	})
}

// Following a log batch by batch, the boards agree with a recount of all events
// at every cut; and at the end, through every hour of the days after.
func TestBoardsAreRightAtEveryCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := boardstest.Shape{
			Seed: rapid.Uint64().Draw(t, "seed"), Partitions: 3, Trees: 4, Contributors: 6, Steps: 30, Rare: 25, Pace: 10 * time.Minute,
		}
		left := boardstest.History(shape)
		v, fold := newViews(shape.Identity()), boards.New()
		var events []domain.Recorded
		var counted boardstest.Counted
		now := boardstest.Began
		for range 4 {
			to := v.cut.Clone()
			var changes []projections.Change
			for p := range left {
				n := rapid.IntRange(0, len(left[p])).Draw(t, "events")
				for i := range left[p][:n] {
					changes = fold.Apply(&left[p][i], changes)
					now = later(now, left[p][i].Time)
				}
				events, left[p] = append(events, left[p][:n]...), left[p][n:]
				to.End[p] += domain.Seq(n)
			}
			v.commit(t, changes, to)
			counted = boardstest.Recount(events)
			v.agree(t, counted, now)
			accounts := shape.People()[:2]
			want, got := boardstest.Recent(events, accounts), v.activities(t, accounts)[0]
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("activity (-recount +store):\n%s", diff)
			}
		}
		for range 52 {
			now = now.Add(time.Hour)
			v.agree(t, counted, now)
		}
	})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (v *views) agree(t *rapid.T, counted boardstest.Counted, now time.Time) {
	for _, frame := range reward.Frames {
		since := frame.Since(now)
		want, got := counted.Since(since), v.tallies(t, since, nil)
		if !slices.Equal(want, got) {
			t.Fatalf("%s at %s (-recount +store):\n%s", frame, now, cmp.Diff(want, got))
		}
	}
}

// Boards are read while rows come in; nobody sees half a commit.
func TestBoardsAreReadWhileTheyChange(t *testing.T) {
	v := newViews(domain.Identity{Partitions: 1})
	const commits, people = 200, 5
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for seen := 0; seen < commits; {
				for _, since := range []time.Time{{}, boardstest.Began, boardstest.Began.Add(100 * time.Hour)} {
					tallies, err := v.Tallies(context.Background(), since, nil)
					if err != nil {
						t.Error(err)
						return
					}
					if len(tallies) > 0 && len(tallies) != people {
						t.Errorf("%d of %d contributors are counted", len(tallies), people)
						return
					}
					if since.IsZero() && len(tallies) > 0 {
						seen = tallies[0].Counts[boards.Prompt]
					}
				}
			}
		})
	}
	for n := range commits {
		var changes []projections.Change
		for by := range byte(people) {
			changes = append(changes, projections.Put(&boards.Deed{
				Kind: boards.Prompt, Subject: [16]byte{byte(n), by}, By: domain.ContributorID{by}, At: boardstest.Began.Add(time.Duration(n) * time.Hour), Counts: true,
			}))
		}
		to := v.cut.Clone()
		to.End[0]++
		v.commit(t, changes, to)
	}
	readers.Wait()
}
