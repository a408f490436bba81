package crowd

import (
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// asked is what people ask for when they know what they want.
var asked = []domain.TaskKind{
	domain.TaskLabelInitialPrompt, domain.TaskLabelAssistantReply, domain.TaskLabelPrompterReply,
	domain.TaskRankAssistant, domain.TaskAssistantReply, domain.TaskPrompterReply, domain.TaskInitialPrompt,
}

// begin decides what somebody does who has nothing under way.
func (r *run) begin(m *member) {
	language := m.Languages[0]
	if len(m.Languages) > 1 && r.dice.Chance(1, 5) {
		language = m.Languages[1]
	}
	switch at := r.dice.Below(100); {
	case at < 1:
		r.push(m, act{cmd: r.by(m, commands.OnContributor{Contributor: m.id, Do: contributor.Update{ShowOnLeaderboard: m.hidden}})})
	case at < 16 && len(r.know.recent[language]) > 0:
		r.comment(m, r.pick(language))
	default:
		kind := domain.TaskRandom
		if r.dice.Chance(1, 8) {
			kind = asked[r.dice.Below(len(asked))]
		}
		r.request(m, language, kind, kind.IsLabel() && r.dice.Chance(1, 3))
	}
}

func (r *run) request(m *member, language string, kind domain.TaskKind, collective bool) {
	r.push(m, act{
		cmd: r.by(m, commands.RequestTask{
			Contributor: m.id, Client: r.client, Language: language, Kind: kind, Collective: collective,
		}),
		then: r.assigned,
	})
}

// assigned goes on when a task was given, and rests when there was none.
func (r *run) assigned(m *member, c commands.Command, o commands.Outcome) {
	t, ok := o.Result.Task()
	if !ok {
		m.rests = r.round + 2 + r.dice.Below(8)
		return
	}
	if r.lost(m, c) {
		return
	}
	frontend := "crowd-" + domain.TaskID(domain.Derive(c.ID, "frontend", 0)).String()
	r.push(m, act{
		cmd: r.by(m, commands.OnTree{Do: tree.Acknowledge{Task: t.Task, Client: r.client, FrontendID: frontend}}),
		then: func(m *member, c commands.Command, o commands.Outcome) {
			if o.Err == nil && !r.lost(m, c) {
				r.acknowledged(m, t, frontend)
			}
		},
	})
}

// acknowledged declines, forgets, or does the task.
func (r *run) acknowledged(m *member, t tree.TaskAssigned, frontend string) {
	declines := 4
	if m.Is == Skipper {
		declines = 60
	}
	switch at := r.dice.Below(100); {
	case at < declines:
		r.push(m, act{
			cmd:  r.by(m, commands.OnTree{Do: tree.Decline{Task: t.Task, By: m.id, Client: r.client, Reason: reasons[r.dice.Below(len(reasons))]}}),
			then: r.declined,
		})
	case at == 99: // away for so long that the task may have expired
		m.rests = r.round + 300
		r.submit(m, t, frontend)
	case at == 98: // never heard of again
	default:
		r.submit(m, t, frontend)
	}
}

var reasons = []string{"", "not my subject", "too long", "I am not sure", "no time"}

func (r *run) declined(m *member, c commands.Command, o commands.Outcome) {
	if o.Err == nil && len(o.Result.Events) > 0 {
		r.report.Declined++
	}
	r.lost(m, c)
}

// submit does what the task asks for, when its turn comes.
func (r *run) submit(m *member, t tree.TaskAssigned, frontend string) {
	next := act{submits: true, then: r.submitted(t, frontend)}
	switch {
	case t.Kind.IsText():
		next.make = func() commands.Command { return r.write(m, t, frontend) }
	case t.Kind.IsLabel():
		next.make = func() commands.Command { return r.review(m, t) }
	default:
		next.make = func() commands.Command { return r.order(m, t) }
	}
	r.push(m, next)
	if t.Collective {
		r.invite(m, t)
	}
}

func (r *run) write(m *member, t tree.TaskAssigned, frontend string) commands.Command {
	c := r.by(m, nil)
	id := domain.MessageID(domain.Derive(c.ID, "message", 0))
	if t.Kind == domain.TaskInitialPrompt {
		id = domain.MessageID(t.Task)
	}
	s := tree.SubmitText{Task: t.Task, By: m.id, Client: r.client, FrontendID: frontend}
	switch {
	case isSpam(m, id) && m.pasted != "" && r.dice.Chance(1, 3):
		s.Text = m.pasted // a second time: refused while the first is fresh
	case isSpam(m, id):
		s.Text = r.pen.Spam(t.Language)
		m.pasted = s.Text
	case isRude(m, id):
		s.Text = r.pen.Rude(t.Language)
	default:
		s.Text = r.pen.Text(t.Language, t.Kind)
	}
	c.Body = commands.OnTree{Do: s}
	return c
}

func (r *run) review(m *member, t tree.TaskAssigned) commands.Command {
	return r.by(m, commands.OnTree{Do: tree.SubmitLabels{
		Task: t.Task, Message: t.Message, By: m.id, Client: r.client, Labels: r.judge(m, t.Message, t.Labels, t.Mandatory),
	}})
}

func (r *run) order(m *member, t tree.TaskAssigned) commands.Command {
	s := tree.SubmitRanking{Task: t.Task, By: m.id, Client: r.client, Order: r.rank(m, t.Replies)}
	if r.dice.Chance(1, 40) {
		s.Order, s.NotRankable = nil, true
	}
	return r.by(m, commands.OnTree{Do: s})
}

// submitted counts the task, and sometimes sends again what was answered.
func (r *run) submitted(t tree.TaskAssigned, frontend string) func(*member, commands.Command, commands.Outcome) {
	return func(m *member, c commands.Command, o commands.Outcome) {
		switch {
		case o.Err != nil:
			if k := domain.RefusalKind(o.Err); k == domain.TextDuplicate || k == domain.TextEmpty {
				r.push(m, act{submits: true, make: func() commands.Command { return r.write(m, t, frontend) }, then: r.submitted(t, frontend)})
			}
			return
		case len(o.Result.Events) > 0:
			r.report.Tasks++
			r.report.ByKind[t.Kind]++
		}
		switch at := r.dice.Below(100); {
		case at < 2: // the answer was lost: the very same command
			r.push(m, act{cmd: c, retry: true})
		case at < 4: // the same work, sent anew
			c.ID = r.id()
			r.push(m, act{cmd: c, retry: true})
		case at == 4 && !t.Collective: // a second thought, which comes too late
			switch {
			case t.Kind.IsText():
				r.push(m, act{make: func() commands.Command { return r.write(m, t, frontend) }})
			case t.Kind.IsLabel():
				r.push(m, act{make: func() commands.Command { return r.review(m, t) }})
			}
		}
	}
}

// lost decides whether an answer did not arrive: then the same command is sent
// again, and its answer, which is the old one, is gone on with.
func (r *run) lost(m *member, c commands.Command) bool {
	if r.repeating || !r.dice.Chance(1, 60) {
		return false
	}
	r.push(m, act{cmd: c, retry: true, then: r.current.then})
	return true
}

// invite lets others of the language take part in a collective task, which its
// owner closes afterwards.
func (r *run) invite(m *member, t tree.TaskAssigned) {
	for range 1 + r.dice.Below(3) {
		other := r.members[r.activity.Draw(r.dice)]
		if other == m || other.gone || len(other.queue) > 0 || other.Languages[0] != t.Language {
			continue
		}
		r.push(other, act{submits: true, make: func() commands.Command { return r.review(other, t) }, then: r.submitted(t, "")})
	}
	r.push(m, act{cmd: r.by(m, commands.OnTree{Do: tree.Close{Task: t.Task, Client: r.client}})})
}
