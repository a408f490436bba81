package moderation

import (
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
)

var _ projections.Projection = (*Fold)(nil)

// Fold gives the rows of flags and of the audit trail. Make it with New.
type Fold struct {
	flags map[domain.MessageID]*Flag
}

// New gives the fold before the first event.
func New() *Fold { return &Fold{flags: map[domain.MessageID]*Flag{}} }

// Name implements projections.Projection.
func (*Fold) Name() string { return "moderation" }

// Revision implements projections.Projection.
func (*Fold) Revision() int { return 1 }

// Apply implements projections.Projection.
func (f *Fold) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	changes = entries(r, changes)
	switch e := r.Payload.(type) {
	case tree.MessageReported:
		return f.reported(r, e.Message, changes)
	case tree.ReportResolved:
		return f.resolved(e.Message, changes)
	}
	return changes
}

// entries puts the event into the trails that it belongs to.
func entries(r *domain.Recorded, changes []projections.Change) []projections.Change {
	switch r.Stream.Kind() {
	case domain.KindPool, domain.KindPartition:
		return changes
	}
	changes = append(changes, projections.Put(&Entry{OfStream(r.Stream), r.Position, r.Time}))
	if r.Actor.Kind == domain.ActorModerator {
		changes = append(changes, projections.Put(&Entry{OfModerator(r.Actor.ID), r.Position, r.Time}))
	}
	return changes
}

func (f *Fold) reported(r *domain.Recorded, id domain.MessageID, changes []projections.Change) []projections.Change {
	var next Flag
	if known := f.flags[id]; known != nil {
		next = *known
	} else {
		in, _ := r.Stream.Tree()
		next = Flag{Message: id, Tree: in, Created: r.Time}
	}
	next.Reported, next.Processed = r.Time, false
	next.Reports++
	return f.put(&next, changes)
}

func (f *Fold) resolved(id domain.MessageID, changes []projections.Change) []projections.Change {
	known := f.flags[id]
	if known == nil || known.Processed {
		return changes
	}
	next := *known
	next.Processed = true
	return f.put(&next, changes)
}

func (f *Fold) put(flag *Flag, changes []projections.Change) []projections.Change {
	f.flags[flag.Message] = flag
	return append(changes, projections.Put(flag))
}
