package postgres_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/adapters/adaptertest"
	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/projections"
	"dendro/projections/boards"
	"dendro/projections/boards/boardstest"
	"dendro/projections/locator"
)

func TestStore(t *testing.T) {
	adaptertest.StoreSuite(t, func(t *testing.T, id domain.Identity) adaptertest.Store {
		return newStore(t, migrated(t, postgrestest.Shared(t)), id)
	})
}

var identity = domain.Identity{ID: domain.LogID{7}, Partitions: 2}

func TestTheDatabaseOfAnotherLogIsRefused(t *testing.T) {
	pool := migrated(t, postgrestest.Shared(t))
	newStore(t, pool, identity)
	for _, other := range []domain.Identity{{ID: domain.LogID{8}, Partitions: 2}, {ID: identity.ID, Partitions: 3}} {
		if _, err := postgres.NewStore(t.Context(), pool, other); !errors.Is(err, domain.ErrForeignCut) {
			t.Errorf("log %v: %v, want ErrForeignCut", other, err)
		}
	}
}

// A store that others commit to is told so, and its readers see their commits.
func TestProcessesShareTheViews(t *testing.T) {
	dsn := migratedDSN(t, postgrestest.Shared(t))
	mine, other := newStore(t, open(t, dsn), identity), newStore(t, open(t, dsn), identity)
	from := identity.Start()
	to := from.Clone()
	to.End[1]++
	var waiting sync.WaitGroup
	for range 4 {
		waiting.Go(func() {
			if err := other.Await(t.Context(), to); err != nil {
				t.Errorf("Await: %v", err)
			}
		})
	}
	row := &locator.Task{ID: domain.TaskID{1}}
	if err := mine.Commit(t.Context(), []projections.Change{projections.Put(row)}, from, to); err != nil {
		t.Fatal(err)
	}
	waiting.Wait()
	if got, err := other.Task(t.Context(), row.ID); err != nil || !cmp.Equal(got, row) {
		t.Errorf("the other process reads %v, %v", got, err)
	}
	if err := other.Commit(t.Context(), nil, from, to); !errors.Is(err, projections.ErrMoved) {
		t.Errorf("a commit that came too late: %v, want ErrMoved", err)
	}
}

// follower commits a history of deeds in small batches.
type follower struct {
	*testing.T
	store   *postgres.Store
	history [][]domain.Recorded
	fold    *boards.Fold
	at      domain.Cut
	dice    *domain.Dice
	events  []domain.Recorded
}

func newFollower(t *testing.T, store *postgres.Store) *follower {
	shape := boardstest.Shape{Seed: 3, Partitions: identity.Partitions, Trees: 20, Contributors: 8, Steps: 30, Rare: 25, Pace: time.Minute}
	return &follower{t, store, boardstest.History(shape), boards.New(), identity.Start(), domain.NewDice(1), nil}
}

// step commits some events; false when there are none left.
func (f *follower) step() bool {
	to := f.at.Clone()
	var changes []projections.Change
	for p := range f.history {
		n := f.dice.Below(min(len(f.history[p]), 8) + 1)
		for i := range f.history[p][:n] {
			changes = f.fold.Apply(&f.history[p][i], changes)
		}
		f.events = append(f.events, f.history[p][:n]...)
		f.history[p] = f.history[p][n:]
		to.End[p] += domain.Seq(n)
	}
	if err := f.store.Commit(f.Context(), changes, f.at, to); err != nil {
		f.Fatalf("commit to %s: %v", to, err)
	}
	f.at = to
	return slices.ContainsFunc(f.history, func(events []domain.Recorded) bool { return len(events) > 0 })
}

// right compares all that the store counts with a recount.
func (f *follower) right() {
	f.Helper()
	counted := boardstest.Recount(f.events)
	for _, since := range []time.Time{{}, boardstest.Began.Add(24 * time.Hour)} {
		got, err := f.store.Tallies(f.Context(), since, nil)
		if err != nil {
			f.Fatal(err)
		}
		if diff := cmp.Diff(counted.Since(since), boardstest.Sorted(got)); diff != "" {
			f.Fatalf("tallies since %s at %s (-recount +store):\n%s", since, f.at, diff)
		}
	}
	if cut, err := f.store.Cut(f.Context()); err != nil || !cut.Equal(f.at) {
		f.Fatalf("the store is at %s, %v, want %s", cut, err, f.at)
	}
}

// Connections are lost before a commit reaches the server, and after it was
// made: each commit is made once.
func TestCommitsOutlastLostConnections(t *testing.T) {
	server := postgrestest.Shared(t)
	proxy := server.Proxy(t, migratedDSN(t, server))
	f := newFollower(t, newStore(t, open(t, proxy.DSN()), identity))
	for n := 0; f.step(); n++ {
		switch f.dice.Below(4) {
		case 0:
			proxy.LoseQuestion()
		case 1:
			proxy.LoseAnswer()
		}
		if n%10 == 0 {
			f.right()
		}
	}
	f.right()
}

// The server crashes again and again while commits and readers go on.
func TestCommitsOutlastCrashes(t *testing.T) {
	server := postgrestest.New(t)
	f := newFollower(t, newStore(t, migrated(t, server), identity))
	done, steps := make(chan struct{}), make(chan struct{}, 1000)
	var all sync.WaitGroup
	all.Go(func() {
		for range 3 {
			for range 10 {
				select {
				case <-steps:
				case <-done:
					return
				}
			}
			server.Kill()
			if err := server.Restart(); err != nil {
				t.Error(err)
				return
			}
		}
	})
	all.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := f.store.Tallies(t.Context(), time.Time{}, nil); err != nil {
				t.Errorf("Tallies: %v", err)
				return
			}
		}
	})
	for f.step() {
		steps <- struct{}{}
	}
	close(done)
	all.Wait()
	f.right()
}
