package main

import (
	"context"
	"errors"
	"flag"
	"sync"
	"testing"
	"time"

	"dendro/adapters/crowd"
	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/projections"
)

// campaignTasks is the size of the campaign that live views are held to.
// deploy/test.sh runs it at 100,000 too, without the race detector.
var campaignTasks = flag.Int("campaign.tasks", 6000, "tasks of the simulated campaign of TestLiveViewsEqualRebuiltOnes")

// upheaval is a campaign whose views two processes keep, which end and begin
// again like the database, at moments that dice name.
type upheaval struct {
	*testing.T
	dice    *domain.Dice
	work    *workplace
	server  *postgrestest.Server
	dsn     string
	keepers []*viewKeeper
	looking *postgres.Store

	ended, crashed, rebuilt int
}

// viewKeeper is what a node does for the views, with connections of its own.
type viewKeeper struct{ stop func() }

func newUpheaval(t *testing.T) *upheaval {
	id := crowd.Identity(9, 4)
	work, err := openWorkplace(t.Context(), plan{dir: t.TempDir(), owner: "test", make: &id, dice: crowd.Dice(9), first: crowd.Policy(200)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := work.close(); err != nil {
			t.Error(err)
		}
	})
	u := &upheaval{T: t, dice: domain.NewDice(9), work: work, server: postgrestest.New(t)}
	u.dsn = u.server.DSN("postgres")
	pool, err := postgres.Open(t.Context(), u.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := postgres.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		u.keepers = append(u.keepers, &viewKeeper{})
	}
	var closeIt func()
	u.looking, closeIt = u.open()
	t.Cleanup(closeIt)
	return u
}

// open opens the views as one more process.
func (u *upheaval) open() (*postgres.Store, func()) {
	pool, err := postgres.Open(u.Context(), u.dsn)
	if err != nil {
		u.Fatal(err)
	}
	store, err := postgres.NewStore(u.Context(), pool, u.work.log.Identity(), projections.ViewsOf(allViews())...)
	if err != nil {
		u.Fatal(err)
	}
	return store, pool.Close
}

// begin lets a keeper keep the views until it is stopped.
func (u *upheaval) begin(k *viewKeeper) {
	store, closeIt := u.open()
	ctx, cancel := context.WithCancel(u.Context())
	keeper := projections.Keeper{Log: u.work.log, Store: store, Folds: allViews, Lead: store.Lead, Report: func(error) {}}
	ended := make(chan error, 1)
	go func() { ended <- keeper.Run(ctx) }()
	k.stop = func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			u.Errorf("a keeper ended: %v", err)
		}
		closeIt()
	}
}

// strike ends a keeper and begins it again, crashes the database, or builds a
// view anew.
func (u *upheaval) strike() {
	switch u.dice.Below(5) {
	case 0, 1, 2:
		k := u.keepers[u.dice.Below(len(u.keepers))]
		k.stop()
		u.begin(k)
		u.ended++
	case 3:
		u.server.Kill()
		if err := u.server.Restart(); err != nil {
			u.Fatal(err)
		}
		u.crashed++
	case 4:
		folds := allViews()
		i := u.dice.Below(len(folds))
		if err := u.looking.Rebuild(u.Context(), postgres.Build{Log: u.work.log, Folds: folds[i : i+1]}); err != nil {
			u.Error(err)
		}
		u.rebuilt++
	}
}

// reach waits until the views have so many events.
func (u *upheaval) reach(events uint64) (now uint64) {
	for u.Context().Err() == nil {
		at, err := u.looking.Cut(u.Context())
		if err != nil {
			u.Fatal(err)
		}
		if at.Events() >= events {
			return at.Events()
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0
}

// grows waits until the log has so many events; false when it will not.
func (u *upheaval) grows(events uint64, done <-chan struct{}) bool {
	for over := false; ; {
		end, err := u.work.log.End(u.Context())
		if err != nil {
			u.Fatal(err)
		}
		if end.Events() >= events {
			u.reach(events)
			return true
		}
		if over {
			return false
		}
		select {
		case <-done:
			over = true
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// strikes is about how often something happens to who keeps the views.
const strikes = 24

// Behind a campaign in which the runner, and Postgres, were ended and begun
// again at random moments, and views built anew, each view is what a fresh fold
// of the log makes of it.
func TestLiveViewsEqualRebuiltOnes(t *testing.T) {
	u := newUpheaval(t)
	for _, k := range u.keepers {
		u.begin(k)
	}
	var crowding sync.WaitGroup
	crowding.Go(func() {
		_, err := crowd.Run(t.Context(), u.work.engine, crowd.Options{
			Seed: 9, Contributors: 200, Tasks: *campaignTasks, Clock: u.work.clock, Start: u.work.found.Events(),
		})
		if err != nil {
			t.Error(err)
		}
	})
	apart := 2 * *campaignTasks * 4 / strikes // there are some four events to a task
	done := make(chan struct{})
	go func() { crowding.Wait(); close(done) }()
	for at := uint64(0); u.grows(at+uint64(1+u.dice.Below(apart)), done); at = u.reach(0) {
		u.strike()
	}
	end, err := u.work.log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u.reach(end.Events())
	at2, all, err := u.looking.Verify(t.Context(), postgres.Build{Log: u.work.log, Folds: allViews()})
	if err != nil || !at2.Equal(end) {
		t.Fatalf("compared at %s, %v; the log ends at %s", at2, err, end)
	}
	for _, c := range all {
		if c.Missing+c.Surplus > 0 || c.Rows == 0 && c.Table != "views.revisions" {
			t.Errorf("%s: of %d rows %d are missing, %d are too many: %s", c.Table, c.Rows, c.Missing, c.Surplus, c.Example)
		}
	}
	for _, k := range u.keepers {
		k.stop()
	}
	t.Logf("%d tasks, %d events; a runner ended %d times, Postgres crashed %d times, a view was built anew %d times", *campaignTasks, end.Events(), u.ended, u.crashed, u.rebuilt)
}
