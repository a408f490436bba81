package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/projections"
	"dendro/projections/conversations"
)

// site is where views are built, and what else goes on there.
type site struct {
	*testing.T
	server *postgrestest.Server
	log    *listed
	pool   *pgxpool.Pool // of those who look
	store  *postgres.Store
	live   *commits
}

func newSite(t *testing.T, server *postgrestest.Server, settings string) *site {
	dsn := migratedDSN(t, server)
	s := &site{T: t, server: server, log: newListed(40, 10), pool: open(t, dsn)}
	s.store = openStore(t, dsn+settings, s.log.id, projections.ViewsOf(allViews()))
	s.live = newCommits(t, s.log, s.store, allViews())
	for range 10 {
		s.live.next(100)
	}
	return s
}

// build gives a build that does something when it first comes to a stage.
func (s *site) build(at postgres.Stage, do func()) postgres.Build {
	var once sync.Once
	return postgres.Build{Log: s.log, Folds: allViews(), Progress: func(now postgres.Stage, _, _ int64) {
		if now == at {
			once.Do(do)
		}
	}}
}

// whole fails the test unless the live views are right, can be built anew, and
// nothing is left behind.
func (s *site) whole() {
	s.Helper()
	equal(s, s.store, s.log)
	if err := s.store.Rebuild(s.Context(), postgres.Build{Log: s.log, Folds: allViews()}); err != nil {
		s.Errorf("the next rebuild: %v", err)
	}
	s.live.next(50)
	equal(s, s.store, s.log)
	nothingLeft(s.T, s.pool)
}

func (s *site) crash() {
	s.server.Kill()
	if err := s.server.Restart(); err != nil {
		s.Error(err)
	}
	s.pool.Reset()
}

// reading keeps a transaction open that has read messages: they cannot be
// swapped, until it is ended.
func (s *site) reading() (end func()) {
	s.Helper()
	tx, err := s.pool.Begin(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	if _, err := tx.Exec(s.Context(), "SELECT FROM views.messages LIMIT 1"); err != nil {
		s.Fatal(err)
	}
	return func() { _ = tx.Rollback(context.WithoutCancel(s.Context())) } // the server may have crashed
}

// swapWaits asks whether a swap waits for who reads messages.
const swapWaits = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'views.messages'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted)"

var stages = []postgres.Stage{postgres.Reading, postgres.Copying, postgres.CatchingUp}

// The server crashes in the middle of a build, at any stage and in the swap.
func TestRebuildsOutlastCrashes(t *testing.T) {
	s := newSite(t, postgrestest.New(t), "")
	for _, at := range stages {
		// A crash that comes when all is copied, it may outlast.
		if err := s.store.Rebuild(t.Context(), s.build(at, s.crash)); err == nil && at != postgres.CatchingUp {
			t.Errorf("a build outlasted a crash while it was %s", at)
		}
		s.whole()
	}
	end := s.reading()
	built := make(chan error, 1)
	go func() { built <- s.store.Rebuild(t.Context(), postgres.Build{Log: s.log, Folds: allViews()}) }()
	until(t, s.pool, swapWaits)
	s.crash()
	if err := <-built; err == nil {
		t.Error("a swap outlasted a crash")
	}
	end()
	s.whole()
}

// A build that is given up leaves nothing, from then on.
func TestRebuildsCanBeGivenUp(t *testing.T) {
	s := newSite(t, postgrestest.Shared(t), "")
	given := func(err error) {
		t.Helper()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a build that was given up: %v", err)
		}
		nothingLeft(t, s.pool)
	}
	for _, at := range stages {
		ctx, cancel := context.WithCancel(t.Context())
		given(s.store.Rebuild(ctx, s.build(at, cancel)))
		given(second(s.store.Verify(ctx, s.build(postgres.Reading, cancel))))
	}
	end := s.reading()
	ctx, cancel := context.WithCancel(t.Context())
	built := make(chan error, 1)
	go func() { built <- s.store.Rebuild(ctx, postgres.Build{Log: s.log, Folds: allViews()}) }()
	until(t, s.pool, swapWaits)
	cancel()
	given(<-built)
	end()
	s.whole()
}

func second[A, B any](_ A, _ B, err error) error { return err }

// Of two that build at once, one waits until the other has finished.
func TestRebuildsTakeTurns(t *testing.T) {
	s := newSite(t, postgrestest.Shared(t), "")
	other := openStore(t, s.server.DSN(s.pool.Config().ConnConfig.Database), s.log.id, projections.ViewsOf(allViews()))
	var mu sync.Mutex
	var order []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, what)
	}
	built := make(chan error, 1)
	first := s.build(postgres.Reading, func() {
		go func() {
			built <- other.Rebuild(t.Context(), s.build(postgres.Reading, func() { note("the second begins") }))
		}()
		until(t, s.pool, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_try_advisory_lock%' HAVING count(*) > 1)")
	})
	progress := first.Progress
	first.Progress = func(at postgres.Stage, done, total int64) {
		progress(at, done, total)
		if at == postgres.CatchingUp {
			note("the first has copied")
		}
	}
	if err := s.store.Rebuild(t.Context(), first); err != nil {
		t.Error(err)
	}
	if err := <-built; err != nil {
		t.Error(err)
	}
	if len(order) < 2 || order[0] != "the first has copied" || order[len(order)-1] != "the second begins" {
		t.Errorf("the order is %q", order)
	}
	s.whole()
}

// loseLocks ends the connections that hold the locks of those who build.
const loseLocks = `SELECT pg_terminate_backend(pid) FROM pg_locks
	WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

// A build that loses the connection with its lock is overtaken by the next one:
// what the two make is not mixed.
func TestRebuildThatLosesItsLock(t *testing.T) {
	s := newSite(t, postgrestest.Shared(t), "")
	for _, at := range stages {
		lost := s.build(at, func() {
			if _, err := s.pool.Exec(t.Context(), loseLocks); err != nil {
				t.Error(err)
			}
			s.live.next(50)
			if err := s.store.Rebuild(t.Context(), postgres.Build{Log: s.log, Folds: allViews()}); err != nil {
				t.Errorf("the build that overtakes, while the other is %s: %v", at, err)
			}
			s.live.next(50)
		})
		if err := s.store.Rebuild(t.Context(), lost); err != nil {
			t.Logf("the one overtaken while it was %s: %v", at, err) // it may fail, and may come second
		}
		s.whole()
	}
}

// A transaction that has read, and stays open, delays the swap and nobody else:
// commits and other questions are made while it is open, held up for no longer
// than one try of the swap takes.
func TestLongReadersDelayTheSwapOnly(t *testing.T) {
	s := newSite(t, postgrestest.Shared(t), " lock_timeout=5000")
	end := s.reading()
	built := make(chan error, 1)
	go func() { built <- s.store.Rebuild(t.Context(), postgres.Build{Log: s.log, Folds: allViews()}) }()
	until(t, s.pool, swapWaits)
	var all sync.WaitGroup
	all.Go(func() { s.live.next(20) })
	all.Go(func() {
		if _, err := s.store.Messages(t.Context(), conversations.Query{Max: 5}); err != nil {
			t.Errorf("a question beside the swap: %v", err)
		}
	})
	all.Wait()
	until(t, s.pool, swapWaits) // it tries again
	select {
	case err := <-built:
		t.Errorf("the swap did not wait: %v", err)
	default:
	}
	end()
	if err := <-built; err != nil {
		t.Error(err)
	}
	s.whole()
}
