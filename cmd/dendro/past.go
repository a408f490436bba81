package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"dendro/adapters/dataset"
	"dendro/adapters/httpapi"
	"dendro/adapters/memory"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/projections"
)

// How much of the past is kept at hand: a moment takes as much memory as the
// views of a server on its own.
const (
	keptMoments  = 2
	foldsWaiting = 8 // moments that are folded or wait for it, one at a time
)

// past folds moments of a log when they are asked for, one at a time, and keeps
// the newest few.
type past struct {
	log domain.Log

	mu    sync.Mutex
	kept  []*httpapi.Moment   // newest use first
	folds map[string]*folding // by cut
	turn  chan struct{}       // one folds
}

var _ httpapi.Past = (*past)(nil)

func newPast(log domain.Log) *past {
	return &past{log: log, folds: map[string]*folding{}, turn: make(chan struct{}, 1)}
}

// folding is a moment on its way, for all who wait for it.
type folding struct {
	name    string // the cut
	waiting int    // when nobody waits any more, it ends
	cancel  context.CancelFunc
	done    chan struct{}
	moment  *httpapi.Moment
	err     error
}

// Resolve implements httpapi.Past.
func (p *past) Resolve(ctx context.Context, t time.Time) (domain.Cut, error) {
	cut, err := dataset.ResolveAt(ctx, p.log, t)
	if errors.Is(err, dataset.ErrNotReached) {
		err = domain.Refuse(domain.Invalid, "%s", err)
	}
	return cut, err
}

// At implements httpapi.Past.
func (p *past) At(ctx context.Context, cut domain.Cut) (*httpapi.Moment, error) {
	m, f, err := p.find(cut)
	if m != nil || err != nil {
		return m, err
	}
	defer p.leave(f)
	select {
	case <-f.done:
		return f.moment, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find gives the moment, or joins or begins its folding.
func (p *past) find(cut domain.Cut) (*httpapi.Moment, *folding, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.IndexFunc(p.kept, func(m *httpapi.Moment) bool { return m.Cut.Equal(cut) }); i >= 0 {
		m := p.kept[i]
		p.keep(m)
		return m, nil, nil
	}
	name := cut.String()
	f := p.folds[name]
	if f == nil {
		if len(p.folds) >= foldsWaiting {
			return nil, nil, domain.ErrOverloaded
		}
		ctx, cancel := context.WithCancel(context.Background())
		f = &folding{name: name, cancel: cancel, done: make(chan struct{})}
		p.folds[name] = f
		go p.fold(ctx, cut.Clone(), f)
	}
	f.waiting++
	return nil, f, nil
}

// keep puts a moment in front of those that are kept.
func (p *past) keep(m *httpapi.Moment) {
	p.kept = slices.DeleteFunc(p.kept, func(o *httpapi.Moment) bool { return o == m })
	p.kept = slices.Insert(p.kept, 0, m)
	if len(p.kept) > keptMoments {
		clear(p.kept[keptMoments:])
		p.kept = p.kept[:keptMoments]
	}
}

func (p *past) leave(f *folding) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
		p.forget(f) // whoever comes now must not wait for one that is given up
	}
}

// forget takes a folding away, and reports whether it was still there.
func (p *past) forget(f *folding) bool {
	if p.folds[f.name] != f {
		return false
	}
	delete(p.folds, f.name)
	return true
}

func (p *past) fold(ctx context.Context, cut domain.Cut, f *folding) {
	defer close(f.done)
	select {
	case p.turn <- struct{}{}:
		f.moment, f.err = momentAt(ctx, p.log, cut, nil)
		<-p.turn
	case <-ctx.Done():
		f.err = ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forget(f) && f.err == nil {
		p.keep(f.moment)
	}
}

// momentAt folds the log up to a cut, and tells progress, unless that is nil, how
// far it is.
func momentAt(ctx context.Context, log domain.Log, cut domain.Cut, progress func(done, total int64)) (*httpapi.Moment, error) {
	store, folds := memory.NewStore(log.Identity()), allViews()
	m := &httpapi.Moment{Cut: cut, Views: store}
	at := log.Identity().Start()
	to := at.Clone()
	var changes []projections.Change
	commit := func() error {
		err := store.Commit(ctx, changes, at, to)
		at, changes = to.Clone(), changes[:0]
		return err
	}
	var event domain.Recorded
	for e, err := range log.Read(ctx, at.Clone(), cut) {
		if err != nil {
			return nil, err
		}
		event = e // one place for all of them: Apply lets it escape
		for _, f := range folds {
			changes = f.Apply(&event, changes)
		}
		to.End[e.Position.Partition] = e.Position.Seq + 1
		if e.Time.After(m.Newest) {
			m.Newest = e.Time
		}
		if c, is := e.Payload.(campaign.Configured); is {
			m.Policy, m.Revision = c.Policy, c.Revision
		}
		if len(changes) >= projections.MaxBatch {
			if err := commit(); err != nil {
				return nil, err
			}
			if progress != nil {
				progress(int64(to.Events()), int64(cut.Events()))
			}
		}
	}
	return m, commit()
}
