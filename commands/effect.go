package commands

import (
	"context"

	"dendro/domain"
	"dendro/domain/tree"
)

// Effect counts what a bulk act does, or would do.
type Effect struct {
	Trees    int // in which anything changes
	Messages int // deleted
	Halted   int // trees that come to a halt with it
	Restored int // messages
	Resumed  int // trees that had come to a halt, and go on
	Accepted int // messages, of those that are decided anew
	Rejected int
	Reopened int // messages whose reviews decide nothing any longer
	Merged   int // rankings of a parent's replies, anew

	Deleted []domain.MessageID // those messages, tree by tree
	At      []domain.Position  // behind what was written; none in a preview
}

// Add takes in what another act does.
func (x *Effect) Add(o Effect) {
	x.Trees, x.Messages, x.Halted = x.Trees+o.Trees, x.Messages+o.Messages, x.Halted+o.Halted
	x.Restored, x.Resumed, x.Merged = x.Restored+o.Restored, x.Resumed+o.Resumed, x.Merged+o.Merged
	x.Accepted, x.Rejected, x.Reopened = x.Accepted+o.Accepted, x.Rejected+o.Rejected, x.Reopened+o.Reopened
	x.Deleted, x.At = append(x.Deleted, o.Deleted...), append(x.At, o.At...)
}

func (x *Effect) add(events []domain.Event) {
	if len(events) == 0 {
		return
	}
	x.Trees++
	for _, e := range events {
		switch e := e.(type) {
		case tree.MessageDeleted:
			x.Messages += len(e.Messages)
			x.Deleted = append(x.Deleted, e.Messages...)
		case tree.StateChanged:
			switch domain.HaltedByModerator {
			case e.To:
				x.Halted++
			case e.From:
				x.Resumed++
			}
		case tree.MessageRestored:
			x.Restored += len(e.Messages)
		case tree.MessageAccepted:
			x.Accepted++
		case tree.MessageRejected:
			x.Rejected++
		case tree.MessageReopened:
			x.Reopened++
		case tree.RepliesRanked:
			x.Merged++
		}
	}
}

// doIn runs commands in a tree, and tells what they do there. A refusal means that
// one has lost its object.
func (e *Engine) doIn(ctx context.Context, id domain.TreeID, commands []Command) (x Effect, err error) {
	var events []domain.Event
	for _, c := range commands {
		res, err := e.Do(ctx, c)
		if domain.RefusalKind(err) != "" {
			continue
		}
		if err != nil {
			return x, err
		}
		for _, r := range res.Events {
			if r.Stream == domain.TreeStream(id) {
				events = append(events, r.Payload)
			}
		}
		x.At = append(x.At, res.At)
	}
	x.add(events)
	return x, nil
}
