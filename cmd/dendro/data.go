package main

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"

	"dendro/adapters/bolt"
	"dendro/adapters/crowd"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/policy"
)

// workplace is a data directory with an engine at work on it, in a time of its
// own.
type workplace struct {
	log    *bolt.Log
	engine *commands.Engine
	clock  *domain.ManualClock
	found  domain.Cut // the end of the log before the engine was opened
	known  bool       // there was a log before
}

// plan says how a workplace is set up.
type plan struct {
	dir   string
	owner string           // whom the claims name
	make  *domain.Identity // of a new log
	dice  func(domain.CommandID) uint64
	first policy.Policy // of a new log
}

// openWorkplace opens the log in a directory, or makes one, and an engine on
// it. Its clock begins behind the newest event.
func openWorkplace(ctx context.Context, p plan) (w *workplace, err error) {
	w = &workplace{clock: domain.NewManualClock(crowd.Epoch)}
	opt := bolt.Options{Clock: w.clock, Owner: p.owner}
	if _, err := os.Stat(bolt.Path(p.dir)); errors.Is(err, fs.ErrNotExist) {
		opt.Create = p.make
	} else {
		w.known = true
	}
	if w.log, err = bolt.Open(ctx, p.dir, opt); err != nil {
		return nil, err
	}
	if err = w.start(ctx, p); err != nil {
		return nil, errors.Join(err, w.log.Close())
	}
	return w, nil
}

func (w *workplace) start(ctx context.Context, p plan) (err error) {
	if w.found, err = w.log.End(ctx); err != nil {
		return err
	}
	for r, err := range newest(ctx, w.log, w.found, 1) {
		if err != nil {
			return err
		}
		w.clock.Set(r.Time)
	}
	w.engine, err = commands.Open(ctx, w.log, commands.Options{
		Clock: w.clock, Dice: p.dice, Policy: &p.first, Checkpoints: bolt.Checkpoints(p.dir),
	})
	return err
}

// close closes the engine, then the log.
func (w *workplace) close() error { return errors.Join(w.engine.Close(), w.log.Close()) }

// newest gives the last n events of each partition up to the cut.
func newest(ctx context.Context, log domain.Log, to domain.Cut, n domain.Seq) iter.Seq2[domain.Recorded, error] {
	from := log.Identity().Start()
	for p, end := range to.End {
		if end > n {
			from.End[p] = end - n
		}
	}
	return log.Read(ctx, from, to)
}
