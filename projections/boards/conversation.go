package boards

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/domain/tree"
)

// instant is a time in microseconds since 1970, which is all that an envelope
// keeps, in a third of the room.
type instant int64

func instantOf(t time.Time) instant { return instant(t.UnixMicro()) }

func (i instant) time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// person is a contributor's number, for the same reason.
type person uint32

type people struct {
	numbers map[domain.ContributorID]person
	ids     []domain.ContributorID
}

func (p *people) number(id domain.ContributorID) person {
	n, known := p.numbers[id]
	if !known {
		n = person(len(p.ids))
		p.numbers[id], p.ids = n, append(p.ids, id)
	}
	return n
}

// conversation is what is kept of one tree. Everything in it that a deed
// stands for remembers whether the deed stands in the view.
type conversation struct {
	root       *message
	messages   []*message // those written here, not the imported ones
	votes      []*vote
	tasks      []labelTask
	discounted []person
	aborted    bool // as low grade
	spam       bool // the deed stands
	abortedAt  instant
}

type message struct {
	id       domain.MessageID
	at       instant
	author   person
	kind     Kind // Prompt, AssistantReply or PrompterReply
	result   tree.Result
	deleted  bool
	accepted bool // the deed stands
	marks    []mark
	flags    []flag
}

// mark is a label set that a message got.
type mark struct {
	labels *reward.Labels
	at     instant
	by     person
	kind   Kind // Marks or FreeMarks
	stands bool
}

// flag is a red flag or a vote that is on a message.
type flag struct {
	at     instant
	by     person
	kind   Kind // RedFlag, Upvote or Downvote
	stands bool
}

// vote is a ranking of the replies to parent.
type vote struct {
	parent domain.MessageID
	at     instant
	by     person
	agrees bool                // with the newest consensus, which holds it
	good   bool                // the deed stands
	placed [maxPlaces]bool     // the deeds stand
	places [maxPlaces]*message // nil: imported, or nothing there
}

// maxPlaces is how many places of a ranking count.
const maxPlaces = int(Third-First) + 1

// labelTask is a label task that can still be submitted.
type labelTask struct {
	id         domain.TaskID
	expires    instant
	full       bool
	collective bool
}

func (c *conversation) message(id domain.MessageID) *message {
	for _, m := range c.messages {
		if m.id == id {
			return m
		}
	}
	return nil
}

func (c *conversation) vote(parent domain.MessageID, by person) *vote {
	for _, v := range c.votes {
		if v.parent == parent && v.by == by {
			return v
		}
	}
	return nil
}

func (c *conversation) ignores(p person) bool { return slices.Contains(c.discounted, p) }

// assigned keeps a label task, and drops those that have expired meanwhile.
func (c *conversation) assigned(e tree.TaskAssigned, now instant) {
	c.tasks = slices.DeleteFunc(c.tasks, func(t labelTask) bool { return t.expires <= now })
	c.tasks = append(c.tasks, labelTask{id: e.Task, expires: instantOf(e.Expires), full: e.Full, collective: e.Collective})
}

func (c *conversation) task(id domain.TaskID) (t labelTask, ok bool) {
	i := slices.IndexFunc(c.tasks, func(t labelTask) bool { return t.id == id })
	if i < 0 {
		return t, false
	}
	return c.tasks[i], true
}

// over drops a task; a finished tree keeps no room for any.
func (c *conversation) over(id domain.TaskID) {
	c.tasks = slices.DeleteFunc(c.tasks, func(t labelTask) bool { return t.id == id })
	if len(c.tasks) == 0 {
		c.tasks = nil
	}
}
