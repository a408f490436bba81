package locator

import (
	"time"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
)

var _ projections.Projection = (*Fold)(nil)

// Fold gives the rows of tasks. Make it with New.
type Fold struct {
	tasks   map[domain.TaskID]*Task
	expires []queue // per partition
}

// New gives the fold before the first event.
func New() *Fold { return &Fold{tasks: map[domain.TaskID]*Task{}} }

// Name implements projections.Projection.
func (*Fold) Name() string { return "locator" }

// Revision implements projections.Projection.
func (*Fold) Revision() int { return 1 }

// Apply implements projections.Projection.
func (f *Fold) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	changes = f.forget(r.Position.Partition, r.Time, changes)
	switch e := r.Payload.(type) {
	case tree.TaskAssigned:
		return f.assigned(r, e, changes)
	case tree.TaskAcknowledged:
		return f.acknowledged(e, changes)
	case tree.TaskDeclined:
		return f.over(e.Task, changes)
	case tree.TaskClosed:
		return f.over(e.Task, changes)
	case tree.MessagePosted:
		return f.submitted(e.Task, changes)
	case tree.LabelsSubmitted:
		return f.submitted(e.Task, changes)
	case tree.RankingSubmitted:
		return f.submitted(e.Task, changes)
	}
	return changes
}

func (f *Fold) assigned(r *domain.Recorded, e tree.TaskAssigned, changes []projections.Change) []projections.Change {
	in, ok := r.Stream.Tree()
	if !ok {
		return changes
	}
	t := &Task{
		ID: e.Task, Tree: in, Kind: e.Kind, Message: e.Message, Client: e.Client,
		Contributor: e.Contributor, Collective: e.Collective, Expires: e.Expires,
	}
	f.tasks[t.ID] = t
	f.queue(r.Position.Partition).push(expiry{t.Expires, r.Position.Seq, t.ID})
	return append(changes, projections.Put(t))
}

func (f *Fold) acknowledged(e tree.TaskAcknowledged, changes []projections.Change) []projections.Change {
	t := f.tasks[e.Task]
	if t == nil || t.FrontendID == e.FrontendID {
		return changes
	}
	bound := *t
	bound.FrontendID = e.FrontendID
	return f.replace(&bound, changes)
}

// submitted ends a task of one contributor; one of a group stays open.
func (f *Fold) submitted(id domain.TaskID, changes []projections.Change) []projections.Change {
	if t := f.tasks[id]; t == nil || t.Collective {
		return changes
	}
	return f.over(id, changes)
}

func (f *Fold) over(id domain.TaskID, changes []projections.Change) []projections.Change {
	t := f.tasks[id]
	if t == nil || t.Over {
		return changes
	}
	ended := *t
	ended.Over = true
	return f.replace(&ended, changes)
}

func (f *Fold) replace(t *Task, changes []projections.Change) []projections.Change {
	f.tasks[t.ID] = t
	return append(changes, projections.Put(t))
}

// maxForgotten bounds the rows that one event takes away. An event brings one
// at most, so what a quiet time has left over is soon gone.
const maxForgotten = 64

// forget takes away what expired long ago, as the partition's events tell the
// time.
func (f *Fold) forget(p domain.Partition, now time.Time, changes []projections.Change) []projections.Change {
	q, until := f.queue(p), now.Add(-Keep)
	for range maxForgotten {
		id, ok := q.pop(until)
		if !ok {
			break
		}
		delete(f.tasks, id)
		changes = append(changes, projections.Remove(&Task{ID: id}))
	}
	return changes
}

func (f *Fold) queue(p domain.Partition) *queue {
	for len(f.expires) <= int(p) {
		f.expires = append(f.expires, nil)
	}
	return &f.expires[p]
}
