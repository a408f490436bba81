package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/projections"
	"dendro/projections/locator"
)

// behind gives the cut behind n events of the first partition.
func behind(n int) domain.Cut {
	cut := identity.Start()
	cut.End[0] += domain.Seq(n)
	return cut
}

// commitTask commits event n, which changes the task.
func commitTask(ctx context.Context, s *postgres.Store, n int, says string) error {
	row := &locator.Task{ID: domain.TaskID{1}, FrontendID: says}
	return s.Commit(ctx, []projections.Change{projections.Put(row)}, behind(n-1), behind(n))
}

func taskSays(t *testing.T, s *postgres.Store, want string) {
	t.Helper()
	if got, err := s.Task(t.Context(), domain.TaskID{1}); err != nil || got == nil || got.FrontendID != want {
		t.Errorf("the row is %+v, %v, want %q", got, err, want)
	}
}

// A commit that the server refuses because it cannot be put in line with
// another transaction is made again.
func TestCommitsOutlastSerializationFailures(t *testing.T) {
	dsn := migratedDSN(t, postgrestest.Shared(t))
	others := open(t, dsn)
	pool, refused := refusing(t, dsn+" default_transaction_isolation=serializable")
	store := newStore(t, pool, identity)
	tx, err := others.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "UPDATE views.position SET cut = cut"); err != nil {
		t.Fatal(err)
	}
	made := make(chan error, 1)
	go func() { made <- commitTask(t.Context(), store, 1, "behind") }()
	until(t, others, someoneWaits)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-made; err != nil {
		t.Errorf("the commit: %v", err)
	}
	if n, _ := refused.of("40001"); n == 0 {
		t.Error("no serialization failed")
	}
	taskSays(t, store, "behind")
}

// Where every transaction is serializable, and several commit and ask at once,
// each commit is made once, and each question answered.
func TestSerializableCommittersTakeTurns(t *testing.T) {
	dsn := migratedDSN(t, postgrestest.Shared(t)) + " default_transaction_isolation=serializable"
	stores := []*postgres.Store{newStore(t, open(t, dsn), identity), newStore(t, open(t, dsn), identity)}
	const committers, each = 4, 15
	asking, stop := context.WithCancel(t.Context())
	var all, askers sync.WaitGroup
	askers.Go(func() { askOn(asking, t, stores[0]) })
	for n := range committers {
		all.Go(func() {
			for done := 0; done < each; {
				at, err := stores[n%2].Cut(t.Context())
				if err == nil {
					err = commitTask(t.Context(), stores[n%2], int(at.Events())+1, "f")
				}
				switch {
				case err == nil:
					done++
				case !errors.Is(err, projections.ErrMoved):
					t.Errorf("committer %d: %v", n, err)
					return
				}
			}
		})
	}
	all.Wait()
	stop()
	askers.Wait()
	if at, err := stores[0].Cut(t.Context()); err != nil || at.Events() != committers*each {
		t.Errorf("the cut is %s, %v, want %d commits", at, err, committers*each)
	}
}

// How soon a deadlock is found, by those who are to be ended and by the other.
const (
	findsFirst = " deadlock_timeout=300ms"
	findsLast  = " deadlock_timeout=3s"
)

// deadlock takes one lock and, when somebody waits for it who holds the other,
// that one too, until the server has ended that somebody.
func deadlock(t *testing.T, others *pgxpool.Pool, refused *refusals, one, other string, do func() error) {
	t.Helper()
	for n := 0; n == 0; n, _ = refused.of("40P01") {
		tx, err := others.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- do() }()
		until(t, others, someoneWaits)
		_, _ = tx.Exec(t.Context(), other) // on a slow machine it may be this one that is ended
		_ = tx.Rollback(t.Context())
		if err := <-done; err != nil {
			t.Errorf("what was in a deadlock: %v", err)
			return
		}
	}
}

// Somebody else's transaction takes the same locks in another order, and the
// server ends the commit, or the question: it is made again.
func TestDeadlocksAreOutlasted(t *testing.T) {
	dsn := migratedDSN(t, postgrestest.Shared(t))
	others := open(t, dsn+findsLast)
	pool, refused := refusing(t, dsn+findsFirst)
	store := newStore(t, pool, identity)
	n := 1
	if err := commitTask(t.Context(), store, n, "before"); err != nil {
		t.Fatal(err)
	}
	deadlock(t, others, refused, "UPDATE views.tasks SET collective = true", "SELECT FROM views.position FOR UPDATE", func() error {
		n++
		return commitTask(t.Context(), store, n, "behind")
	})
	taskSays(t, store, "behind")

	pool, refused = refusing(t, dsn+findsFirst)
	asked := newStore(t, pool, identity)
	deadlock(t, others, refused, "LOCK TABLE views.tree_counts", "LOCK TABLE views.message_counts", func() error {
		_, err := asked.Counts(t.Context())
		return err
	})
}
