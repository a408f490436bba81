package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/projections"
	"dendro/projections/conversations"
)

// A standby that takes over has all that was acknowledged; who commits and asks
// goes on with it by itself.
func TestFailover(t *testing.T) {
	first := postgrestest.New(t)
	if err := postgres.Migrate(t.Context(), open(t, first.DSN("postgres"))); err != nil {
		t.Fatal(err)
	}
	second := first.Standby(t)
	if err := first.Synchronous(); err != nil {
		t.Fatal(err)
	}
	log := newGrowing(newListed(40, 10))
	store := openStore(t, postgrestest.Either(first, second, "postgres"), log.id, projections.ViewsOf(allViews()))
	k := keep(t, log, store)
	asking, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { askOn(asking, t, store) })
	}
	for range 10 {
		log.grow(40)
	}
	log.reached(t, store)
	acknowledged, err := store.Cut(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first.Kill()
	log.grow(40)
	if err := second.Promote(); err != nil {
		t.Fatal(err)
	}
	if at, err := store.Cut(t.Context()); err != nil || !acknowledged.Within(at) {
		t.Errorf("the standby is at %s, %v, acknowledged was %s", at, err, acknowledged)
	}
	for log.grow(200) {
	}
	log.reached(t, store)
	stop()
	all.Wait()
	k.end(t)
	equal(t, store, log.listed)
}

// askOn asks until the context ends; every question is answered.
func askOn(ctx context.Context, t *testing.T, store *postgres.Store) {
	for ctx.Err() == nil {
		if _, err := store.Messages(ctx, conversations.Query{Desc: true, Max: 20}); err != nil && ctx.Err() == nil {
			t.Errorf("Messages: %v", err)
			return
		}
		if _, err := store.Counts(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("Counts: %v", err)
			return
		}
	}
}

// A standby that lags takes over, and what it did not have is gone. The views
// are where it was: who waits for more waits until that is there again, who
// commits from further on is told, and a keeper goes on from there.
func TestLossyFailover(t *testing.T) {
	first := postgrestest.New(t)
	quiet := databaseOf(t, migratedDSN(t, first)) // where no keeper is at work
	if err := postgres.Migrate(t.Context(), open(t, first.DSN("postgres"))); err != nil {
		t.Fatal(err)
	}
	log := newGrowing(newListed(40, 10))
	alone := openStore(t, first.DSN("postgres"), log.id, projections.ViewsOf(allViews()))
	k := keep(t, log, alone)
	log.grow(300)
	log.reached(t, alone)
	before, _ := log.now()
	if err := newStore(t, open(t, first.DSN(quiet)), log.id).Commit(t.Context(), nil, log.id.Start(), before); err != nil {
		t.Fatal(err)
	}
	second := first.Standby(t)
	second.Kill() // so it hears of nothing that comes now
	k.end(t)

	both := openStore(t, postgrestest.Either(first, second, "postgres"), log.id, projections.ViewsOf(allViews()))
	still := newStore(t, open(t, postgrestest.Either(first, second, quiet)), log.id)
	k = keep(t, log, both)
	log.grow(300)
	log.reached(t, both)
	ahead, _ := log.now()
	if err := still.Commit(t.Context(), nil, before, ahead); err != nil {
		t.Fatal(err)
	}
	first.Kill()
	if err := second.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := second.Promote(); err != nil {
		t.Fatal(err)
	}
	wentBack(t, still, before, ahead)
	for log.grow(300) {
	}
	log.reached(t, both)
	k.end(t)
	equal(t, both, log.listed)
}

// wentBack asks a store that is back at a cut, and was further ahead.
func wentBack(t *testing.T, store *postgres.Store, back, ahead domain.Cut) {
	t.Helper()
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := store.Await(short, ahead); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Await what is gone: %v, want no answer", err)
	}
	if err := store.Await(t.Context(), back); err != nil {
		t.Errorf("Await what is there: %v", err)
	}
	next := ahead.Clone()
	next.End[0]++
	if err := store.Commit(t.Context(), nil, ahead, next); !errors.Is(err, projections.ErrMoved) {
		t.Errorf("a commit from what is gone: %v, want ErrMoved", err)
	}
	if at, err := store.Cut(t.Context()); err != nil || !at.Equal(back) {
		t.Errorf("the store is at %s, %v, want %s", at, err, back)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- store.Await(t.Context(), ahead) }()
	if err := store.Commit(t.Context(), nil, back, ahead); err != nil {
		t.Errorf("a commit from what is there: %v", err)
	}
	if err := <-waiting; err != nil {
		t.Errorf("Await what is there again: %v", err)
	}
}

// A cut that was seen before proves nothing, though nobody has noticed yet that
// the store went back.
func TestAwaitAsksAnew(t *testing.T) {
	dsn := migratedDSN(t, postgrestest.Shared(t))
	store := newStore(t, open(t, dsn), identity)
	at := identity.Start()
	ahead := at.Clone()
	ahead.End[0]++
	if err := store.Commit(t.Context(), nil, at, ahead); err != nil {
		t.Fatal(err)
	}
	if err := store.Await(t.Context(), ahead); err != nil {
		t.Error(err)
	}
	exec(t, open(t, dsn), "UPDATE views.position SET cut = '"+at.String()+"'")
	wentBack(t, store, at, ahead)
}
