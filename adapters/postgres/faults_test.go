package postgres_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/adapters/postgres"
	"dendro/domain"
	"dendro/projections"
)

// kept is a keeper at work, and what it reported last.
type kept struct {
	mu   sync.Mutex
	why  error
	news chan struct{}
	stop func() error
}

func keep(t *testing.T, log domain.Log, store *postgres.Store) *kept {
	k := &kept{news: make(chan struct{}, 1000)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	keeper := projections.Keeper{Log: log, Store: store, Folds: allViews, Lead: store.Lead, Report: func(err error) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.why = err
		select {
		case k.news <- struct{}{}:
		default:
		}
	}}
	go func() { ended <- keeper.Run(ctx) }()
	k.stop = func() error {
		cancel()
		return <-ended
	}
	return k
}

func (k *kept) last() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.why
}

// trouble waits until the keeper reports some.
func (k *kept) trouble(t *testing.T) error {
	t.Helper()
	for {
		if err := k.last(); err != nil {
			return err
		}
		select {
		case <-k.news:
		case <-t.Context().Done():
			t.Fatal("nothing was reported")
		}
	}
}

// end stops the keeper, which works until then, and out of trouble.
func (k *kept) end(t *testing.T) {
	t.Helper()
	if err := k.last(); err != nil {
		t.Errorf("the keeper still reports: %v", err)
	}
	if err := k.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("the keeper ended: %v", err)
	}
}

// growing is a log that is let out bit by bit.
type growing struct {
	*listed
	mu    sync.Mutex
	at    domain.Cut
	grown chan struct{}
}

func newGrowing(l *listed) *growing {
	return &growing{listed: l, at: l.id.Start(), grown: make(chan struct{})}
}

// grow lets out so many events of each partition; false when there are no more.
func (g *growing) grow(n int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	end := g.end()
	for p := range g.at.End {
		g.at.End[p] = min(g.at.End[p]+domain.Seq(n), end.End[p])
	}
	close(g.grown)
	g.grown = make(chan struct{})
	return !g.at.Equal(end)
}

func (g *growing) now() (domain.Cut, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at.Clone(), g.grown
}

func (g *growing) End(context.Context) (domain.Cut, error) {
	at, _ := g.now()
	return at, nil
}

func (g *growing) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for at := from.Clone(); ; {
			to, grown := g.now()
			for r, err := range g.Read(ctx, at, to) {
				if !yield(r, err) {
					return
				}
			}
			at = to
			select {
			case <-grown:
			case <-ctx.Done():
				yield(domain.Recorded{}, ctx.Err())
				return
			}
		}
	}
}

// reached waits until the views have what the log has let out.
func (g *growing) reached(t *testing.T, store *postgres.Store) {
	t.Helper()
	at, _ := g.now()
	for {
		err := store.Await(t.Context(), at)
		if err == nil {
			return
		}
		if t.Context().Err() != nil {
			t.Fatalf("the views do not reach %s: %v", at, err)
		}
	}
}

// refusals are what a server refused, by SQLSTATE.
type refusals struct {
	mu    sync.Mutex
	count map[string]int
	news  chan struct{}
}

// refusing opens a database, and counts what is refused there.
func refusing(t *testing.T, dsn string) (*pgxpool.Pool, *refusals) {
	t.Helper()
	r := &refusals{count: map[string]int{}, news: make(chan struct{})}
	first := open(t, dsn)
	config := first.Config()
	first.Close()
	pass := config.ConnConfig.OnPgError
	config.ConnConfig.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		r.note(err.Code)
		return pass(conn, err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, r
}

func (r *refusals) note(code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count[code]++
	close(r.news)
	r.news = make(chan struct{})
}

func (r *refusals) of(code string) (n int, news <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count[code], r.news
}

// await waits until something was refused so often.
func (r *refusals) await(t *testing.T, code string, often int) {
	t.Helper()
	for {
		n, news := r.of(code)
		if n >= often {
			return
		}
		select {
		case <-news:
		case <-t.Context().Done():
			t.Fatalf("%s came %d times, not %d", code, n, often)
		}
	}
}

// until waits until a question to the server is answered with true.
func until(t *testing.T, pool *pgxpool.Pool, question string) {
	t.Helper()
	for {
		var yes bool
		if err := pool.QueryRow(t.Context(), question).Scan(&yes); err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		if yes {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// someoneWaits asks whether anybody waits for a lock in this database.
const someoneWaits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"

// says fails the test unless an error is there that says all of this.
func says(t *testing.T, err error, all ...string) {
	t.Helper()
	for _, text := range all {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("the error is %v, want one that says %q", err, text)
		}
	}
}

// nothingLeft fails the test if a build left anything.
func nothingLeft(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	var left int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'views\_%'`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d schemas are left, %v", left, err)
	}
}
