package boards

import (
	"dendro/domain"
	"dendro/domain/reward"
	"dendro/domain/tree"
	"dendro/projections"
)

// Fold makes the view's rows. Make it with New.
type Fold struct {
	trees  map[domain.StreamID]*conversation
	people people
	labels map[reward.Labels]*reward.Labels // the one copy of each label set that came

	now     instant              // of the event being folded
	changes []projections.Change // that it brings
}

var _ projections.Projection = (*Fold)(nil)

// New gives the fold before the first event.
func New() *Fold {
	return &Fold{
		trees:  map[domain.StreamID]*conversation{},
		people: people{numbers: map[domain.ContributorID]person{}},
		labels: map[reward.Labels]*reward.Labels{},
	}
}

// Name implements projections.Projection.
func (*Fold) Name() string { return "boards" }

// Revision implements projections.Projection.
func (*Fold) Revision() int { return 1 }

// Apply implements projections.Projection. What no valid log has, such as
// labels of a message that is not there, changes nothing.
func (f *Fold) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	f.now, f.changes = instantOf(r.Time), changes
	f.fold(r.Stream, r.Payload)
	changes, f.changes = f.changes, nil
	return changes
}

func (f *Fold) fold(stream domain.StreamID, payload domain.Event) {
	switch e := payload.(type) {
	case tree.TaskAssigned:
		if e.Kind.IsLabel() {
			f.tree(stream).assigned(e, f.now)
		}
	case tree.MessagePosted:
		f.posted(f.tree(stream), e)
	case tree.RankingSubmitted:
		f.voted(f.tree(stream), e)
	case tree.VotesDiscounted:
		f.discount(f.tree(stream), e.Contributor, true)
	case tree.VotesReinstated:
		f.discount(f.tree(stream), e.Contributor, false)
	default:
		if c := f.trees[stream]; c != nil {
			f.change(c, payload)
		}
	}
}

// change folds the events that touch only what is there.
func (f *Fold) change(c *conversation, payload domain.Event) {
	switch e := payload.(type) {
	case tree.TaskDeclined:
		c.over(e.Task)
	case tree.TaskClosed:
		c.over(e.Task)
	case tree.LabelsSubmitted:
		f.labelled(c, e)
	case tree.MessageAccepted:
		f.judged(c, e.Message, tree.Accepted)
	case tree.MessageRejected:
		f.judged(c, e.Message, tree.Rejected)
	case tree.MessageReopened:
		f.judged(c, e.Message, tree.Undecided)
	case tree.MessageDeleted:
		f.hide(c, e.Messages, true)
	case tree.MessageRestored:
		f.hide(c, e.Messages, false)
	case tree.RepliesRanked:
		f.merged(c, e)
	case tree.EmojiAdded:
		f.reacted(c, e)
	case tree.EmojiRemoved:
		f.unreacted(c, e)
	case tree.StateChanged:
		f.moved(c, e.To)
	}
}

func (f *Fold) tree(stream domain.StreamID) *conversation {
	c := f.trees[stream]
	if c == nil {
		c = &conversation{}
		f.trees[stream] = c
	}
	return c
}

// put puts a row; the deed itself stays the caller's.
func (f *Fold) put(d Deed) {
	f.changes = append(f.changes, projections.Put(&d))
}

// show lets a deed stand in the view exactly while it should, which is while
// it counts; stands tells whether it does, and is kept up.
func (f *Fold) show(stands *bool, should bool, d Deed) {
	if *stands == should {
		return
	}
	*stands = should
	if should {
		d.Counts = true
		f.put(d)
		return
	}
	f.changes = append(f.changes, projections.Remove(&Deed{Kind: d.Kind, Subject: d.Subject, Other: d.Other}))
}
