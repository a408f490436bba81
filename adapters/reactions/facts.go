package reactions

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
)

var _ Facts = (*LogFacts)(nil)

// LogFacts folds Facts from a log, with the aggregates' own folds. Make it with
// NewLogFacts, and let Run follow the log.
type LogFacts struct {
	log domain.Log

	mu           sync.RWMutex
	cut          domain.Cut
	grown        chan struct{} // closed and replaced when somebody waits and the cut grows
	awaited      bool
	failed       error
	contributors map[domain.ContributorID]standing
	campaign     campaign.State
	configured   domain.EventID
	pools        map[domain.PoolID]int
}

type standing struct {
	state  contributor.State
	newest domain.EventID
}

// NewLogFacts makes facts that know nothing yet.
func NewLogFacts(log domain.Log) *LogFacts {
	return &LogFacts{
		log: log, cut: log.Identity().Start(), grown: make(chan struct{}),
		contributors: map[domain.ContributorID]standing{}, pools: map[domain.PoolID]int{},
	}
}

// Run follows the log until ctx ends, and gives why it stopped before that.
func (f *LogFacts) Run(ctx context.Context) error {
	for r, err := range f.log.Follow(ctx, f.log.Identity().Start()) {
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			err = fmt.Errorf("the facts of reactions cannot follow the log: %w", err)
			f.mu.Lock()
			f.failed = err
			f.wake()
			f.mu.Unlock()
			return err
		}
		f.learn(&r)
	}
	return nil
}

func (f *LogFacts) wake() {
	if f.awaited {
		close(f.grown)
		f.grown, f.awaited = make(chan struct{}), false
	}
}

func (f *LogFacts) learn(r *domain.Recorded) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut.End[r.Position.Partition] = r.Position.Seq + 1
	f.wake()
	switch e := r.Payload.(type) {
	case campaign.Configured:
		f.campaign = campaign.Evolve(f.campaign, e, r.Time)
		f.configured = r.ID
	case pool.Opened:
		f.pools[domain.PoolID{Language: e.Language, Bucket: e.Bucket}] = e.Revision
	case pool.Configured:
		if id, ok := r.Stream.Pool(); ok {
			f.pools[id] = e.Revision
		}
	default:
		if id, ok := r.Stream.Contributor(); ok {
			f.contributors[id] = standing{contributor.Evolve(f.contributors[id].state, e, r.Time), r.ID}
		}
	}
}

// Reach implements Facts.
func (f *LogFacts) Reach(ctx context.Context, at domain.Position) error {
	for {
		f.mu.Lock()
		grown, there, failed := f.grown, f.cut.Holds(at), f.failed
		f.awaited = f.awaited || !there
		f.mu.Unlock()
		if there || failed != nil {
			return failed
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Standing implements Facts.
func (f *LogFacts) Standing(who domain.ContributorID) (contributor.State, domain.EventID) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	s := f.contributors[who]
	return s.state, s.newest
}

// Policy implements Facts.
func (f *LogFacts) Policy() (campaign.State, domain.EventID) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.campaign, f.configured
}

// Pools implements Facts.
func (f *LogFacts) Pools() map[domain.PoolID]int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return maps.Clone(f.pools)
}
