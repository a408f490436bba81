package conversations

import (
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
)

var _ projections.Projection = (*Fold)(nil)

// Fold gives the rows of this view. Make it with New.
type Fold struct {
	trees  map[domain.StreamID]*conversation
	names  names
	people people
}

// New gives the fold before the first event.
func New() *Fold {
	return &Fold{trees: map[domain.StreamID]*conversation{}, names: names{}, people: people{}}
}

// Name implements projections.Projection.
func (*Fold) Name() string { return "conversations" }

// Revision implements projections.Projection.
func (*Fold) Revision() int { return 2 }

// Apply implements projections.Projection. It keeps parts of the payload, which
// nobody changes. Events that name a message that their tree does not have
// change nothing.
func (f *Fold) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	switch e := r.Payload.(type) {
	case tree.Opened:
		return f.conversation(r.Stream).opened(f, e, changes)
	case tree.Imported:
		return f.conversation(r.Stream).imported(f, e, r, changes)
	case tree.StateChanged:
		return f.conversation(r.Stream).moved(f, e, changes)
	case tree.MessagePosted:
		return f.conversation(r.Stream).posted(f, e, r, changes)
	case tree.LabelsSubmitted:
		if !e.Task.IsZero() {
			return f.conversation(r.Stream).reviewed(f.people.of(e.Contributor), e, changes)
		}
	case tree.RankingSubmitted:
		if !e.NotRankable {
			return f.conversation(r.Stream).voted(f.people.of(e.Contributor), e, changes)
		}
	case tree.VotesDiscounted:
		return f.conversation(r.Stream).discount(f.people.of(e.Contributor), true, changes)
	case tree.VotesReinstated:
		return f.conversation(r.Stream).discount(f.people.of(e.Contributor), false, changes)
	case tree.RepliesRanked:
		return f.conversation(r.Stream).ranked(e, changes)
	case tree.MessageDeleted:
		return f.conversation(r.Stream).setDeleted(e.Messages, true, changes)
	case tree.MessageRestored:
		return f.conversation(r.Stream).setDeleted(e.Messages, false, changes)
	default:
		return f.applyToMessage(r, changes)
	}
	return changes
}

// applyToMessage folds the events that touch one message that is there.
func (f *Fold) applyToMessage(r *domain.Recorded, changes []projections.Change) []projections.Change {
	at := func(id domain.MessageID) *message { return f.conversation(r.Stream).find(id) }
	switch e := r.Payload.(type) {
	case tree.MessageAccepted:
		return at(e.Message).decided(tree.Accepted, changes)
	case tree.MessageRejected:
		return at(e.Message).decided(tree.Rejected, changes)
	case tree.MessageReopened:
		return at(e.Message).decided(tree.Undecided, changes)
	case tree.MessageEdited:
		return at(e.Message).edited(e, r, changes)
	case tree.EmojiAdded:
		return at(e.Message).react(e.Contributor, e.Emoji, true, changes)
	case tree.EmojiRemoved:
		return at(e.Message).react(e.Contributor, e.Emoji, false, changes)
	}
	return changes
}

func (f *Fold) conversation(stream domain.StreamID) *conversation {
	c := f.trees[stream]
	if c == nil {
		id, _ := stream.Tree()
		c = &conversation{tree: &Tree{ID: id}}
		f.trees[stream] = c
	}
	return c
}

// names keeps one copy of each name that many rows hold.
type names map[string]string

func (n names) of(name string) string {
	known, ok := n[name]
	if !ok {
		known = name
		n[name] = known
	}
	return known
}

// people numbers those who vote: there are many votes of each.
type people map[domain.ContributorID]person

type person uint32

func (p people) of(id domain.ContributorID) person {
	n, ok := p[id]
	if !ok {
		n = person(len(p))
		p[id] = n
	}
	return n
}
