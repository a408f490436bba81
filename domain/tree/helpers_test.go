package tree

import (
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/policy"
)

var now = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func person(n int) domain.ContributorID { return domain.ContributorID{0: 0xc0, 15: byte(n)} }

// play drives one tree through commands, as its pool would.
type play struct {
	t   testing.TB
	s   State
	p   policy.Policy
	now time.Time
	n   int
	err error
	// Last are the events of the last command.
	last []domain.Event
}

func newPlay(t testing.TB) *play { return &play{t: t, p: policy.Default(), now: now} }

func (p *play) context() *policy.Context {
	p.n++
	return &policy.Context{Now: p.now, Policy: &p.p, Dice: domain.NewDice(uint64(p.n)), Command: domain.CommandID{14: byte(p.n >> 8), 15: byte(p.n)}}
}

func (p *play) try(c Command) []domain.Event {
	p.now = p.now.Add(time.Second)
	p.last, p.err = Decide(p.s, c, p.context())
	for _, e := range p.last {
		p.s = Evolve(p.s, e, p.now)
	}
	return p.last
}

func (p *play) do(c Command) []domain.Event {
	p.t.Helper()
	if p.try(c); p.err != nil {
		p.t.Fatalf("%T: %v", c, p.err)
	}
	return p.last
}

func (p *play) refused(c Command, kind domain.Kind) {
	p.t.Helper()
	if events := p.try(c); domain.RefusalKind(p.err) != kind || len(events) > 0 {
		p.t.Errorf("%T: refused as %q (%v, events %v), want %q", c, domain.RefusalKind(p.err), p.err, events, kind)
	}
}

func (p *play) state(want domain.TreeState) {
	p.t.Helper()
	if p.s.State != want {
		p.t.Errorf("the tree is %s, want %s", p.s.State, want)
	}
}

// task has one assigned and acknowledged.
func (p *play) task(kind domain.TaskKind, who domain.ContributorID, on domain.MessageID) domain.TaskID {
	p.t.Helper()
	p.n++
	id := domain.TaskID{0: 0x7a, 14: byte(p.n >> 8), 15: byte(p.n)}
	p.do(Assign{Task: id, Kind: kind, Language: "en", Contributor: who, Message: on, Full: true})
	p.do(Acknowledge{Task: id, FrontendID: id.String()})
	return id
}

func (p *play) text(task domain.TaskID, who domain.ContributorID) SubmitText {
	return SubmitText{Task: task, By: who, FrontendID: "m" + task.String(), Text: "text of " + task.String()}
}

// prompt hands in a prompt by person 1.
func (p *play) prompt() domain.MessageID {
	p.t.Helper()
	id := p.task(domain.TaskInitialPrompt, person(1), domain.MessageID{})
	p.do(p.text(id, person(1)))
	return domain.MessageID(id)
}

func (p *play) reply(parent domain.MessageID, who domain.ContributorID) domain.MessageID {
	p.t.Helper()
	m := p.s.Message(parent)
	for _, e := range p.do(p.text(p.task(domain.ReplyTask(m.Role.Other()), who, parent), who)) {
		if posted, ok := e.(MessagePosted); ok {
			return posted.Message
		}
	}
	p.t.Fatal("no message was posted")
	return domain.MessageID{}
}

func labels(spam, mismatch string) []LabelValue {
	out := []LabelValue{{Label: domain.LabelSpam, Value: decimal.MustParse(spam)}}
	if mismatch != "" {
		out = append(out, LabelValue{Label: domain.LabelLangMismatch, Value: decimal.MustParse(mismatch)})
	}
	return out
}

func (p *play) review(on domain.MessageID, who domain.ContributorID, spam, mismatch string) []domain.Event {
	p.t.Helper()
	m := p.s.Message(on)
	task := p.task(domain.LabelTask(m.Role, m.Parent < 0), who, on)
	return p.do(SubmitLabels{Task: task, Message: on, By: who, Labels: labels(spam, mismatch)})
}

// accept lets three of the persons 51… review the message well.
func (p *play) accept(on domain.MessageID) {
	p.t.Helper()
	for i := range 3 {
		p.review(on, person(51+i), "0", "")
	}
}

// growing has a tree grow with the goal.
func growing(t testing.TB, goal int) (*play, domain.MessageID) {
	p := newPlay(t)
	p.p.GoalTreeSize = goal
	root := p.prompt()
	p.accept(root)
	p.do(Win{})
	return p, root
}

func (p *play) rank(parent domain.MessageID, who domain.ContributorID, best ...domain.MessageID) []domain.Event {
	p.t.Helper()
	m := p.s.Message(parent)
	id := p.task(domain.RankTask(m.Role.Other()), who, parent)
	return p.do(SubmitRanking{Task: id, By: who, Order: p.indexes(id, best...)})
}

func (p *play) indexes(id domain.TaskID, best ...domain.MessageID) []int {
	var order []int
	for _, b := range best {
		for i, r := range p.s.Task(id).Replies {
			if r == b {
				order = append(order, i)
			}
		}
	}
	return order
}

func types(events []domain.Event) string {
	s := ""
	for _, e := range events {
		s += string(e.Type()) + " "
	}
	return s
}

func (p *play) expect(want string) {
	p.t.Helper()
	if got := types(p.last); got != want {
		p.t.Errorf("decided %q, want %q", got, want)
	}
}
