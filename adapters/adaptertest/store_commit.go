package adaptertest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/contributors"
	"dendro/projections/locator"
)

var commitTests = []storeTest{
	{"an empty store is at the log's start", (*storeSuite).fresh},
	{"a commit moves rows and cut together", (*storeSuite).together},
	{"a commit from elsewhere changes nothing", (*storeSuite).elsewhere},
	{"a row of no view changes nothing", (*storeSuite).stranger},
	{"changes are applied in their order", (*storeSuite).inOrder},
	{"callers keep their cuts and changes", (*storeSuite).borrowed},
	{"of several committers one gets through at a time", (*storeSuite).contended},
	{"Await returns when the cut is there", (*storeSuite).await},
	{"Await ends with its context", (*storeSuite).awaitCancelled},
	{"Await refuses the cut of another log", (*storeSuite).awaitForeign},
	{"readers see whole commits, in order", (*storeSuite).beside},
}

// sample is a row to commit where any will do.
func sample(n byte) *locator.Task {
	return &locator.Task{ID: domain.TaskID{15: n}, Tree: domain.TreeID{15: n}, Kind: domain.TaskInitialPrompt, Expires: storeEra}
}

func (s *storeSuite) hasSample(n byte, want *locator.Task) {
	s.Helper()
	answer(s.store.Task(s.ctx, domain.TaskID{15: n})).is(s, "the row", want)
}

func (s *storeSuite) isAt(want domain.Cut) {
	s.Helper()
	if got := s.cut(); !got.Equal(want) {
		s.Fatalf("the store is at %s, want %s", got, want)
	}
}

func (s *storeSuite) fresh() {
	s.isAt(s.id.Start())
	s.hasSample(1, nil)
}

func (s *storeSuite) together() {
	to := s.id.Start()
	to.End[0], to.End[2] = 5, 9
	if err := s.store.Commit(s.ctx, []projections.Change{projections.Put(sample(1))}, s.id.Start(), to); err != nil {
		s.Fatal(err)
	}
	s.isAt(to)
	s.hasSample(1, sample(1))
	s.commit() // of events that change nothing
	s.isAt(next(to))
}

func (s *storeSuite) elsewhere() {
	s.put(sample(1))
	at := s.cut()
	other := at.Clone()
	other.Log[0]++
	longer := at.Clone()
	longer.End = append(longer.End, 1)
	for name, from := range map[string]domain.Cut{
		"earlier": s.id.Start(), "later": next(at), "another log's": other, "one of more partitions": longer,
	} {
		changes := []projections.Change{projections.Put(sample(2)), projections.Remove(sample(1))}
		if err := s.store.Commit(s.ctx, changes, from, next(from)); !errors.Is(err, projections.ErrMoved) {
			s.Errorf("from a cut that is %s: %v, want ErrMoved", name, err)
		}
		s.isAt(at)
		s.hasSample(1, sample(1))
		s.hasSample(2, nil)
	}
}

type strange struct{}

func (*strange) Table() string { return "strange" }

func (s *storeSuite) stranger() {
	at := s.cut()
	changes := []projections.Change{projections.Put(sample(1)), projections.Put(&strange{}), projections.Put(sample(2))}
	if err := s.store.Commit(s.ctx, changes, at, next(at)); err == nil {
		s.Error("a row of a table that there is not is taken")
	}
	s.isAt(at)
	s.hasSample(1, nil)
}

func (s *storeSuite) inOrder() {
	over := sample(1)
	over.Over = true
	s.commit(projections.Put(sample(1)), projections.Put(over))
	s.hasSample(1, over)
	s.commit(projections.Put(sample(1)), projections.Remove(&locator.Task{ID: sample(1).ID}))
	s.hasSample(1, nil)
	s.commit(projections.Remove(&locator.Task{ID: sample(1).ID}), projections.Put(sample(1)))
	s.hasSample(1, sample(1))
}

// borrowed writes over all that the store was given or gave.
func (s *storeSuite) borrowed() {
	from := s.id.Start()
	to := next(from)
	want := to.Clone()
	changes := []projections.Change{projections.Put(sample(1))}
	if err := s.store.Commit(s.ctx, changes, from, to); err != nil {
		s.Fatal(err)
	}
	clear(changes)
	from.End[1], to.End[0] = 77, 88
	s.cut().End[0] = 99
	s.isAt(want)
	s.hasSample(1, sample(1))
}

func (s *storeSuite) contended() {
	const committers, each = 4, 20
	var moved atomic.Int64
	var all sync.WaitGroup
	for n := range committers {
		all.Go(func() {
			for done := 0; done < each; {
				at, err := s.store.Cut(s.ctx)
				if err == nil {
					err = s.store.Commit(s.ctx, []projections.Change{projections.Put(sample(byte(n)))}, at, next(at))
				}
				switch {
				case err == nil:
					done++
					moved.Add(1)
				case !errors.Is(err, projections.ErrMoved):
					s.Errorf("committer %d: %v", n, err)
					return
				}
			}
		})
	}
	all.Wait()
	if got := s.cut().Events(); got != uint64(moved.Load()) || got != committers*each {
		s.Errorf("%d commits went through and moved the cut by %d", moved.Load(), got)
	}
}

func (s *storeSuite) await() {
	if err := s.store.Await(s.ctx, s.id.Start()); err != nil {
		s.Fatalf("a cut that is there: %v", err)
	}
	// Each waits for a cut of its own, which takes several commits.
	const waiting = 8
	var all sync.WaitGroup
	for n := range waiting {
		at := s.id.Start()
		at.End[0] += domain.Seq(n)
		all.Go(func() {
			if err := s.store.Await(s.ctx, at); err != nil {
				s.Errorf("Await(%s): %v", at, err)
			} else if got, err := s.store.Cut(s.ctx); err != nil || !at.Within(got) {
				s.Errorf("Await(%s) returns when the store is at %s, %v", at, got, err)
			}
		})
	}
	for range waiting {
		s.commit()
	}
	all.Wait()
}

func (s *storeSuite) awaitCancelled() {
	later := next(s.cut())
	later.End[1] = 5
	ctx, cancel := context.WithCancel(s.ctx)
	answered := make(chan error, 1)
	go func() { answered <- s.store.Await(ctx, later) }()
	s.commit() // which is part of what is awaited, and not all
	cancel()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		s.Errorf("Await with a cancelled context: %v", err)
	}
}

func (s *storeSuite) awaitForeign() {
	at := s.cut()
	other := at.Clone()
	other.Log[0]++
	longer := at.Clone()
	longer.End = append(longer.End, 1)
	for _, c := range []domain.Cut{other, longer, {Log: s.id.ID}} {
		if err := s.store.Await(s.ctx, c); !errors.Is(err, domain.ErrForeignCut) {
			s.Errorf("Await(%s): %v, want ErrForeignCut", c, err)
		}
	}
}

// beside commits two rows that always say the same, while readers look.
func (s *storeSuite) beside() {
	ids := []domain.ContributorID{{15: 1}, {15: 2}}
	const commits, readers = 100, 3
	pair := func(n int) (changes []projections.Change) {
		for _, id := range ids {
			changes = append(changes, projections.Put(&contributors.Contributor{ID: id, Registered: storeEra.AddDate(0, 0, n)}))
		}
		return changes
	}
	s.commit(pair(1)...)
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			for n := 1; n < commits; {
				at := s.id.Start()
				at.End[0] += domain.Seq(n)
				if err := s.store.Await(s.ctx, at); err != nil {
					s.Errorf("Await: %v", err)
					return
				}
				rows, err := s.store.Contributors(s.ctx, ids)
				if err != nil || len(rows) != 2 || rows[0] == nil || rows[1] == nil {
					s.Errorf("Contributors: %v, %v", rows, err)
					return
				}
				switch seen := int(rows[0].Registered.Sub(storeEra).Hours() / 24); {
				case !rows[0].Registered.Equal(rows[1].Registered):
					s.Errorf("half of a commit shows: %v beside %v", rows[0], rows[1])
					return
				case seen < n:
					s.Errorf("commit %d shows where %d was awaited", seen, n)
					return
				default:
					n = seen + 1
				}
			}
		})
	}
	for n := 2; n <= commits; n++ {
		s.commit(pair(n)...)
	}
	all.Wait()
}
