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

// DeleteAuthored deletes what a contributor wrote, tree by tree, each with a
// command derived from c; c.Body is not looked at. It may be sent again after
// an error, and goes on where it stopped. With preview it only counts.
func (e *Engine) DeleteAuthored(ctx context.Context, c Command, do tree.DeleteAuthored, preview bool) (Effect, error) {
	var x Effect
	trees, err := e.Involved(ctx, do.Author)
	for _, id := range trees {
		if err != nil {
			break
		}
		one := Command{
			ID: domain.CommandID(domain.Derive(c.ID, "tree/"+id.String(), 0)), Actor: c.Actor, Cause: c.Cause,
			Body: OnTree{Tree: id, Do: do},
		}
		var part Effect
		if preview {
			part, err = e.foresee(ctx, id, AskDeletion{Tree: id, Do: do, Command: one.ID})
		} else {
			part, err = e.doIn(ctx, id, []Command{one})
		}
		x.Add(part)
	}
	return x, err
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

// foresee asks a tree's partition.
func (e *Engine) foresee(ctx context.Context, id domain.TreeID, q Question) (Effect, error) {
	var at domain.PoolID
	err := e.settled(ctx, func() (err error) {
		_, at, err = e.facts.locate(id, reference{})
		return err
	})
	if err != nil {
		return Effect{}, err
	}
	a, err := e.askAt(ctx, e.place(at.Stream()), q)
	return a.Effect, err
}
