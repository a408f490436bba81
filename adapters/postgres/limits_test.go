package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/projections"
)

// hog takes every connection that a server has left; release gives them back.
func hog(t *testing.T, dsn string) (release func()) {
	t.Helper()
	var all []*pgx.Conn
	for {
		conn, err := pgx.Connect(t.Context(), dsn)
		var answer *pgconn.PgError
		if errors.As(err, &answer) && answer.Code == "53300" {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
	}
	return func() {
		for _, conn := range all {
			_ = conn.Close(t.Context())
		}
	}
}

// Others have taken all connections of the server: who asks waits as long as it
// has patience, is told what to do, and is answered once there is room.
func TestNoConnectionIsLeft(t *testing.T) {
	server := postgrestest.New(t, "max_connections=8")
	pool, refused := refusing(t, migratedDSN(t, server))
	store := newStore(t, pool, identity)
	pool.Reset() // it needs a new connection
	release := hog(t, server.DSN("postgres"))
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := store.Cut(short)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v, want the context's", err)
	}
	says(t, err, "53300", "max_connections")
	before, _ := refused.of("53300")
	made := make(chan error, 1)
	go func() { made <- commitTask(t.Context(), store, 1, "late") }()
	refused.await(t, "53300", before+3)
	release()
	if err := <-made; err != nil {
		t.Errorf("a commit that waited: %v", err)
	}
	taskSays(t, store, "late")
}

// What always fails in passing is given up.
func TestAttemptsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		err := postgres.Repeat(t.Context(), func(context.Context) error {
			n++
			return &pgconn.PgError{Code: "53300"}
		})
		if n != postgres.MaxAttempts {
			t.Errorf("it was tried %d times, %v", n, err)
		}
		says(t, err, "53300", "max_connections")
	})
}

// Many callers share one connection, one after another.
func TestOneConnectionForAll(t *testing.T) {
	store := newStore(t, open(t, migratedDSN(t, postgrestest.Shared(t))+" pool_max_conns=1"), identity)
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			var err error
			switch n % 3 {
			case 0:
				_, err = store.Task(t.Context(), domain.TaskID{1})
			case 1:
				err = store.Await(t.Context(), identity.Start())
			case 2:
				if err = commitTask(t.Context(), store, 1, "one"); errors.Is(err, projections.ErrMoved) {
					err = nil
				}
			}
			if err != nil {
				t.Errorf("caller %d: %v", n, err)
			}
		})
	}
	all.Wait()
	taskSays(t, store, "one")
}

// silent fails the test unless every call is given up, and says so.
func silent(t *testing.T, store *postgres.Store, d *postgres.Directory) {
	t.Helper()
	var all sync.WaitGroup
	for name, call := range map[string]func(context.Context) error{
		"Cut":    func(ctx context.Context) error { _, err := store.Cut(ctx); return err },
		"Task":   func(ctx context.Context) error { _, err := store.Task(ctx, domain.TaskID{1}); return err },
		"Counts": func(ctx context.Context) error { _, err := store.Counts(ctx); return err },
		"Await":  func(ctx context.Context) error { return store.Await(ctx, behind(0)) },
		"Commit": func(ctx context.Context) error { return commitTask(ctx, store, 1, "silent") },
		"Lead":   func(ctx context.Context) error { _, _, err := store.Lead(ctx); return err },
		"Person": func(ctx context.Context) error { _, err := d.Person(ctx, domain.ContributorID{1}); return err },
	} {
		all.Go(func() {
			err := call(t.Context())
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v, want that it was given up", name, err)
			}
			says(t, err, "no answer within 150ms", "pool_max_conns")
		})
	}
	all.Wait()
}

// A network that goes silent, and connections that nobody gives back, end each
// call in time; then all goes on, and nothing is done twice.
func TestSilence(t *testing.T) {
	server := postgrestest.Shared(t)
	proxy := server.Proxy(t, migratedDSN(t, server))
	brief, patient := open(t, proxy.DSN()+" pool_max_conns=4 dendro.call_timeout=150"), open(t, proxy.DSN())
	store, d := newStore(t, patient, identity), postgres.NewDirectory(brief)
	hasty := newStore(t, brief, identity)
	proxy.Stall()
	silent(t, hasty, d)
	proxy.Resume()
	// What was said meanwhile arrives now, the commit too, or never.
	if err := commitTask(t.Context(), store, 1, "silent"); err != nil && !errors.Is(err, projections.ErrMoved) {
		t.Errorf("a commit behind the silence: %v", err)
	}
	taskSays(t, store, "silent")
	for range brief.Config().MaxConns {
		conn, err := brief.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
	silent(t, hasty, d)
}

// The limits are those of every connection, as the server has them.
func TestTimeoutsAreInForce(t *testing.T) {
	pool := open(t, migratedDSN(t, postgrestest.Shared(t)))
	for range pool.Config().MaxConns {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
		for setting, want := range map[string]string{
			"statement_timeout": "30s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "1min",
			"dendro.call_timeout": "45000", "application_name": "dendro",
		} {
			var got string
			if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %q, %v, want %q", setting, got, err, want)
			}
		}
	}
}

// The connection string may say others, which the server enforces.
func TestTimeoutsOfTheConnectionString(t *testing.T) {
	dsn := migratedDSN(t, postgrestest.Shared(t))
	locker, err := open(t, dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = locker.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := locker.Exec(t.Context(), "LOCK TABLE views.tasks"); err != nil {
		t.Fatal(err)
	}
	run := func(sql string) func(pgx.Tx) error {
		return func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		}
	}
	idle := func(tx pgx.Tx) error { return tx.Conn().PgConn().WaitForNotification(t.Context()) } // until the server has had enough
	for setting, c := range map[string]struct {
		do   func(pgx.Tx) error
		code string
	}{
		"statement_timeout":                   {run("SELECT pg_sleep(60)"), "57014"},
		"lock_timeout":                        {run("SELECT FROM views.tasks"), "55P03"},
		"idle_in_transaction_session_timeout": {idle, "25P03"},
	} {
		err := pgx.BeginFunc(t.Context(), open(t, dsn+" "+setting+"=50"), c.do)
		var answer *pgconn.PgError
		if !errors.As(err, &answer) || answer.Code != c.code {
			t.Errorf("%s: %v, want %s", setting, err, c.code)
		}
	}
	if _, err := postgres.Open(t.Context(), dsn+" dendro.call_timeout=soon"); err == nil {
		t.Error("a call_timeout that is no number is taken")
	}
}
