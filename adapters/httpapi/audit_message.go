package httpapi

import (
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/moderation"
)

// auditMessage gives what explains a message, out of what happened in its tree.
func auditMessage(c *call) (reply, error) {
	id := domain.MessageID(c.pathID("message_id"))
	t := c.newTrail("message/" + id.String())
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	m, err := c.anyMessage(id)
	if err != nil {
		return reply{}, err
	}
	path, err := c.pathTo(m)
	if err != nil {
		return reply{}, err
	}
	about := newConcern(id)
	for _, above := range path[:len(path)-1] {
		about.above = append(about.above, above.ID)
	}
	got, err := c.history(mostExamined, moderation.OfStream(domain.TreeStream(m.Tree)))
	if err != nil {
		return reply{}, err
	}
	t.Truncated = got.more
	err = c.recorded(got.entries, func(r domain.Recorded) error {
		if !about.takes(r.Payload) {
			return nil
		}
		return t.add(r)
	})
	if err != nil {
		return reply{}, err
	}
	return ok(t)
}

// concern picks out of a tree's events, in their order, those that explain one
// message: it and its text, what was voted on it and what came of that, what
// hid it and brought it back, what was said of it, and the way of its tree.
// The tasks that asked for all this are left to the tree's trail.
type concern struct {
	message  domain.MessageID
	above    []domain.MessageID // the root first
	posted   bool
	rankings map[domain.TaskID]bool        // tasks that showed it among the replies
	voters   map[domain.ContributorID]bool // whose votes on it may be discounted
}

func newConcern(message domain.MessageID) *concern {
	return &concern{message: message, rankings: map[domain.TaskID]bool{}, voters: map[domain.ContributorID]bool{}}
}

func (c *concern) takes(event domain.Event) bool {
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

func (c *concern) vote(by domain.ContributorID, counts bool) bool {
	if counts {
		c.voters[by] = true
	}
	return true
}

// changes picks what happened to the message itself.
func (c *concern) changes(event domain.Event) bool {
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

func (c *concern) appears() bool {
	c.posted = true
	return true
}

// hides reports whether a deletion, or its undoing, is the message's business.
// A reply to a deleted message is born deleted: what had taken the messages
// above explains that.
func (c *concern) hides(taken []domain.MessageID) bool {
	if c.posted {
		return slices.Contains(taken, c.message)
	}
	return slices.ContainsFunc(c.above, func(id domain.MessageID) bool { return slices.Contains(taken, id) })
}
