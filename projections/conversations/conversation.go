package conversations

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
)

// conversation is one tree. Its row is given from the prompt on.
type conversation struct {
	tree       *Tree
	given      bool      // the row was
	messages   []message // by id: most come with ascending ids, and trees are small
	rankings   []ranking
	discounted []person // whose votes do not count here
}

// message is the newest row and what its counts rest on.
type message struct {
	row       *Message
	event     domain.EventID // that brought it
	reviewers []person       // of the present text, whether they count or not
	reactions []*Reaction    // none empty, by contributor
}

// find gives a message, or nil. It is good until the next one is added.
func (c *conversation) find(id domain.MessageID) *message {
	if i, found := c.search(id); found {
		return &c.messages[i]
	}
	return nil
}

func (c *conversation) search(id domain.MessageID) (int, bool) {
	return slices.BinarySearchFunc(c.messages, id, func(m message, id domain.MessageID) int { return m.row.ID.Compare(id) })
}

// renew gives a copy of the row to change, which takes its place.
func (m *message) renew() *Message {
	row := *m.row
	m.row = &row
	return m.row
}

// put gives the tree's row when it is a new one; without a prompt there is no
// tree to show.
func (c *conversation) put(next Tree, changes []projections.Change) []projections.Change {
	if c.given && next == *c.tree {
		return changes
	}
	c.tree = &next
	if len(c.messages) == 0 {
		return changes
	}
	c.given = true
	return append(changes, projections.Put(c.tree))
}

func (c *conversation) opened(f *Fold, e tree.Opened, changes []projections.Change) []projections.Change {
	next := *c.tree
	next.Language, next.State = f.names.of(e.Language), domain.InitialPromptReview
	next.Goal, next.MaxDepth, next.MaxChildren = e.Limits.Goal, e.Limits.MaxDepth, e.Limits.MaxChildren
	return c.put(next, changes)
}

func (c *conversation) moved(f *Fold, e tree.StateChanged, changes []projections.Change) []projections.Change {
	next := *c.tree
	next.State = domain.TreeState(f.names.of(string(e.To)))
	return c.put(next, changes)
}

func (c *conversation) posted(f *Fold, e tree.MessagePosted, r *domain.Recorded, changes []projections.Change) []projections.Change {
	m := c.add(r.ID, Message{
		ID: e.Message, Tree: c.tree.ID, Parent: e.Parent, Author: e.Contributor, Client: e.Client, Task: e.Task,
		FrontendID: e.FrontendID, Role: domain.Role(f.names.of(string(e.Role))), Text: e.Text, Language: f.names.of(e.Language),
		Created: domain.Instant(r.Time), Synthetic: e.Synthetic, Model: f.names.of(e.Model),
	})
	if m == nil {
		return changes
	}
	next := *c.tree
	next.include(m)
	return c.put(next, append(changes, projections.Put(m)))
}

func (c *conversation) imported(f *Fold, e tree.Imported, r *domain.Recorded, changes []projections.Change) []projections.Change {
	next := *c.tree
	next.Language, next.State, next.Origin = f.names.of(e.Language), domain.TreeState(f.names.of(string(e.State))), f.names.of(e.Origin)
	for i := range e.Messages {
		im := &e.Messages[i]
		m := c.add(r.ID, Message{
			ID: im.Message, Tree: c.tree.ID, Parent: im.Parent, Author: im.Contributor, Role: domain.Role(f.names.of(string(im.Role))),
			Text: im.Text, Language: f.names.of(im.Language), Created: domain.Instant(im.Created),
			Result: im.Result, Reviews: im.ReviewCount, Ranked: im.Ranked, Rank: im.Rank, Deleted: im.Deleted,
			Synthetic: im.Synthetic, Model: f.names.of(im.Model), Emojis: tallied(f, im.Emojis),
		})
		if m != nil {
			next.include(m)
			changes = append(changes, projections.Put(m))
		}
	}
	return c.put(next, changes)
}

// add hangs a message where it belongs and gives its row. One that is there
// already, a second root, and a reply to nothing are left out: no valid log has
// them.
func (c *conversation) add(event domain.EventID, row Message) *Message {
	i, there := c.search(row.ID)
	parent := c.find(row.Parent)
	switch {
	case there, row.Parent.IsZero() && len(c.messages) > 0, !row.Parent.IsZero() && parent == nil:
		return nil
	case parent != nil:
		row.Depth = parent.row.Depth + 1
	}
	c.grow()
	c.messages = slices.Insert(c.messages, i, message{row: &row, event: event})
	return &row
}

// grow makes room for a message. There are many small trees: doubling would
// leave a third of all room unused.
func (c *conversation) grow() {
	if n := len(c.messages); n == cap(c.messages) {
		c.messages = append(make([]message, 0, n+n/4+1), c.messages...)
	}
}

// include counts an undeleted message in.
func (t *Tree) include(m *Message) {
	if m.Deleted {
		return
	}
	if t.Count == 0 || m.Created.Before(t.Oldest) {
		t.Oldest = m.Created
	}
	if t.Count == 0 || m.Created.After(t.Youngest) {
		t.Youngest = m.Created
	}
	t.Depth = max(t.Depth, m.Depth)
	t.Count++
}

func (c *conversation) setDeleted(ids []domain.MessageID, deleted bool, changes []projections.Change) []projections.Change {
	for _, id := range ids {
		if m := c.find(id); m != nil && m.row.Deleted != deleted {
			row := m.renew()
			row.Deleted = deleted
			changes = append(changes, projections.Put(row))
		}
	}
	next := *c.tree
	next.Depth, next.Count, next.Oldest, next.Youngest = 0, 0, time.Time{}, time.Time{}
	for i := range c.messages {
		next.include(c.messages[i].row)
	}
	return c.put(next, changes)
}
