package remote

import (
	"context"
	"fmt"
	"net/http"

	"dendro/adapters/crowd"
)

// mostDrafts bounds the texts that somebody tries for one task.
const mostDrafts = 4

// submit hands in what the task asks for. A text that was there before is
// written anew.
func (w *worker) submit(ctx context.Context, p *person, t task, frontend string) (a answer, err error) {
	for range mostDrafts {
		r := w.submission(w.product(p, t, frontend))
		if a, err = w.ask(ctx, r); err != nil {
			return a, err
		}
		if a.fine() {
			return a, w.afterwards(ctx, t, r, a)
		}
		if a.code != codeTextDuplicate && a.code != codeTextEmpty {
			return a, nil
		}
	}
	return a, nil
}

func (w *worker) submission(body any) *request {
	return &request{method: http.MethodPost, path: "/tasks/interaction", once: w.id(), body: body}
}

// product is what somebody makes of a task.
func (w *worker) product(p *person, t task, frontend string) any {
	shown := t.Conversation.Messages
	switch {
	case t.Type.IsText():
		p.see(shown)
		return textReply{
			Type: "text_reply_to_message", User: p.user, MessageID: frontend, UserMessageID: w.id(),
			Text: w.write(p, t), Lang: w.language(p, t),
		}
	case t.Type.IsLabel():
		m := shown[len(shown)-1]
		p.see(shown)
		return textLabels{
			Type: "text_labels", User: p.user, Text: m.Text, MessageID: t.MessageID, TaskID: &t.ID,
			Labels: labelsOf(crowd.Judge(w.dice, p.Is, impression(m), t.Labels, t.Mandatory)),
		}
	}
	p.see(t.Replies)
	r := ranking{Type: "message_ranking", User: p.user, MessageID: frontend, Ranking: []int{}}
	if r.NotRankable = !w.opt.TasksOnly && w.dice.Chance(1, 40); !r.NotRankable {
		seen := make([]crowd.Impression, len(t.Replies))
		for i, m := range t.Replies {
			seen[i] = impression(m)
		}
		r.Ranking = crowd.Rank(w.dice, p.Is, seen)
	}
	return r
}

func impression(m message) crowd.Impression { return crowd.Read(m.Lang, m.UserID, m.Text) }

// language is that of the conversation, or, for a prompt, the person's own.
func (w *worker) language(p *person, t task) string {
	if shown := t.Conversation.Messages; len(shown) > 0 {
		return shown[0].Lang
	}
	return p.Languages[0]
}

// write writes a text as somebody of these habits does.
func (w *worker) write(p *person, t task) string {
	language := w.language(p, t)
	switch {
	case p.Is == crowd.Spammer && p.pasted != "" && w.dice.Chance(1, 4):
		text := p.pasted // a second time: refused while the first is fresh
		p.pasted = ""
		return text
	case p.Is == crowd.Spammer && w.dice.Chance(4, 5):
		p.pasted = w.pen.Spam(language)
		return p.pasted
	case p.Is == crowd.Troll && w.dice.Chance(2, 3):
		return w.pen.Rude(language)
	}
	return w.pen.Text(language, t.Type)
}

// afterwards sends again, now and then, what was handed in: the same request,
// the same work as a new request, or other work, which comes too late.
func (w *worker) afterwards(ctx context.Context, t task, r *request, first answer) error {
	if w.opt.TasksOnly {
		return nil
	}
	switch at := w.dice.Below(100); {
	case at < 3:
		return w.client.repeat(ctx, w.tally, r, first)
	case at < 6:
		return w.double(ctx, r.body)
	case at < 7 && t.Type.IsText():
		return w.tooLate(ctx, r.body.(textReply))
	}
	return nil
}

// double hands the same work in as if for the first time: it is done.
func (w *worker) double(ctx context.Context, body any) error {
	a, err := w.ask(ctx, w.submission(body))
	if err == nil && !a.fine() {
		err = fmt.Errorf("work that was handed in twice was refused: %d: %s", a.status, a.text)
	}
	w.tally.Doubles++
	return err
}

// tooLate hands other work in for a task that is done: it is refused.
func (w *worker) tooLate(ctx context.Context, body textReply) error {
	body.UserMessageID = w.id()
	body.Text += "!"
	a, err := w.ask(ctx, w.submission(body))
	if err == nil && a.status != http.StatusBadRequest {
		err = fmt.Errorf("a second text for a task that is done was answered %d", a.status)
	}
	return err
}
