package main

import (
	"sync"

	"dendro/domain"
	"dendro/projections"
)

// owners folds the claims of a log: who had the last word in each partition.
// In a cluster an owner's name is the address that other nodes reach it at.
type owners struct {
	mu  sync.RWMutex
	who map[domain.Partition]string
}

var _ projections.Projection = (*owners)(nil)

func newOwners() *owners { return &owners{who: map[domain.Partition]string{}} }

// Name implements projections.Projection.
func (o *owners) Name() string { return "owners" }

// Revision implements projections.Projection.
func (o *owners) Revision() int { return 1 }

// Apply implements projections.Projection. It changes no rows.
func (o *owners) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	if c, ok := r.Payload.(domain.Claimed); ok {
		o.mu.Lock()
		o.who[r.Position.Partition] = c.Owner
		o.mu.Unlock()
	}
	return changes
}

// Owner gives the address of the partition's newest owner; false before there
// ever was one.
func (o *owners) Owner(p domain.Partition) (string, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	who, ok := o.who[p]
	return who, ok
}
