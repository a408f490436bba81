package postgres_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/projections"
	"dendro/projections/locator"
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

func (g *growing) reached(t *testing.T, store *postgres.Store) {
	t.Helper()
	at, _ := g.now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		got, err := store.Cut(ctx)
		if err == nil && at.Within(got) {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the views are at %s, %v, want %s", got, err, at)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// A standby that takes over has all that was acknowledged; who commits and asks
// goes on with it by itself.
func TestFailover(t *testing.T) {
	first := postgrestest.New(t)
	prepare := open(t, first.DSN("postgres"))
	if err := postgres.Migrate(t.Context(), prepare); err != nil {
		t.Fatal(err)
	}
	second := first.Standby(t)
	if err := first.Synchronous(); err != nil {
		t.Fatal(err)
	}
	log := newGrowing(newListed(40, 10))
	store := openStore(t, postgrestest.Either(first, second, "postgres"), log.id, projections.ViewsOf(allViews()))
	k := keep(t, log, store)
	for range 10 {
		log.grow(40)
	}
	log.reached(t, store)
	first.Kill()
	log.grow(40)
	if err := second.Promote(); err != nil {
		t.Fatal(err)
	}
	for log.grow(200) {
	}
	log.reached(t, store)
	if err := k.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("the keeper ended: %v", err)
	}
	equal(t, store, log.listed)
}

// A standby that lags takes over, and what it did not have is gone: the views
// are where it was, and go on from there.
func TestLossyFailover(t *testing.T) {
	first := postgrestest.New(t)
	if err := postgres.Migrate(t.Context(), open(t, first.DSN("postgres"))); err != nil {
		t.Fatal(err)
	}
	log := newGrowing(newListed(40, 10))
	views := projections.ViewsOf(allViews())
	store := openStore(t, first.DSN("postgres"), log.id, views)
	k := keep(t, log, store)
	log.grow(300)
	log.reached(t, store)
	second := first.Standby(t)
	second.Kill() // so it hears of nothing that comes now
	if err := k.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("the keeper ended: %v", err)
	}
	both := openStore(t, postgrestest.Either(first, second, "postgres"), log.id, views)
	k = keep(t, log, both)
	log.grow(300)
	log.reached(t, both)
	ahead, err := both.Cut(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first.Kill()
	if err := second.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := second.Promote(); err != nil {
		t.Fatal(err)
	}
	for log.grow(300) {
	}
	log.reached(t, both)
	if err := both.Await(t.Context(), ahead); err != nil {
		t.Error(err)
	}
	if err := k.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("the keeper ended: %v", err)
	}
	equal(t, both, log.listed)
}

// On a disk without room commits fail, all or nothing, with a text that says
// why; they go on by themselves when there is room again. A rebuild that fails
// for want of room leaves the live views as they are, and nothing behind.
func TestFullDisk(t *testing.T) {
	server := postgrestest.NewOnSmallDisk(t)
	pool := open(t, server.DSN("postgres"))
	if err := postgres.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	log := newGrowing(newListed(120, 20))
	store := openStore(t, server.DSN("postgres"), log.id, projections.ViewsOf(allViews()))
	k := keep(t, log, store)
	log.grow(200)
	log.reached(t, store)
	if err := server.Fill(true); err != nil {
		t.Fatal(err)
	}
	for log.grow(400) {
	}
	for k.last() == nil {
		select {
		case <-k.news:
		case <-time.After(time.Minute):
			t.Fatal("nothing was reported")
		}
	}
	if err := k.last(); !strings.Contains(err.Error(), "No space left on device") {
		t.Errorf("reported is: %v", err)
	}
	if err := store.Rebuild(t.Context(), postgres.Build{Log: log, Folds: allViews()}); err == nil {
		t.Error("a rebuild had room")
	}
	if err := server.Fill(false); err != nil {
		t.Fatal(err)
	}
	log.reached(t, store)
	if err := k.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("the keeper ended: %v", err)
	}
	if err := k.last(); err != nil {
		t.Errorf("still reported is: %v", err)
	}
	equal(t, store, log.listed)
	var left int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_namespace WHERE nspname = 'views_new'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d schemas are left, %v", left, err)
	}
}

// Serialization failures are tried again: where every transaction is
// serializable, and several commit and read at once, each commit is made once.
func TestCommitsOutlastSerializationFailures(t *testing.T) {
	dsn := migratedDSN(t, postgrestest.Shared(t)) + " default_transaction_isolation=serializable"
	store := newStore(t, open(t, dsn), identity)
	other := newStore(t, open(t, dsn), identity)
	var all sync.WaitGroup
	const committers, each = 4, 15
	for n := range committers {
		all.Go(func() {
			for done := 0; done < each; {
				s := []*postgres.Store{store, other}[n%2]
				at, err := s.Cut(t.Context())
				if err == nil {
					to := at.Clone()
					to.End[0]++
					row := &locator.Task{ID: domain.TaskID{15: byte(done)}, FrontendID: "f"}
					err = s.Commit(t.Context(), []projections.Change{projections.Put(row)}, at, to)
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
	if at, err := store.Cut(t.Context()); err != nil || at.Events() != committers*each {
		t.Errorf("the cut is %s, %v, want %d commits", at, err, committers*each)
	}
}

// Somebody else's transaction takes the same locks in another order: one of the
// two is ended by the server, and the commit is made.
func TestCommitsOutlastDeadlocks(t *testing.T) {
	pool := migrated(t, postgrestest.Shared(t))
	exec(t, pool, "SET deadlock_timeout = '50ms'")
	store := newStore(t, pool, identity)
	row := &locator.Task{ID: domain.TaskID{1}, FrontendID: "before"}
	at := identity.Start()
	to := at.Clone()
	to.End[0]++
	if err := store.Commit(t.Context(), []projections.Change{projections.Put(row)}, at, to); err != nil {
		t.Fatal(err)
	}
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "UPDATE views.tasks SET collective = true"); err != nil {
		t.Fatal(err)
	}
	made := make(chan error, 1)
	go func() {
		next := to.Clone()
		next.End[0]++
		made <- store.Commit(t.Context(), []projections.Change{projections.Put(&locator.Task{ID: domain.TaskID{1}, FrontendID: "behind"})}, to, next)
	}()
	_, err = tx.Exec(t.Context(), "SELECT FROM views.position FOR UPDATE")
	if err != nil && !strings.Contains(err.Error(), "deadlock") {
		t.Error(err)
	}
	_ = tx.Rollback(t.Context()) // where the server ended it, there is nothing to do
	if err := <-made; err != nil {
		t.Errorf("the commit: %v", err)
	}
	if got, err := store.Task(t.Context(), row.ID); err != nil || got == nil || got.FrontendID != "behind" {
		t.Errorf("the row is %+v, %v", got, err)
	}
}

// Two processes: one that was frozen finds another in its place, and its commit
// refused; one that leaves makes room at once.
func TestTheLeadChangesHands(t *testing.T) {
	server := postgrestest.Shared(t)
	dsn := migratedDSN(t, server)
	mine, other := newStore(t, open(t, dsn), identity), newStore(t, open(t, dsn), identity)
	lead, leave, err := mine.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, open(t, dsn), "UPDATE views.lead SET until = clock_timestamp() - interval '1 second'") // as if it had been frozen
	_, leaveOther, err := other.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-lead.Done():
	case <-time.After(time.Minute):
		t.Error("who lost the lead believes in it")
	}
	at := identity.Start()
	to := at.Clone()
	to.End[1]++
	if err := other.Commit(t.Context(), nil, at, to); err != nil {
		t.Fatal(err)
	}
	if err := mine.Commit(t.Context(), nil, at, to); !errors.Is(err, projections.ErrMoved) {
		t.Errorf("a commit by who lost the lead: %v, want ErrMoved", err)
	}
	leave()
	leaveOther()
	if yes, err := mine.Followed(t.Context()); err != nil || yes {
		t.Errorf("somebody leads: %v, %v", yes, err)
	}
	_, leave, err = mine.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leave()
}
