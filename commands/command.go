package commands

import (
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// Command is one request to change something. Its ID makes it idempotent: a
// command that is sent again, with the same ID, adds nothing and is answered
// as before, for as long as its task could be submitted and at least a day.
type Command struct {
	ID    domain.CommandID
	Actor domain.Actor
	Cause domain.EventID // the event that this command reacts to, if any
	Body  Body
}

// Body is what the command asks for: RequestTask, OnTree, OnContributor,
// OnCampaign or OnPool.
type Body interface{ body() }

// RequestTask asks a language's pool for a task.
type RequestTask struct {
	Contributor domain.ContributorID
	Client      domain.ClientID
	Language    string // BCP 47
	Kind        domain.TaskKind
	Collective  bool
}

// OnTree is for one tree: the one named, or, when Tree is zero, the one that
// the task or message in Do belongs to.
type OnTree struct {
	Tree domain.TreeID
	Do   tree.Command
}

// OnContributor is for one contributor.
type OnContributor struct {
	Contributor domain.ContributorID
	Do          contributor.Command
}

// OnCampaign is for the campaign.
type OnCampaign struct {
	Do campaign.Command
}

// OnPool is for one pool.
type OnPool struct {
	Pool domain.PoolID
	Do   pool.Command
}

func (RequestTask) body()   {}
func (OnTree) body()        {}
func (OnContributor) body() {}
func (OnCampaign) body()    {}
func (OnPool) body()        {}

// Result is the answer to a command that was not refused.
type Result struct {
	// Events are the command's, as stored; none when its effect was there.
	Events []domain.Recorded
	// Repeated tells that an earlier command with this id wrote them.
	Repeated bool
	// At is the position behind the newest event of the partition that the
	// answer rests on: a reader at or beyond it sees the command's effect.
	At domain.Position
}

// Task gives the task that a RequestTask was answered with.
func (r Result) Task() (tree.TaskAssigned, bool) {
	for _, e := range r.Events {
		if t, ok := e.Payload.(tree.TaskAssigned); ok {
			return t, true
		}
	}
	return tree.TaskAssigned{}, false
}

// Message gives the id of the message that a submission made.
func (r Result) Message() (domain.MessageID, bool) {
	for _, e := range r.Events {
		if m, ok := e.Payload.(tree.MessagePosted); ok {
			return m.Message, true
		}
	}
	return domain.MessageID{}, false
}

// reference is what a tree command names its tree by.
type reference struct {
	task    domain.TaskID
	message domain.MessageID
}

func refer(c tree.Command) reference {
	switch c := c.(type) {
	case tree.Acknowledge:
		return reference{task: c.Task}
	case tree.Decline:
		return reference{task: c.Task}
	case tree.Close:
		return reference{task: c.Task}
	case tree.SubmitText:
		return reference{task: c.Task}
	case tree.SubmitLabels:
		return reference{task: c.Task}
	case tree.SubmitRanking:
		return reference{task: c.Task}
	case tree.SetLabels:
		return reference{message: c.Message}
	case tree.React:
		return reference{message: c.Message}
	case tree.ResolveReport:
		return reference{message: c.Message}
	case tree.Delete:
		return reference{message: c.Message}
	case tree.Restore:
		return reference{message: c.Message}
	case tree.Edit:
		return reference{message: c.Message}
	case tree.RecordScores:
		return reference{message: c.Message}
	}
	return reference{}
}

// worker names the contributor whose standing a tree command needs.
func worker(c tree.Command) (domain.ContributorID, bool) {
	switch c := c.(type) {
	case tree.SubmitText:
		return c.By, true
	case tree.SubmitLabels:
		return c.By, true
	case tree.SubmitRanking:
		return c.By, true
	case tree.SetLabels:
		return c.By, true
	case tree.React:
		return c.By, true
	}
	return domain.ContributorID{}, false
}

// underTerms notes on a contribution which terms its author had accepted.
func underTerms(c tree.Command, terms string) tree.Command {
	switch c := c.(type) {
	case tree.SubmitText:
		c.Terms = terms
		return c
	case tree.SubmitLabels:
		c.Terms = terms
		return c
	case tree.SubmitRanking:
		c.Terms = terms
		return c
	case tree.SetLabels:
		c.Terms = terms
		return c
	}
	return c
}
