package integrity

import (
	"fmt"
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
)

// task is what a tree's stream has said of one task.
type task struct {
	tree         *treeState
	kind         domain.TaskKind
	contributor  domain.ContributorID
	message      domain.MessageID // zero for an initial prompt
	collective   bool
	acknowledged bool
	over         string // "" while it takes submissions, else why not
	labels       []domain.Label
	mandatory    []domain.Label
	replies      []domain.MessageID
}

// String tells what the task asked for.
func (k *task) String() string {
	if k.message.IsZero() {
		return string(k.kind)
	}
	return fmt.Sprintf("%s of %s", k.kind, k.message)
}

// assigned checks that the task fits the message that it is about.
func (c *Check) assigned(t *treeState, e tree.TaskAssigned) *breach {
	switch {
	case e.Task.IsZero() || c.tasks[e.Task] != nil:
		return broken(RuleTask, "there is a task %s already", e.Task)
	case e.Language != t.language:
		return broken(RuleTask, "the tree is one of %q, not of %q", t.language, e.Language)
	}
	if e.Kind == domain.TaskInitialPrompt {
		if e.Task != domain.TaskID(t.id) {
			return broken(RuleOpening, "the task for a prompt has the id of its tree, not %s", e.Task)
		}
	} else if b := c.suits(t, e); b != nil {
		return b
	}
	c.tasks[e.Task] = &task{
		tree: t, kind: e.Kind, contributor: e.Contributor, message: e.Message, collective: e.Collective,
		labels: e.Labels, mandatory: e.Mandatory, replies: e.Replies,
	}
	return nil
}

func (c *Check) suits(t *treeState, e tree.TaskAssigned) *breach {
	m, b := c.find(t, e.Message)
	if b != nil {
		return b
	}
	below := m.role.Other()
	switch e.Kind {
	case domain.LabelTask(m.role, m.parent == nil), domain.ReplyTask(below):
		return nil
	case domain.RankTask(below):
		return c.children(m, e.Replies)
	}
	return broken(RuleTask, "a task of kind %q can't be about message %s of role %q", e.Kind, m.id, m.role)
}

// children checks that the ids are different replies to the message.
func (c *Check) children(parent *message, replies []domain.MessageID) *breach {
	for i, id := range replies {
		m := c.messages[id]
		if m == nil || m.parent != parent {
			return broken(RuleRanking, "%s is no reply to %s", id, parent.id)
		}
		if slices.Contains(replies[:i], id) {
			return broken(RuleRanking, "the reply %s is there twice", id)
		}
	}
	return nil
}

func (c *Check) findTask(t *treeState, id domain.TaskID) (*task, *breach) {
	k := c.tasks[id]
	if k == nil || k.tree != t {
		return nil, broken(RuleTask, "the tree has no task %s", id)
	}
	if k.over != "" {
		return nil, broken(RuleTask, "task %s is %s", id, k.over)
	}
	return k, nil
}

func (c *Check) acknowledged(t *treeState, e tree.TaskAcknowledged) *breach {
	k, b := c.findTask(t, e.Task)
	if b != nil {
		return b
	}
	if k.acknowledged {
		return broken(RuleTask, "task %s is acknowledged already", e.Task)
	}
	k.acknowledged = true
	return nil
}

// ended checks the end of a task without work.
func (c *Check) ended(t *treeState, id domain.TaskID, closed bool) *breach {
	k, b := c.findTask(t, id)
	if b != nil {
		return b
	}
	if closed != k.collective {
		return broken(RuleTask, "collective tasks are closed, others declined; task %s is the other kind", id)
	}
	if closed {
		k.finish("closed")
	} else {
		k.finish("declined")
	}
	return nil
}

// finish keeps of a task only that it was.
func (k *task) finish(why string) {
	k.over, k.labels, k.mandatory, k.replies = why, nil, nil, nil
}

// handIn checks that the task takes a submission of the contributor, and
// gives the task as it was before: a task of one contributor is done by it.
func (c *Check) handIn(t *treeState, id domain.TaskID, by domain.ContributorID) (*task, *breach) {
	k, b := c.findTask(t, id)
	switch {
	case b != nil:
		return nil, b
	case !k.acknowledged:
		return nil, broken(RuleTask, "task %s was not acknowledged", id)
	case !k.collective && by != k.contributor:
		return nil, broken(RuleTask, "task %s was given to contributor %s, not to %s", id, k.contributor, by)
	}
	before := *k
	if !k.collective {
		k.finish("done")
	}
	return &before, nil
}
