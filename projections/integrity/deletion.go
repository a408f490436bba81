package integrity

import (
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
)

// hide makes the message part of what a deletion holds.
func (m *message) hide(by domain.DeletionID) {
	m.deletion = by
	m.tree.held[by]++
}

// deleted checks that a deletion takes what is there: messages of one subtree,
// not deleted yet. A reply that is born deleted adds itself to the deletion
// that holds its parent.
func (c *Check) deleted(t *treeState, e tree.MessageDeleted) *breach {
	top, b := c.find(t, e.Message)
	switch {
	case b != nil:
		return b
	case e.Deletion.IsZero():
		return broken(RuleDeletion, "the deletion has no id")
	case len(e.Messages) == 0:
		return broken(RuleDeletion, "it takes no message")
	}
	if t.held[e.Deletion] > 0 && (top.parent == nil || top.parent.deletion != e.Deletion) {
		return broken(RuleDeletion, "deletion %s holds messages already", e.Deletion)
	}
	for _, id := range e.Messages {
		m, b := c.find(t, id)
		switch {
		case b != nil:
			return b
		case !m.deletion.IsZero():
			return broken(RuleDeletion, "message %s is deleted already", id)
		case !m.under(top):
			return broken(RuleDeletion, "message %s is not below %s", id, e.Message)
		}
		m.hide(e.Deletion)
	}
	return nil
}

// under reports whether top is the message or above it.
func (m *message) under(top *message) bool {
	for ; m != nil; m = m.parent {
		if m == top {
			return true
		}
	}
	return false
}

// restored checks that a restoration brings back what its deletion holds,
// all of it.
func (c *Check) restored(t *treeState, e tree.MessageRestored) *breach {
	if b := c.known(t, e.Message); b != nil {
		return b
	}
	if !slices.Contains(e.Messages, e.Message) {
		return broken(RuleDeletion, "it does not restore the message %s that it names", e.Message)
	}
	for _, id := range e.Messages {
		m, b := c.find(t, id)
		if b != nil {
			return b
		}
		if m.deletion != e.Deletion || e.Deletion.IsZero() {
			return broken(RuleDeletion, "message %s is not held by deletion %s", id, e.Deletion)
		}
		m.deletion = domain.DeletionID{}
		t.held[e.Deletion]--
	}
	if left := t.held[e.Deletion]; left > 0 {
		return broken(RuleDeletion, "it leaves %d messages of deletion %s deleted", left, e.Deletion)
	}
	delete(t.held, e.Deletion)
	return nil
}
