package adaptertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/agreement"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
	"dendro/projections/locator"
	"dendro/projections/moderation"
	"dendro/projections/statistics"
)

// Store is a read store and all that it can be asked.
type Store interface {
	projections.Store
	locator.Reader
	contributors.Reader
	moderation.Reader
	conversations.Reader
	boards.Reader
	agreement.Reader
	statistics.Reader
}

// StoreSuite holds a store to the contracts of projections.Store and of the
// views' Readers. Open makes an empty store for the views of a log, and cleans
// up after the test.
func StoreSuite(t *testing.T, open func(t *testing.T, id domain.Identity) Store) {
	for _, c := range slices.Concat(commitTests, locatorTests, contributorTests, moderationTests, conversationTests, boardTests, statisticsTests, agreementTests) {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			id := domain.Identity{ID: domain.LogID{7}, Partitions: 3}
			c.run(&storeSuite{T: t, ctx: ctx, store: open(t, id), id: id, dice: domain.NewDice(1)})
		})
	}
}

// storeTest is one test of StoreSuite. Each view has a file with a list of
// them.
type storeTest struct {
	name string
	run  func(*storeSuite)
}

// storeSuite is what one test has: a store of its own, which is empty.
type storeSuite struct {
	*testing.T
	ctx   context.Context
	store Store
	id    domain.Identity
	dice  *domain.Dice
}

// storeEra is when the suite's rows are dated, at what a store can keep exactly.
var storeEra = time.Date(2024, 5, 1, 12, 0, 0, 123_456_000, time.UTC)

func (s *storeSuite) cut() domain.Cut {
	s.Helper()
	cut, err := s.store.Cut(s.ctx)
	if err != nil {
		s.Fatalf("Cut: %v", err)
	}
	return cut
}

// next is the cut with one event more of partition 0.
func next(c domain.Cut) domain.Cut {
	c = c.Clone()
	c.End[0]++
	return c
}

// commit applies the changes as if one event had made them all.
func (s *storeSuite) commit(changes ...projections.Change) {
	s.Helper()
	at := s.cut()
	if err := s.store.Commit(s.ctx, changes, at, next(at)); err != nil {
		s.Fatalf("Commit: %v", err)
	}
}

func (s *storeSuite) put(rows ...projections.Row) {
	s.Helper()
	var changes []projections.Change
	for _, r := range rows {
		changes = append(changes, projections.Put(r))
	}
	s.commit(changes...)
}

// answered is what a Reader's method gave.
type answered[T any] struct {
	got T
	err error
}

// answer takes what a Reader's method gave: answer(store.Task(ctx, id)).
func answer[T any](got T, err error) answered[T] { return answered[T]{got, err} }

// is fails the test unless that was the answer. An empty list is as good as
// none.
func (a answered[T]) is(s *storeSuite, what string, want T) {
	s.Helper()
	if a.err != nil {
		s.Fatalf("%s: %v", what, a.err)
	}
	if diff := cmp.Diff(want, a.got, cmpopts.EquateEmpty()); diff != "" {
		s.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// storeRounds is how many rounds of random changes a view's rows go through
// beside a model.
const storeRounds = 60

// rounds commits in each round the changes that draw gives, and then lets the
// store be compared with the model. The same dice every time: a failure comes
// again.
func (s *storeSuite) rounds(draw func() projections.Change, compare func()) {
	for range storeRounds {
		var changes []projections.Change
		for range s.dice.Below(4) {
			changes = append(changes, draw())
		}
		s.commit(changes...)
		compare()
	}
}

// model is the rows of one table by key; R is the pointer that a row is.
type model[K comparable, R projections.Row] map[K]R

// draw puts the row in its place or, in one case of three, takes the one with
// its key away, here and in the change that it gives. Key is a row with only
// the key's fields.
func (m model[K, R]) draw(s *storeSuite, id K, key, row R) projections.Change {
	if s.dice.Chance(1, 3) {
		delete(m, id)
		return projections.Remove(key)
	}
	m[id] = row
	return projections.Put(row)
}

// ordered gives the rows that are taken, in order.
func (m model[K, R]) ordered(takes func(R) bool, order func(a, b R) int) []R {
	var out []R
	for _, r := range m {
		if takes(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, order)
	return out
}
