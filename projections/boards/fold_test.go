package boards_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections"
	"dendro/projections/boards"
	"dendro/projections/boards/boardstest"
)

func anyHistory(t *rapid.T) (boardstest.Shape, [][]domain.Recorded) {
	s := boardstest.Shape{
		Seed: rapid.Uint64().Draw(t, "seed"), Partitions: rapid.IntRange(1, 3).Draw(t, "partitions"),
		Trees: rapid.IntRange(0, 6).Draw(t, "trees"), Contributors: 6, Steps: 40, Rare: 30, Pace: 20 * time.Minute,
	}
	return s, boardstest.History(s)
}

// interleaved puts the events of all partitions into one order, any that keeps
// that of each partition.
func interleaved(t *rapid.T, history [][]domain.Recorded) (out []domain.Recorded) {
	var turns []int
	for p, events := range history {
		for range events {
			turns = append(turns, p)
		}
	}
	next := make([]int, len(history))
	for _, p := range rapid.Permutation(turns).Draw(t, "order") {
		out = append(out, history[p][next[p]])
		next[p]++
	}
	return out
}

// At any cut, and for any frame at any moment, the rows count what a recount of
// all events from nothing gives. No row is put or taken away without need.
func TestRowsCountWhatHappened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, history := anyHistory(t)
		events := interleaved(t, history)
		fold, rows := boards.New(), boardstest.Rows{}
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(events)), 2, 2).Draw(t, "cuts")
		for i := range len(events) + 1 {
			if i == len(events) || i == cuts[0] || i == cuts[1] {
				compare(t, shape, events[:i], rows)
			}
			if i < len(events) {
				if err := rows.Apply(fold.Apply(&events[i], nil)); err != nil {
					t.Fatalf("event %d, %+v: %v", i, events[i].Payload, err)
				}
			}
		}
	})
}

func compare(t *rapid.T, shape boardstest.Shape, events []domain.Recorded, rows boardstest.Rows) {
	now := boardstest.Began.Add(time.Duration(rapid.IntRange(-1, 60*24*60).Draw(t, "now")) * time.Minute)
	if len(events) > 0 && rapid.Bool().Draw(t, "exactly") {
		now = rapid.SampledFrom(events).Draw(t, "event").Time.Add(24 * time.Hour)
	}
	counted := boardstest.Recount(events)
	for _, frame := range reward.Frames {
		since := frame.Since(now)
		if diff := cmp.Diff(counted.Since(since), rows.Tallies(since, nil), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s at %s after %d events (-recount +rows):\n%s", frame, now, len(events), diff)
		}
	}
	people := shape.People()
	for _, accounts := range [][]domain.ContributorID{people[:1], people[1:4], people, nil} {
		if diff := cmp.Diff(boardstest.Recent(events, accounts), rows.Activity(accounts)); diff != "" {
			t.Fatalf("activity of %d accounts after %d events (-recount +rows):\n%s", len(accounts), len(events), diff)
		}
	}
}

// However the partitions interleave, the rows are the same.
func TestInterleavingDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, history := anyHistory(t)
		var inOrder []domain.Recorded
		for _, events := range history {
			inOrder = append(inOrder, events...)
		}
		if diff := cmp.Diff(rowsOf(t, inOrder), rowsOf(t, interleaved(t, history))); diff != "" {
			t.Fatalf("rows (-one partition after another +interleaved):\n%s", diff)
		}
	})
}

func rowsOf(t *rapid.T, events []domain.Recorded) boardstest.Rows {
	fold, rows := boards.New(), boardstest.Rows{}
	var changes []projections.Change
	for i := range events {
		changes = fold.Apply(&events[i], changes)
	}
	if err := rows.Apply(changes); err != nil {
		t.Fatal(err)
	}
	return rows
}
