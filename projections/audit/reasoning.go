package audit

import (
	"slices"

	"dendro/domain"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// Reasoning follows a tree's events. Make it with Why or WhyTree.
type Reasoning struct {
	message    domain.MessageID // asked about; of a tree its prompt
	id         domain.TreeID
	tree       bool               // it is the tree that is asked about
	newest     *domain.Recorded   // event of the tree
	states     []*domain.Recorded // the events that gave the tree its states
	messages   map[domain.MessageID]*fate
	deletions  map[domain.DeletionID]*domain.Recorded // the event that made each
	discounts  []*domain.Recorded                     // and what took them back
	discounted map[domain.ContributorID]bool
	policies   []*domain.Recorded // of the tree's pool
}

// fate is what became of one message, and by which events.
type fate struct {
	parent   domain.MessageID
	author   domain.ContributorID
	result   tree.Result
	decided  *domain.Recorded
	reopened bool // decided took a decision back
	score    string
	reviews  int
	deleted  bool
	hides    []*domain.Recorded // deletions and restorations
	voted    []*domain.Recorded // reviews, edits and decisions
}

// bornDeleted is the rule of tree.MessageDeleted that stands behind a reply to
// a deleted message.
const bornDeleted = "born_deleted"

// Why begins to reason about a message.
func Why(message domain.MessageID) *Reasoning {
	return &Reasoning{
		message: message, messages: map[domain.MessageID]*fate{}, deletions: map[domain.DeletionID]*domain.Recorded{},
		discounted: map[domain.ContributorID]bool{},
	}
}

// WhyTree begins to reason about a tree.
func WhyTree(id domain.TreeID) *Reasoning {
	w := Why(domain.MessageID{})
	w.id, w.tree = id, true
	return w
}

// TakePolicy takes the next event of the tree's pool that puts a policy in
// force; all of them are wanted before the Verdict. It keeps r.
func (w *Reasoning) TakePolicy(r *domain.Recorded) {
	switch r.Payload.(type) {
	case pool.Opened, pool.Configured:
		kept := *r
		w.policies = append(w.policies, &kept)
	}
}

// Take takes the tree's next event. It keeps r.
func (w *Reasoning) Take(r *domain.Recorded) {
	kept := *r
	w.newest = &kept
	switch e := r.Payload.(type) {
	case tree.Opened, tree.StateChanged:
		w.states = append(w.states, &kept)
	case tree.Imported:
		w.imported(&e, &kept)
	case tree.MessagePosted:
		w.add(e.Message, &fate{parent: e.Parent, author: e.Contributor})
	case tree.LabelsSubmitted:
		if !e.Task.IsZero() {
			w.vote(e.Message, &kept)
		}
	case tree.MessageEdited:
		w.vote(e.Message, &kept)
	case tree.MessageAccepted:
		w.decide(e.Message, tree.Accepted, e.Reviews, e.Score.String(), &kept)
	case tree.MessageRejected:
		w.decide(e.Message, tree.Rejected, e.Reviews, e.Score.String(), &kept)
	case tree.MessageReopened:
		w.decide(e.Message, tree.Undecided, e.Reviews, "", &kept)
	case tree.MessageDeleted:
		if e.Rule != bornDeleted {
			w.deletions[e.Deletion] = &kept
		}
		w.hide(e.Messages, true, &kept)
	case tree.MessageRestored:
		w.hide(e.Messages, false, &kept)
	case tree.VotesDiscounted:
		w.discounts, w.discounted[e.Contributor] = append(w.discounts, &kept), true
	case tree.VotesReinstated:
		w.discounts, w.discounted[e.Contributor] = append(w.discounts, &kept), false
	}
}

func (w *Reasoning) add(id domain.MessageID, f *fate) {
	w.messages[id] = f
	if w.tree && f.parent.IsZero() {
		w.message = id
	}
}

func (w *Reasoning) imported(e *tree.Imported, r *domain.Recorded) {
	w.states = append(w.states, r)
	for i := range e.Messages {
		m := &e.Messages[i]
		f := &fate{parent: m.Parent, author: m.Contributor, result: m.Result, reviews: m.ReviewCount, deleted: m.Deleted}
		if f.result != tree.Undecided {
			f.decided = r
		}
		if f.deleted {
			f.hides = append(f.hides, r)
		}
		w.add(m.Message, f)
	}
}

func (w *Reasoning) vote(id domain.MessageID, r *domain.Recorded) {
	if f := w.messages[id]; f != nil {
		f.voted = append(f.voted, r)
	}
}

func (w *Reasoning) decide(id domain.MessageID, result tree.Result, reviews int, score string, r *domain.Recorded) {
	if f := w.messages[id]; f != nil {
		f.result, f.reviews, f.score, f.decided, f.reopened = result, reviews, score, r, result == tree.Undecided
		f.voted = append(f.voted, r)
	}
}

func (w *Reasoning) hide(ids []domain.MessageID, deleted bool, r *domain.Recorded) {
	for _, id := range ids {
		if f := w.messages[id]; f != nil && f.deleted != deleted {
			f.deleted, f.hides = deleted, append(f.hides, r)
		}
	}
}

// state is the tree's.
func (w *Reasoning) state() domain.TreeState {
	if newest := last(w.states); newest != nil {
		return stateOf(newest)
	}
	return ""
}

func stateOf(r *domain.Recorded) domain.TreeState {
	switch e := r.Payload.(type) {
	case tree.StateChanged:
		return e.To
	case tree.Imported:
		return e.State
	}
	return domain.InitialPromptReview
}

// path gives the ids from the root to a message; none when it is not there.
func (w *Reasoning) path(id domain.MessageID) (ids []domain.MessageID) {
	for {
		f := w.messages[id]
		if f == nil || slices.Contains(ids, id) {
			return nil
		}
		ids = append(ids, id)
		if f.parent.IsZero() {
			slices.Reverse(ids)
			return ids
		}
		id = f.parent
	}
}

// Authors gives those whose accounts the verdict asks about: of the message and
// of what it hangs from, or of all messages of a tree.
func (w *Reasoning) Authors() (ids []domain.ContributorID) {
	add := func(id domain.MessageID) {
		if author := w.messages[id].author; !slices.Contains(ids, author) {
			ids = append(ids, author)
		}
	}
	if w.tree {
		for id := range w.messages {
			add(id)
		}
		slices.SortFunc(ids, domain.ContributorID.Compare)
		return ids
	}
	for _, id := range w.path(w.message) {
		add(id)
	}
	return ids
}

// last gives the newest, nil of none.
func last(of []*domain.Recorded) *domain.Recorded {
	if len(of) == 0 {
		return nil
	}
	return of[len(of)-1]
}
