package projections

import (
	"context"
	"errors"
	"time"

	"dendro/domain"
)

// Keeper keeps a store that several processes share up with a log: one of them
// commits, the others stand by with folds that are warm. Whatever fails in
// passing is tried again, as long as the process lives.
type Keeper struct {
	Log   domain.Log
	Store Store
	Folds func() []Projection // new ones

	// Lead waits until this process may commit. The context that it gives ends
	// when that is over, or when leave is called.
	Lead func(ctx context.Context) (lead context.Context, leave func(), err error)
	// Report is told what failed, and with nil that it goes on again. It is
	// called by one goroutine at a time.
	Report func(error)
}

// How long a keeper waits before it tries again: twice as long each time that
// nothing was committed meanwhile.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// Run follows the log until ctx ends, or until there is nothing to hope for:
// the log is broken (ErrBroken), the store is that of another log
// (domain.ErrForeignCut) or of other rules (ErrRevised).
func (k *Keeper) Run(ctx context.Context) error {
	pause := firstPause
	for {
		runner := NewRunner(k.Log, &reporting{Store: k.Store, tell: func() {
			pause = firstPause
			k.Report(nil)
		}}, k.Folds()...)
		err := k.serve(ctx, runner)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrBroken), errors.Is(err, domain.ErrForeignCut), errors.Is(err, ErrRevised):
			return err
		}
		k.Report(err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, longestPause)
	}
}

// serve stands by until the runner may commit, and then lets it.
func (k *Keeper) serve(ctx context.Context, runner *Runner) error {
	waiting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	standing, sit := context.WithCancel(ctx)
	defer sit()
	stood := make(chan error, 1)
	go func() {
		err := runner.Stand(standing)
		if standing.Err() == nil {
			giveUp() // what cannot stand by should not lead
		}
		stood <- err
	}()
	lead, leave, err := k.Lead(waiting)
	if err == nil {
		defer leave()
	}
	sit()
	if why := <-stood; !errors.Is(why, context.Canceled) {
		return why
	}
	if err != nil {
		return err
	}
	return runner.Run(lead)
}

// reporting tells of the first commit that is made.
type reporting struct {
	Store
	tell func()
	told bool
}

// Commit implements Store.
func (r *reporting) Commit(ctx context.Context, changes []Change, from, to domain.Cut) error {
	err := r.Store.Commit(ctx, changes, from, to)
	if err == nil && !r.told {
		r.told = true
		r.tell()
	}
	return err
}
