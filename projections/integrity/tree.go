package integrity

import (
	"dendro/domain"
	"dendro/domain/tree"
)

// treeState is what a tree's stream has said.
type treeState struct {
	id       domain.TreeID
	language string
	state    domain.TreeState // "" while only a task for its prompt exists
	origin   domain.TreeState // an imported tree's first state
	won      bool             // the lottery
	growing  bool             // counts against max_active_trees: drawn, or in state growing
	held     map[domain.DeletionID]int
}

// tree checks an event of a tree's stream.
func (c *Check) tree(r domain.Recorded) *breach {
	id, _ := r.Stream.Tree()
	t := c.trees[id]
	if t == nil { // place has seen to it that the event can be the first
		language, _ := opens(r.Payload)
		t = &treeState{id: id, language: language, held: map[domain.DeletionID]int{}}
		c.trees[id] = t
	}
	switch e := r.Payload.(type) {
	case tree.TaskAssigned:
		return c.assigned(t, e)
	case tree.TaskAcknowledged:
		return c.acknowledged(t, e)
	case tree.TaskDeclined:
		return c.ended(t, e.Task, false)
	case tree.TaskClosed:
		return c.ended(t, e.Task, true)
	case tree.Opened:
		return t.open(e)
	case tree.Imported:
		return c.imported(t, e)
	case tree.StateChanged:
		return c.moved(t, e)
	case tree.LotteryWon:
		return t.win()
	case tree.MessagePosted:
		return c.posted(t, e, r.Time)
	case tree.RankingSubmitted:
		return c.ranking(t, e)
	case tree.RepliesRanked:
		return c.ranked(t, e)
	case tree.VotesDiscounted, tree.VotesReinstated:
		return nil
	default:
		return c.touched(t, r.Payload)
	}
}

// touched checks the events that are about one existing message only.
func (c *Check) touched(t *treeState, payload domain.Event) *breach {
	switch e := payload.(type) {
	case tree.LabelsSubmitted:
		return c.labels(t, e)
	case tree.MessageAccepted:
		return c.decided(t, e.Message, tree.Accepted)
	case tree.MessageRejected:
		return c.decided(t, e.Message, tree.Rejected)
	case tree.MessageReopened:
		return c.decided(t, e.Message, tree.Undecided)
	case tree.MessageEdited:
		return c.edited(t, e)
	case tree.MessageDeleted:
		return c.deleted(t, e)
	case tree.MessageRestored:
		return c.restored(t, e)
	case tree.MessageScored:
		return c.known(t, e.Message)
	case tree.MessageReported:
		return c.known(t, e.Message)
	case tree.ReportResolved:
		return c.known(t, e.Message)
	case tree.EmojiAdded:
		return c.known(t, e.Message)
	case tree.EmojiRemoved:
		return c.known(t, e.Message)
	}
	return nil
}

func (t *treeState) open(e tree.Opened) *breach {
	switch {
	case t.state != "":
		return broken(RuleOpening, "the tree is open already, as %s", t.state)
	case e.Language != t.language:
		return broken(RuleOpening, "the tree is one of %q, not of %q", t.language, e.Language)
	}
	t.state = domain.InitialPromptReview
	return nil
}

func (c *Check) imported(t *treeState, e tree.Imported) *breach {
	switch {
	case t.state != "" || c.messages[domain.MessageID(t.id)] != nil || c.tasks[domain.TaskID(t.id)] != nil:
		return broken(RuleOpening, "an import can only be a tree's first event")
	case e.State != domain.ReadyForExport && e.State != domain.BacklogRanking:
		return broken(RuleState, "a tree can't be imported as %q", e.State)
	case len(e.Messages) == 0:
		return broken(RuleMessage, "the imported tree has no message")
	}
	t.state, t.origin = e.State, e.State
	for _, m := range e.Messages {
		b := c.add(t, &message{
			tree: t, id: m.Message, author: m.Contributor, role: m.Role, created: m.Created, result: m.Result,
		}, m.Parent)
		if b != nil {
			return b
		}
		if m.Deleted {
			// What was deleted elsewhere counts as a deletion of its own, under the message's id.
			c.messages[m.Message].hide(domain.DeletionID(m.Message))
		}
	}
	return nil
}
