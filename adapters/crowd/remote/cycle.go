package remote

import (
	"context"
	"net/http"
	"time"

	"dendro/adapters/crowd"
	"dendro/domain"
)

// asked is what people ask for when they know what they want.
var asked = []domain.TaskKind{
	domain.TaskLabelInitialPrompt, domain.TaskLabelAssistantReply, domain.TaskLabelPrompterReply,
	domain.TaskRankAssistant, domain.TaskAssistantReply, domain.TaskPrompterReply, domain.TaskInitialPrompt,
}

// The rest after a fruitless request for a task, which doubles.
const (
	shortRest = 5 * time.Millisecond
	restTwice = 8 // times
)

// cycle asks for a task, acknowledges it and hands it in.
func (w *worker) cycle(ctx context.Context, p *person) (outcome, error) {
	t, given, err := w.request(ctx, p)
	if err != nil || !given.fine() {
		return w.without(p, given), err
	}
	p.idle = 0
	if w.declines(p) {
		return outcome{}, w.decline(ctx, p, t)
	}
	frontend := w.id()
	ack := &request{
		method: http.MethodPost, path: "/tasks/" + t.ID.String() + "/ack", by: p.login(), once: w.id(), body: acknowledgement{frontend},
	}
	acked, err := w.ask(ctx, ack)
	if err != nil || !acked.fine() {
		return outcome{}, err
	}
	if err := w.again(ctx, ack, acked); err != nil {
		return outcome{}, err
	}
	submitted, err := w.submit(ctx, p, t, frontend)
	if err != nil || !submitted.fine() {
		return outcome{gone: submitted.code == codeDisabled}, err
	}
	w.tally.Tasks++
	w.tally.ByKind[t.Type]++
	w.tally.request.add(given.took)
	w.tally.acknowledge.add(acked.took)
	w.tally.submit.add(submitted.took)
	w.tally.cycle.add(given.took + acked.took + submitted.took)
	return outcome{completed: true}, nil
}

func (w *worker) request(ctx context.Context, p *person) (t task, a answer, err error) {
	ask := taskRequest{Type: domain.TaskRandom, User: p.user, Lang: p.Languages[0]}
	if len(p.Languages) > 1 && w.dice.Chance(1, 5) {
		ask.Lang = p.Languages[1]
	}
	if !w.opt.TasksOnly && w.dice.Chance(1, 8) {
		ask.Type = asked[w.dice.Below(len(asked))]
	}
	r := &request{method: http.MethodPost, path: "/tasks/", once: w.id(), body: ask}
	if a, err = w.ask(ctx, r); err != nil || !a.fine() {
		return t, a, err
	}
	if err = a.read(&t); err == nil {
		err = w.again(ctx, r, a)
	}
	return t, a, err
}

// without says what somebody does who was given no task: rest, the longer the
// more often it happens, or as long as the server says.
func (w *worker) without(p *person, a answer) outcome {
	if a.code == codeDisabled {
		return outcome{gone: true}
	}
	rest := max(shortRest<<min(p.idle, restTwice), a.wait)
	p.idle++
	return outcome{rest: rest}
}

func (w *worker) declines(p *person) bool {
	switch {
	case w.opt.TasksOnly:
		return false
	case p.Is == crowd.Skipper:
		return w.dice.Chance(60, 100)
	}
	return w.dice.Chance(4, 100)
}

var reasons = []string{"", "not my subject", "too long", "I am not sure", "no time"}

func (w *worker) decline(ctx context.Context, p *person, t task) error {
	r := &request{
		method: http.MethodPost, path: "/tasks/" + t.ID.String() + "/nack", by: p.login(), once: w.id(),
		body: refusal{reasons[w.dice.Below(len(reasons))]},
	}
	a, err := w.ask(ctx, r)
	if err != nil || !a.fine() {
		return err
	}
	w.tally.Declined++
	return w.again(ctx, r, a)
}
