package integrity

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/tree"
)

// message is what a tree's stream has said of one message.
type message struct {
	tree      *treeState
	id        domain.MessageID
	parent    *message // nil for a root
	author    domain.ContributorID
	role      domain.Role
	created   time.Time
	revision  int
	result    tree.Result
	deletion  domain.DeletionID      // zero while not deleted
	reviewers []domain.ContributorID // of the present text
	votes     []vote                 // on the order of its replies
}

// find gives a message of the tree.
func (c *Check) find(t *treeState, id domain.MessageID) (*message, *breach) {
	m := c.messages[id]
	if m == nil || m.tree != t {
		return nil, broken(RuleMessage, "the tree has no message %s", id)
	}
	return m, nil
}

func (c *Check) known(t *treeState, id domain.MessageID) *breach {
	_, b := c.find(t, id)
	return b
}

// add takes a new message into the tree.
func (c *Check) add(t *treeState, m *message, parent domain.MessageID) *breach {
	if m.id.IsZero() {
		return broken(RuleMessage, "the message has no id")
	}
	if c.messages[m.id] != nil {
		return broken(RuleMessage, "there is a message %s already", m.id)
	}
	if parent.IsZero() {
		if m.id != domain.MessageID(t.id) {
			return broken(RuleMessage, "the root %s has another id than its tree", m.id)
		}
		if m.role != domain.Prompter {
			return broken(RuleMessage, "the root is written as %q; it is a %s's", m.role, domain.Prompter)
		}
	} else {
		above, b := c.find(t, parent)
		if b != nil {
			return broken(RuleMessage, "the parent %s of %s is no message of the tree", parent, m.id)
		}
		if m.role != above.role.Other() {
			return broken(RuleMessage, "%s is written as %q below a message of role %q; roles alternate", m.id, m.role, above.role)
		}
		m.parent = above
	}
	c.messages[m.id] = m
	return nil
}

func (c *Check) posted(t *treeState, e tree.MessagePosted, at time.Time) *breach {
	if e.Parent.IsZero() {
		if t.state != domain.InitialPromptReview {
			return broken(RuleOpening, "a prompt comes right behind tree.opened")
		}
	} else {
		switch t.state {
		case domain.Growing, domain.Ranking, domain.ReadyForScoring, domain.ReadyForExport:
		default:
			return broken(RuleState, "a tree takes no replies while it is %q", t.state)
		}
	}
	if b := c.add(t, &message{tree: t, id: e.Message, author: e.Contributor, role: e.Role, created: at}, e.Parent); b != nil {
		return b
	}
	if e.Task.IsZero() {
		return nil
	}
	k, b := c.handIn(t, e.Task, e.Contributor)
	switch {
	case b != nil:
		return b
	case !k.kind.IsText() || k.message != e.Parent:
		return broken(RuleTask, "task %s asked for something else: %s", e.Task, k)
	}
	return nil
}

// decided checks that a decision changes something. Whether the reviews carry
// it is the tree's business.
func (c *Check) decided(t *treeState, id domain.MessageID, result tree.Result) *breach {
	m, b := c.find(t, id)
	if b != nil {
		return b
	}
	if m.result == result {
		return broken(RuleReview, "message %s is %s already", id, [...]string{"rejected", "undecided", "accepted"}[result+1])
	}
	m.result = result
	return nil
}

func (c *Check) edited(t *treeState, e tree.MessageEdited) *breach {
	m, b := c.find(t, e.Message)
	if b != nil {
		return b
	}
	if e.Revision != m.revision+1 {
		return broken(RuleMessage, "it is revision %d of the text where %d belongs", e.Revision, m.revision+1)
	}
	m.revision, m.reviewers = e.Revision, nil
	return nil
}

func (c *Check) labels(t *treeState, e tree.LabelsSubmitted) *breach {
	m, b := c.find(t, e.Message)
	if b != nil || e.Task.IsZero() {
		return b
	}
	k, b := c.handIn(t, e.Task, e.Contributor)
	switch {
	case b != nil:
		return b
	case !k.kind.IsLabel() || k.message != e.Message:
		return broken(RuleTask, "task %s asked for something else: %s", e.Task, k)
	case m.author == e.Contributor:
		return broken(RuleReview, "contributor %s reviews an own message", e.Contributor)
	case slices.Contains(m.reviewers, e.Contributor):
		return broken(RuleReview, "contributor %s has reviewed this text of %s before", e.Contributor, e.Message)
	}
	m.reviewers = append(m.reviewers, e.Contributor)
	return k.labelled(e.Labels)
}

// labelled checks that a label set is what the task asked for.
func (k *task) labelled(set []tree.LabelValue) *breach {
	for i, l := range set {
		switch {
		case !slices.Contains(k.labels, l.Label):
			return broken(RuleReview, "the task does not allow the label %q", l.Label)
		case i > 0 && l.Label.Index() <= set[i-1].Label.Index():
			return broken(RuleReview, "the label %q is given twice, or out of order", l.Label)
		case !l.Value.Within01():
			return broken(RuleReview, "the label %q has the value %s, which is not from 0 to 1", l.Label, l.Value)
		}
	}
	for _, name := range k.mandatory {
		if !slices.ContainsFunc(set, func(l tree.LabelValue) bool { return l.Label == name }) {
			return broken(RuleReview, "the label %q, which the task demands, is missing", name)
		}
	}
	return nil
}
