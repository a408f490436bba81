package moderation

import (
	"dendro/domain"
	"dendro/domain/pool"
	"dendro/domain/tree"
	"dendro/projections"
)

var _ projections.Projection = (*Fold)(nil)

// Fold gives the rows of flags, of reports and of the audit trail. Make it with
// New.
type Fold struct {
	flags     map[domain.MessageID]*Flag
	authors   map[domain.MessageID]domain.ContributorID
	languages map[domain.StreamID]string
}

// New gives the fold before the first event.
func New() *Fold {
	return &Fold{
		flags: map[domain.MessageID]*Flag{}, authors: map[domain.MessageID]domain.ContributorID{}, languages: map[domain.StreamID]string{},
	}
}

// Name implements projections.Projection.
func (*Fold) Name() string { return "moderation" }

// Revision implements projections.Projection.
func (*Fold) Revision() int { return 3 }

// Apply implements projections.Projection.
func (f *Fold) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	changes = entries(r, changes)
	switch e := r.Payload.(type) {
	case tree.Opened:
		f.languages[r.Stream] = e.Language
	case tree.MessagePosted:
		f.authors[e.Message] = e.Contributor
	case tree.Imported:
		f.languages[r.Stream] = e.Language
		for i := range e.Messages {
			f.authors[e.Messages[i].Message] = e.Messages[i].Contributor
		}
	case tree.MessageReported:
		return f.reported(r, e, changes)
	case tree.ReportResolved:
		return f.resolved(e.Message, changes)
	}
	return changes
}

// entries puts the event into the trails that it belongs to.
func entries(r *domain.Recorded, changes []projections.Change) []projections.Change {
	switch r.Stream.Kind() {
	case domain.KindPartition:
		return changes
	case domain.KindPool:
		switch r.Payload.(type) {
		case pool.Opened, pool.Configured:
			return append(changes, projections.Put(&Entry{OfStream(r.Stream), r.Position, r.Time}))
		}
		return changes
	}
	changes = append(changes, projections.Put(&Entry{OfStream(r.Stream), r.Position, r.Time}))
	if r.Actor.Kind == domain.ActorModerator {
		changes = append(changes, projections.Put(&Entry{OfModerator(r.Actor.ID), r.Position, r.Time}))
	}
	return changes
}

func (f *Fold) reported(r *domain.Recorded, e tree.MessageReported, changes []projections.Change) []projections.Change {
	var next Flag
	if known := f.flags[e.Message]; known != nil {
		next = *known
	} else {
		in, _ := r.Stream.Tree()
		next = Flag{Message: e.Message, Tree: in, Author: f.authors[e.Message], Language: f.languages[r.Stream], Created: r.Time}
	}
	next.Reported, next.Processed = r.Time, false
	next.Reports++
	report := &Report{Message: e.Message, Number: next.Reports, By: e.Contributor, At: r.Time, Reason: e.Reason}
	return f.put(&next, append(changes, projections.Put(report)))
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
