package commands

import (
	"context"
	"slices"

	"dendro/domain"
	"dendro/domain/policy"
	"dendro/domain/tree"
)

// Involved lists the trees that a contributor wrote, reviewed or ranked in,
// partition by partition, by id.
func (e *Engine) Involved(ctx context.Context, who domain.ContributorID) ([]domain.TreeID, error) {
	var all []domain.TreeID
	for p := range e.writers {
		ids, err := ask(ctx, e, domain.Partition(p), func(s *state) []domain.TreeID { return s.involved(who) })
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return all, nil
}

// involved lists, in order, the trees that the contributor wrote, reviewed or
// ranked in.
func (s *state) involved(who domain.ContributorID) []domain.TreeID {
	var out []domain.TreeID
	for id, t := range s.trees {
		part := slices.ContainsFunc(t.Messages, func(m *tree.Message) bool { return m.Author == who })
		t.eachVoter(func(voter domain.ContributorID) { part = part || voter == who })
		if part {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, domain.TreeID.Compare)
	return out
}

// eachVoter calls do for the contributor of every review and ranking.
func (t *treeEntry) eachVoter(do func(domain.ContributorID)) {
	for _, m := range t.Messages {
		for _, r := range m.Reviews {
			do(r.By)
		}
		for _, v := range m.Votes {
			do(v.By)
		}
	}
}

// Effect counts what a bulk act does, or would do.
type Effect struct {
	Trees    int // in which anything changes
	Messages int // deleted
	Halted   int // trees that come to a halt with it

	Deleted []domain.MessageID // those messages, tree by tree
	At      []domain.Position  // behind what was written; none in a preview
}

// Add takes in what another act does.
func (x *Effect) Add(o Effect) {
	x.Trees, x.Messages, x.Halted = x.Trees+o.Trees, x.Messages+o.Messages, x.Halted+o.Halted
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
			if e.To == domain.HaltedByModerator {
				x.Halted++
			}
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
		var events []domain.Event
		one := Command{
			ID: domain.CommandID(domain.Derive(c.ID, "tree/"+id.String(), 0)), Actor: c.Actor, Cause: c.Cause,
			Body: OnTree{Tree: id, Do: do},
		}
		if preview {
			events, err = e.foresee(ctx, id, one.ID, do)
		} else {
			var res Result
			if res, err = e.Do(ctx, one); err == nil {
				x.At = append(x.At, res.At)
			}
			for _, r := range res.Events {
				events = append(events, r.Payload)
			}
		}
		x.add(events)
	}
	return x, err
}

// foresee gives what a tree would decide now.
func (e *Engine) foresee(ctx context.Context, id domain.TreeID, command domain.CommandID, do tree.Command) ([]domain.Event, error) {
	_, at, err := e.facts.locate(id, reference{})
	if err != nil {
		return nil, err
	}
	type foreseen struct {
		events []domain.Event
		err    error
	}
	p := domain.Place(string(at.Stream()), e.log.Identity().Partitions)
	f, err := ask(ctx, e, p, func(s *state) foreseen {
		t := s.trees[id]
		if t == nil || t.pool == nil {
			return foreseen{}
		}
		events, err := tree.Decide(t.State, do, &policy.Context{
			Now: s.last, Policy: &t.pool.Policy, Dice: domain.NewDice(e.opt.Dice(command)), Command: command,
		})
		return foreseen{events, err}
	})
	if err == nil {
		err = f.err
	}
	return f.events, err
}
