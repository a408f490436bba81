package dataset

import (
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// Engine names the rules by which events become lines. The same log, cut and
// recipe give the same bytes as long as it is the same; whoever changes what
// is written changes it.
const Engine = "dendro-dataset/1"

// Fold is what the events so far say. One fold may take all partitions of a
// log, interleaved in any way, or one partition each: Read gives the same.
// Not for concurrent use.
type Fold struct {
	trees map[domain.StreamID]*conversation
	marks *marks
	accounts
}

// New gives the fold before the first event.
func New() *Fold {
	return &Fold{
		trees:    map[domain.StreamID]*conversation{},
		marks:    newMarks(),
		accounts: newAccounts(),
	}
}

// Apply folds one event. Events of one partition come in order of Seq, each
// once. It keeps parts of the payload, which nobody changes. Events that name
// a message that the tree does not have change nothing.
func (f *Fold) Apply(r domain.Recorded) {
	switch e := r.Payload.(type) {
	case contributor.Merged:
		f.into[e.From] = e.Into
	case contributor.Erased:
		if id, ok := r.Stream.Contributor(); ok {
			f.erased[id] = true
		}
	case tree.Opened:
		f.conversation(r.Stream).state = domain.InitialPromptReview
	case tree.StateChanged:
		f.conversation(r.Stream).state = e.To
	case tree.Imported:
		f.conversation(r.Stream).imported(e)
	case tree.MessagePosted:
		f.conversation(r.Stream).posted(e, r.Time)
	case tree.RankingSubmitted:
		f.conversation(r.Stream).voted(e)
	case tree.RepliesRanked:
		f.conversation(r.Stream).ranked(e)
	case tree.MessageDeleted:
		f.conversation(r.Stream).setDeleted(e.Messages, true)
	case tree.MessageRestored:
		f.conversation(r.Stream).setDeleted(e.Messages, false)
	case tree.VotesDiscounted:
		f.conversation(r.Stream).discounted[e.Contributor] = true
	case tree.VotesReinstated:
		delete(f.conversation(r.Stream).discounted, e.Contributor)
	default:
		f.applyToMessage(r.Stream, r.Payload)
	}
}

func (f *Fold) applyToMessage(stream domain.StreamID, payload domain.Event) {
	at := func(id domain.MessageID) *message {
		if c := f.trees[stream]; c != nil && c.messages[id] != nil {
			return c.messages[id]
		}
		return new(message) // nobody's: what is done to it is forgotten
	}
	switch e := payload.(type) {
	case tree.LabelsSubmitted:
		at(e.Message).labelled(labelSet{by: e.Contributor, review: !e.Task.IsZero(), marks: f.marks.of(e.Labels)})
	case tree.MessageEdited:
		at(e.Message).edited(e.Text)
	case tree.MessageAccepted:
		at(e.Message).result = tree.Accepted
	case tree.MessageRejected:
		at(e.Message).result = tree.Rejected
	case tree.MessageReopened:
		at(e.Message).result = tree.Undecided
	case tree.EmojiAdded:
		at(e.Message).react(reaction{e.Emoji, e.Contributor})
	case tree.EmojiRemoved:
		delete(at(e.Message).reactions, reaction{e.Emoji, e.Contributor})
	case tree.MessageScored:
		at(e.Message).scores = e.Scores
	}
}

func (f *Fold) conversation(stream domain.StreamID) *conversation {
	c := f.trees[stream]
	if c == nil {
		id, _ := stream.Tree()
		c = &conversation{
			id: id, marks: f.marks,
			messages:   map[domain.MessageID]*message{},
			discounted: map[domain.ContributorID]bool{},
		}
		f.trees[stream] = c
	}
	return c
}
