package projections_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dendro/domain"
	"dendro/projections"
)

// token lets one of several lead, until it is taken away.
type token struct {
	free chan struct{}
	mu   sync.Mutex
	take context.CancelFunc // from who leads now
}

func newToken() *token {
	t := &token{free: make(chan struct{}, 1), take: func() {}}
	t.free <- struct{}{}
	return t
}

func (t *token) Lead(ctx context.Context) (context.Context, func(), error) {
	select {
	case <-t.free:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	lead, stop := context.WithCancel(ctx)
	t.mu.Lock()
	t.take = stop
	t.mu.Unlock()
	return lead, func() {
		stop()
		t.free <- struct{}{}
	}, nil
}

func (t *token) takeAway() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.take()
}

// told is what a keeper reported last.
type told struct {
	mu  sync.Mutex
	all []error
}

func (r *told) report(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, err)
}

func (r *told) last() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[len(r.all)-1]
}

func keeping(log domain.Log, s projections.Store, lead *token, report func(error)) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	answer := make(chan error, 1)
	k := projections.Keeper{
		Log: log, Store: s, Lead: lead.Lead, Report: report,
		Folds: func() []projections.Projection { return []projections.Projection{counter{}} },
	}
	go func() { answer <- k.Run(ctx) }()
	return func() error {
		cancel()
		return <-answer
	}
}

// faulty is a store whose cut cannot always be asked for.
type faulty struct {
	projections.Store
	mu  sync.Mutex
	why error
}

func (f *faulty) Cut(ctx context.Context) (domain.Cut, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.why != nil {
		return domain.Cut{}, f.why
	}
	return f.Store.Cut(ctx)
}

func (f *faulty) set(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.why = why
}

// However often the lead changes hands, and whatever fails in between, each
// event is committed once.
func TestKeepersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newWriting(2)
		fails := 0
		s := &recorder{cut: log.Identity().Start(), before: func(context.Context) error {
			if fails++; fails%3 == 0 {
				return errBroken
			}
			return nil
		}}
		lead := newToken()
		var stops []func() error
		for range 3 {
			stops = append(stops, keeping(log, s, lead, func(error) {}))
		}
		for n := range 40 {
			log.add(domain.Partition(n%2), 10)
			time.Sleep(time.Duration(n%4) * 700 * time.Millisecond) // the bubble's time
			if n%5 == 0 {
				lead.takeAway()
			}
		}
		time.Sleep(time.Minute)
		if err := holdsAll(log, s); err != nil {
			t.Error(err)
		}
		for _, stop := range stops {
			if err := stop(); !errors.Is(err, context.Canceled) {
				t.Errorf("Run answers %v", err)
			}
		}
	})
}

// A store that went back is followed from where it is.
func TestKeeperFollowsAStoreThatWentBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newWriting(1)
		log.add(0, 20)
		s := &recorder{cut: log.Identity().Start()}
		stop := keeping(log, s, newToken(), func(error) {})
		time.Sleep(time.Minute)
		s.mu.Lock()
		s.cut.End[0], s.rows = 8, s.rows[:7]
		s.mu.Unlock()
		log.add(0, 1)
		time.Sleep(time.Minute)
		if err := holdsAll(log, s); err != nil {
			t.Error(err)
		}
		_ = stop()
	})
}

// What fails in passing is reported until it is over; what is there to stay
// ends the keeper.
func TestKeeperReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newWriting(1)
		log.add(0, 3)
		var fault error = errBroken
		var mu sync.Mutex
		s := &recorder{cut: log.Identity().Start(), before: func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			return fault
		}}
		var r told
		stop := keeping(log, s, newToken(), r.report)
		set := func(err error) {
			mu.Lock()
			fault = err
			mu.Unlock()
			log.add(0, 1)
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Minute)
		if !errors.Is(r.last(), errBroken) {
			t.Errorf("reported is %v", r.last())
		}
		if slices.Contains(r.all, nil) {
			t.Error("it goes on, though nothing was committed")
		}
		set(nil)
		if r.last() != nil {
			t.Errorf("reported is %v behind a commit", r.last())
		}
		set(projections.ErrRevised)
		if err := stop(); !errors.Is(err, projections.ErrRevised) {
			t.Errorf("Run answers %v, want ErrRevised", err)
		}
	})
}

// Who stands by, and who has nothing to commit, is out of trouble when the store
// answers again.
func TestKeeperIsOutOfTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newWriting(1)
		log.add(0, 3)
		s := &recorder{cut: log.Identity().Start()}
		lead := newToken()
		var reports [2]told
		var stores [2]*faulty
		for i := range stores {
			stores[i] = &faulty{Store: s}
			stop := keeping(log, stores[i], lead, reports[i].report)
			defer func() { _ = stop() }()
			time.Sleep(time.Minute)
		}
		for _, quiet := range []bool{true, false} {
			for i := range stores {
				stores[i].set(errBroken)
			}
			time.Sleep(time.Minute)
			lead.takeAway() // who leads need not ask for the cut
			time.Sleep(time.Minute)
			for i := range reports {
				if !errors.Is(reports[i].last(), errBroken) {
					t.Errorf("keeper %d in trouble reports %v", i, reports[i].last())
				}
				stores[i].set(nil)
			}
			for range 60 {
				if !quiet {
					log.add(0, 1)
				}
				time.Sleep(time.Second)
			}
			for i := range reports {
				if err := reports[i].last(); err != nil {
					t.Errorf("keeper %d reports %v, quiet is %t", i, err, quiet)
				}
			}
		}
	})
}
