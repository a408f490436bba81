package remote

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"dendro/adapters/crowd"
	"dendro/domain"
	"dendro/domain/reward"
	"dendro/domain/tree"
)

// aside is what somebody may do between two tasks.
func (w *worker) aside(ctx context.Context, p *person) error {
	switch at := w.dice.Below(100); {
	case at < 15 && len(p.saw) > 0:
		return w.comment(ctx, p, p.saw[w.dice.Below(len(p.saw))])
	case at < 17:
		return w.ownMessages(ctx, p)
	case at < 18:
		return w.board(ctx, p)
	case at < 40 && p.Is == crowd.Moderator && w.moderates:
		return w.workQueue(ctx, p)
	}
	return nil
}

// comment reacts to a message that nobody asked about: an emoji, labels, a
// report.
func (w *worker) comment(ctx context.Context, p *person, m message) error {
	seen := impression(m)
	body := textLabels{Type: "text_labels", User: p.user, Text: m.Text, MessageID: m.ID}
	switch at := w.dice.Below(10); {
	case seen.Bad() && at < 3, p.Is == crowd.Troll && at < 2:
		body.Text, body.IsReport = "please look at this", true
		body.Labels = labelsOf(crowd.Judge(w.dice, p.Is, seen, domain.LabelsOfReport(), []domain.Label{domain.LabelSpam}))
	case at < 4:
		labels := slices.Clone(domain.LabelsAsked(m.role()))
		w.dice.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
		labels = labels[:1+w.dice.Below(4)]
		body.Labels = labelsOf(crowd.Judge(w.dice, p.Is, seen, labels, labels[:1]))
	default:
		return w.react(ctx, p, m.ID, seen)
	}
	return w.remark(ctx, &request{method: http.MethodPost, path: "/text_labels/", once: w.id(), body: body})
}

func (w *worker) react(ctx context.Context, p *person, id domain.MessageID, seen crowd.Impression) error {
	body := reaction{User: p.user, Op: tree.EmojiAdd, Emoji: crowd.Emoji(w.dice, p.Is, seen)}
	if last := p.reacted; last != nil && w.dice.Chance(1, 6) {
		id, body.Emoji, body.Op = last.message, last.emoji, last.undo(w.dice)
		p.reacted = nil
	} else {
		p.reacted = &reacted{id, body.Emoji}
	}
	return w.remark(ctx, &request{method: http.MethodPost, path: "/messages/" + id.String() + "/emoji", once: w.id(), body: body})
}

func (w *worker) remark(ctx context.Context, r *request) error {
	a, err := w.ask(ctx, r)
	if err != nil || !a.fine() {
		return err
	}
	w.tally.Reactions++
	return w.again(ctx, r, a)
}

// A few pages of a few messages, so that there is something to turn.
const (
	pageSize  = 3
	mostPages = 4
)

// ownMessages turns the pages of what somebody wrote: no message comes twice.
func (w *worker) ownMessages(ctx context.Context, p *person) error {
	q := url.Values{"max_count": {fmt.Sprint(pageSize)}}
	read := map[domain.MessageID]bool{}
	for range mostPages {
		path := "/frontend_users/" + p.AuthMethod + "/" + url.PathEscape(p.ID) + "/messages/cursor?" + q.Encode()
		var page messagePage
		if got, err := w.read(ctx, p, path, &page); err != nil || !got {
			return err
		}
		for _, m := range page.Items {
			if read[m.ID] {
				return fmt.Errorf("message %s is on two pages of one list", m.ID)
			}
			read[m.ID] = true
		}
		if page.Next == nil {
			return nil
		}
		q.Set("after", *page.Next)
	}
	return nil
}

// board looks at a leaderboard, which is in order.
func (w *worker) board(ctx context.Context, p *person) error {
	frame := reward.Frames[w.dice.Below(len(reward.Frames))]
	var board leaderboard
	got, err := w.read(ctx, p, "/leaderboards/"+string(frame)+"?max_count=20", &board)
	if err != nil || !got {
		return err
	}
	for i, line := range board.Lines {
		if line.Rank != i+1 || i > 0 && line.Score > board.Lines[i-1].Score {
			return fmt.Errorf("the leaderboard of the frame %s is out of order at its line %d: %+v", frame, i+1, board.Lines)
		}
	}
	return nil
}

func (w *worker) read(ctx context.Context, p *person, path string, out any) (got bool, err error) {
	a, err := w.ask(ctx, &request{method: http.MethodGet, path: path, by: p.login()})
	if err != nil || !a.fine() {
		return false, err
	}
	w.tally.Reads++
	return true, a.read(out)
}
