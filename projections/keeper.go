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

// errDeposed says that the lead was lost: it is another's, or could not be kept.
var errDeposed = errors.New("the lead of those who commit was lost")

// Run follows the log until ctx ends, or until there is nothing to hope for:
// the log is broken (ErrBroken), the store is that of another log
// (domain.ErrForeignCut) or of other rules (ErrRevised).
func (k *Keeper) Run(ctx context.Context) error {
	pause := firstPause
	store := &reporting{Store: k.Store, log: k.Log, report: k.Report, committed: func() { pause = firstPause }}
	for {
		err := k.serve(ctx, NewRunner(k.Log, store, k.Folds()...))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrBroken), errors.Is(err, domain.ErrForeignCut), errors.Is(err, ErrRevised):
			return err
		}
		store.failed(err)
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
	err = runner.Run(lead)
	if lead.Err() != nil && errors.Is(err, context.Canceled) {
		return errDeposed
	}
	return err
}

// reporting tells when what failed goes on again: when something is committed,
// here or by another process, or when there is nothing to commit.
type reporting struct {
	Store
	log       domain.Log
	report    func(error)
	committed func()

	trouble bool
	at      domain.Cut // where the store was seen in trouble; none before
}

func (r *reporting) failed(err error) {
	r.trouble, r.at = true, domain.Cut{}
	r.report(err)
}

func (r *reporting) over() {
	if r.trouble {
		r.trouble = false
		r.report(nil)
	}
}

// Commit implements Store.
func (r *reporting) Commit(ctx context.Context, changes []Change, from, to domain.Cut) error {
	err := r.Store.Commit(ctx, changes, from, to)
	if err == nil {
		r.committed()
		r.over()
	}
	return err
}

// Cut implements Store.
func (r *reporting) Cut(ctx context.Context) (domain.Cut, error) {
	at, err := r.Store.Cut(ctx)
	if err != nil || !r.trouble {
		return at, err
	}
	moved := r.at.Log == at.Log && !r.at.Equal(at)
	r.at = at
	if end, err := r.log.End(ctx); moved || err == nil && end.Within(at) {
		r.over()
	}
	return at, nil
}
