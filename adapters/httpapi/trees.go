package httpapi

import (
	"slices"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/conversations"
)

// siblings are the messages of one tree, and how they hang together.
type siblings struct {
	all      []*conversations.Message
	children map[domain.MessageID][]*conversations.Message
}

// treeOf gives the messages of a tree that pass the filter, and that the client
// may see.
func (c *call) treeOf(id domain.TreeID, keep func(*conversations.Message) bool) (*siblings, error) {
	all, err := c.views.TreeMessages(c.ctx(), id)
	if err != nil {
		return nil, err
	}
	visible := c.visible(all)
	t := &siblings{children: map[domain.MessageID][]*conversations.Message{}}
	for _, m := range all {
		if visible[m.ID] && keep(m) {
			t.all = append(t.all, m)
			t.children[m.Parent] = append(t.children[m.Parent], m)
		}
	}
	return t, nil
}

// visible picks what the client may see of a tree: an untrusted one its own
// messages, and those above that they reply to.
func (c *call) visible(all []*conversations.Message) map[domain.MessageID]bool {
	byID := make(map[domain.MessageID]*conversations.Message, len(all))
	for _, m := range all {
		byID[m.ID] = m
	}
	seen := make(map[domain.MessageID]bool, len(all))
	for _, m := range all {
		if !c.sees(m.Client) {
			continue
		}
		for m != nil && !seen[m.ID] {
			seen[m.ID] = true
			m = byID[m.Parent]
		}
	}
	return seen
}

// sound takes what readers of a conversation are to see: nothing deleted, no
// reply that its reviews rejected.
func sound(m *conversations.Message) bool {
	return !m.Deleted && (m.Result != tree.Rejected || m.Parent.IsZero())
}

// below gives what hangs below a message, level by level.
func (t *siblings) below(id domain.MessageID) []*conversations.Message {
	out := slices.Clone(t.children[id])
	for i := 0; i < len(out); i++ {
		out = append(out, t.children[out[i].ID]...)
	}
	return out
}

func (c *call) replyTree(id domain.MessageID, list []*conversations.Message) (reply, error) {
	shown, err := c.messages(list)
	if err != nil {
		return reply{}, err
	}
	return ok(messageTree{ID: id, Messages: shown})
}

func showTree(c *call, m *conversations.Message) (reply, error) {
	spam, deleted := c.truth("include_spam", true), c.truth("include_deleted", false)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	t, err := c.treeOf(m.Tree, func(m *conversations.Message) bool {
		return (deleted || !m.Deleted) && (spam || m.Result == tree.Accepted)
	})
	if err != nil {
		return reply{}, err
	}
	return c.replyTree(domain.MessageID(m.Tree), t.all)
}

func showChildren(c *call, m *conversations.Message) (reply, error) {
	t, err := c.treeOf(m.Tree, sound)
	if err != nil {
		return reply{}, err
	}
	shown, err := c.messages(t.children[m.ID])
	if err != nil {
		return reply{}, err
	}
	return ok(shown)
}

func showDescendants(c *call, m *conversations.Message) (reply, error) {
	t, err := c.treeOf(m.Tree, sound)
	if err != nil {
		return reply{}, err
	}
	return c.replyTree(m.ID, t.below(m.ID))
}

func showLongest(c *call, m *conversations.Message) (reply, error) {
	t, err := c.treeOf(m.Tree, sound)
	if err != nil {
		return reply{}, err
	}
	if len(t.all) == 0 {
		return ok(conversation{Messages: []conversationMessage{}})
	}
	deepest := t.all[0] // the oldest of the deepest
	for _, m := range t.all {
		if m.Depth > deepest.Depth {
			deepest = m
		}
	}
	path, err := c.pathTo(deepest)
	if err != nil {
		return reply{}, err
	}
	return c.replyConversation(path)
}

func showMaxChildren(c *call, m *conversations.Message) (reply, error) {
	t, err := c.treeOf(m.Tree, sound)
	if err != nil {
		return reply{}, err
	}
	if len(t.all) == 0 {
		return ok(messageTree{ID: m.ID, Messages: []message{}})
	}
	most := t.all[0] // the oldest of those with the most
	for _, m := range t.all {
		if len(t.children[m.ID]) > len(t.children[most.ID]) {
			most = m
		}
	}
	return c.replyTree(most.ID, append([]*conversations.Message{most}, t.children[most.ID]...))
}

func showTreeState(c *call, m *conversations.Message) (reply, error) {
	t, err := found(c, errNoMessage, func() (*conversations.Tree, error) { return c.views.Tree(c.ctx(), m.Tree) })
	if err != nil {
		return reply{}, err
	}
	return ok(treeState{
		TreeID: t.ID, State: t.State, Goal: t.Goal, MaxDepth: t.MaxDepth, MaxChildren: t.MaxChildren,
		Active: t.State.Active(), Origin: textOrNull(t.Origin),
	})
}

// changeTreeState halts a tree or lets it go on; without halt it only tells.
func changeTreeState(c *call, m *conversations.Message) (reply, error) {
	halt := c.maybe("halt")
	reason, _ := c.text("reason")
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	if halt != nil {
		by, err := c.byModerator()
		if err != nil {
			return reply{}, err
		}
		var do tree.Command = tree.Resume{Reason: reason}
		if *halt {
			do = tree.Halt{Reason: reason}
		}
		if _, err := c.do(by, commands.OnTree{Tree: m.Tree, Do: do}); err != nil {
			return reply{}, err
		}
		if err := c.settle(); err != nil {
			return reply{}, err
		}
	}
	return showTreeState(c, m)
}
