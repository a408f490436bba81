package audit

import (
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
)

// Concern picks out of a tree's events, in their order, those that explain one
// message: it and its text, what was voted on it and what came of that, what
// hid it and brought it back, what was said of it, and the way of its tree.
// The tasks that asked for all this are left to the tree's trail.
type Concern struct {
	message  domain.MessageID
	above    []domain.MessageID // the root first
	posted   bool
	rankings map[domain.TaskID]bool        // tasks that showed it among the replies
	voters   map[domain.ContributorID]bool // whose votes on it may be discounted
}

// About begins to pick out what concerns a message. Above are the messages on the
// way to it, the root first.
func About(message domain.MessageID, above []domain.MessageID) *Concern {
	return &Concern{message: message, above: above, rankings: map[domain.TaskID]bool{}, voters: map[domain.ContributorID]bool{}}
}

// Takes reports whether the event, the next one of the tree, explains the
// message.
func (c *Concern) Takes(event domain.Event) bool {
	switch e := event.(type) {
	case tree.TaskAssigned:
		if e.Kind.IsRank() && slices.Contains(e.Replies, c.message) {
			c.rankings[e.Task] = true
		}
		return false
	case tree.LabelsSubmitted:
		return e.Message == c.message && c.vote(e.Contributor, !e.Task.IsZero())
	case tree.RankingSubmitted:
		// One that says "not rankable" names no replies; its task does.
		return (c.rankings[e.Task] || slices.Contains(e.Order, c.message)) && c.vote(e.Contributor, true)
	case tree.RepliesRanked:
		return slices.Contains(e.Replies, c.message)
	case tree.VotesDiscounted:
		return c.voters[e.Contributor]
	case tree.VotesReinstated:
		return c.voters[e.Contributor]
	case tree.StateChanged:
		return true
	}
	return c.changes(event)
}

func (c *Concern) vote(by domain.ContributorID, counts bool) bool {
	if counts {
		c.voters[by] = true
	}
	return true
}

// changes picks what happened to the message itself.
func (c *Concern) changes(event domain.Event) bool {
	switch e := event.(type) {
	case tree.MessagePosted:
		return e.Message == c.message && c.appears()
	case tree.Imported:
		return slices.ContainsFunc(e.Messages, func(m tree.ImportedMessage) bool { return m.Message == c.message }) && c.appears()
	case tree.MessageAccepted:
		return e.Message == c.message
	case tree.MessageRejected:
		return e.Message == c.message
	case tree.MessageReopened:
		return e.Message == c.message
	case tree.MessageEdited:
		return e.Message == c.message
	case tree.MessageScored:
		return e.Message == c.message
	case tree.MessageDeleted:
		return c.hides(e.Messages)
	case tree.MessageRestored:
		return c.hides(e.Messages)
	case tree.MessageReported:
		return e.Message == c.message
	case tree.ReportResolved:
		return e.Message == c.message
	case tree.EmojiAdded:
		return e.Message == c.message
	case tree.EmojiRemoved:
		return e.Message == c.message
	}
	return false
}

func (c *Concern) appears() bool {
	c.posted = true
	return true
}

// hides reports whether a deletion, or its undoing, is the message's business.
// A reply to a deleted message is born deleted: what had taken the messages
// above explains that.
func (c *Concern) hides(taken []domain.MessageID) bool {
	if c.posted {
		return slices.Contains(taken, c.message)
	}
	return slices.ContainsFunc(c.above, func(id domain.MessageID) bool { return slices.Contains(taken, id) })
}
