package commands

import (
	"context"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/domain/tree"
)

// aboutPurge sets what the contributor's aggregate cannot know of a purge:
// whether the campaign asks for two people, and who is one person with whom.
func (e *Engine) aboutPurge(b OnContributor) OnContributor {
	switch do := b.Do.(type) {
	case contributor.OrderPurge:
		in, _ := e.facts.policy()
		do.TwoPeople, do.Person = in.TwoPeople, e.facts.person(do.Person)
		b.Do = do
	case contributor.ApprovePurge:
		do.Person = e.facts.person(do.Person)
		if p, known := e.facts.purge(b.Contributor, do.Act); known && e.facts.person(p.Proposer) == do.Person {
			do.Person = p.Proposer // accounts that were merged since are one person
		}
		b.Do = do
	}
	return b
}

// person follows the mergers of an account to its owner.
func (f *facts) person(id domain.ContributorID) domain.ContributorID {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for n := 0; n < len(f.contributors); n++ { // a circle of mergers ends, too
		into := f.contributors[id].MergedInto
		if into.IsZero() {
			break
		}
		id = into
	}
	return id
}

func (f *facts) purge(who domain.ContributorID, act domain.CommandID) (contributor.Purge, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	s := f.contributors[who]
	return s.PurgeOf(act)
}

// Purges gives the purges of an account, in the order of their first events, as
// far as is known here.
func (e *Engine) Purges(ctx context.Context, who domain.ContributorID) ([]contributor.Purge, error) {
	if err := e.catchUp(ctx); err != nil {
		return nil, err
	}
	e.facts.mu.RLock()
	defer e.facts.mu.RUnlock()
	return e.facts.contributors[who].Purges, nil
}

// CarryOut does in the trees what purges of an account still ask for, and notes
// that it is done. It may be called by anyone at any time: the commands are those
// that Consequences gives.
func (e *Engine) CarryOut(ctx context.Context, who domain.ContributorID) (x Effect, err error) {
	if err := e.catchUp(ctx); err != nil {
		return x, err
	}
	trees, err := e.Involved(ctx, who)
	if err != nil {
		return x, err
	}
	for _, c := range e.facts.carryPurges(who, trees) {
		one, err := e.deleteIn(ctx, c)
		if err != nil {
			return x, err
		}
		x.Add(one)
	}
	return x, nil
}

// carryPurges gives the commands that the purges of a contributor still ask for
// in trees, and last the one that notes each as done.
func (f *facts) carryPurges(who domain.ContributorID, trees []domain.TreeID) (commands []Command) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	cause := f.decided[who]
	for _, p := range f.contributors[who].Purges {
		if !pending(p) {
			continue
		}
		for _, id := range trees {
			commands = append(commands, Command{
				ID: purgeCommand(who, p, id), Actor: domain.ByRule("purge"), Cause: cause, Body: OnTree{Tree: id, Do: purgeIn(who, p, id)},
			})
		}
		commands = append(commands, Command{
			ID:    domain.CommandID(domain.Derive(p.Act, "completed/"+who.String()+"/"+string(p.Status), 0)),
			Actor: domain.ByRule("purge"), Cause: cause,
			Body: OnContributor{Contributor: who, Do: contributor.CompletePurge{Act: p.Act}},
		})
	}
	return commands
}

func pending(p contributor.Purge) bool {
	return p.Status == contributor.PurgeIsOrdered || p.Status == contributor.PurgeIsReversing
}

// purgeCommand is the id of what a purge, or its reversal, does in a tree.
func purgeCommand(who domain.ContributorID, p contributor.Purge, id domain.TreeID) domain.CommandID {
	what := "purge/"
	if p.Status != contributor.PurgeIsOrdered {
		what = "reverse/"
	}
	return domain.CommandID(domain.Derive(p.Act, what+who.String()+"/"+id.String(), 0))
}

// purgeIn is what a purge that is ordered, or else its reversal, does in a tree.
// It takes nothing that came after the order.
func purgeIn(who domain.ContributorID, p contributor.Purge, id domain.TreeID) tree.Command {
	if p.Status != contributor.PurgeIsOrdered {
		p.Status = contributor.PurgeIsOrdered
		return tree.RestoreAuthored{Command: purgeCommand(who, p, id), Reason: p.Back}
	}
	to := p.Scope.To
	if to.IsZero() || to.After(p.Ordered) {
		to = p.Ordered
	}
	return tree.DeleteAuthored{Author: who, KeepPrompts: p.Scope.KeepPrompts, From: p.Scope.From, To: to, Reason: p.Reason}
}

// AskPurge asks what a purge would do in a tree, or what its reversal would,
// decision by decision: what would be deleted, what votes that count no longer
// had decided, and what becomes of the tree.
type AskPurge struct {
	Tree        domain.TreeID
	Contributor domain.ContributorID
	Purge       contributor.Purge // an ordered one, or one that is to be reversed
	Votes       bool              // the votes are discounted with it, or reinstated
}

func (AskPurge) question() {}

func (q AskPurge) look(w *writer, _ campaign.State) (Answer, error) {
	t := w.s.trees[q.Tree]
	if t == nil || t.pool == nil {
		return Answer{}, nil
	}
	do := []tree.Command{purgeIn(q.Contributor, q.Purge, q.Tree)}
	if q.Votes && q.Purge.Status == contributor.PurgeIsOrdered {
		do = append(do, tree.HaltPrompt{Author: q.Contributor}, tree.Discount{Contributor: q.Contributor})
	} else if q.Votes {
		do = append(do, tree.Reinstate{Contributor: q.Contributor})
	}
	id := purgeCommand(q.Contributor, q.Purge, q.Tree)
	ctx := &policy.Context{Now: w.s.last, Policy: &t.pool.Policy, Dice: domain.NewDice(w.e.opt.Dice(id)), Command: id}
	s := t.State
	var x Effect
	var all []domain.Event
	for _, c := range do {
		events, err := tree.Decide(s, c, ctx)
		if err != nil {
			return Answer{}, err
		}
		for _, e := range events {
			s = tree.Evolve(s, e, ctx.Now)
		}
		all = append(all, events...)
	}
	x.add(all)
	return Answer{Effect: x}, nil
}

// ForeseePurge tells what a purge of an account would do, or the reversal of one
// that is done, in all trees. Nothing changes.
func (e *Engine) ForeseePurge(ctx context.Context, who domain.ContributorID, p contributor.Purge, votes bool) (x Effect, err error) {
	trees, err := e.Involved(ctx, who)
	for _, id := range trees {
		if err != nil {
			break
		}
		var one Effect
		one, err = e.foresee(ctx, id, AskPurge{Tree: id, Contributor: who, Purge: p, Votes: votes})
		x.Add(one)
	}
	return x, err
}
