package commands

import (
	"context"
	"slices"

	"dendro/domain"
	"dendro/domain/contributor"
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

// person gives the owner of an account.
func (f *facts) person(id domain.ContributorID) domain.ContributorID {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return contributor.Owner(id, func(id domain.ContributorID) (domain.ContributorID, bool) {
		into := f.contributors[id].MergedInto
		return into, !into.IsZero()
	})
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

// CarryOut does in the trees what a purge of an account, or its reversal, asks
// for, with what the account's standing does there, and notes that it is done.
// answered is what the command that asked for it was answered: if that was new,
// the effect is told whole even if reactions were faster, as their commands are
// the same. Otherwise only what was left to do is done; mostly nothing.
func (e *Engine) CarryOut(ctx context.Context, who domain.ContributorID, act domain.CommandID, answered Result) (x Effect, err error) {
	if err := e.catchUp(ctx); err != nil {
		return x, err
	}
	e.facts.mu.RLock()
	s, cause := e.facts.contributors[who], e.facts.decided[who]
	e.facts.mu.RUnlock()
	p, _ := s.PurgeOf(act)
	if fresh := !answered.Repeated && slices.ContainsFunc(answered.Events, func(r domain.Recorded) bool { return asks(r.Payload) }); fresh {
		p = again(p)
	}
	if !pending(p) {
		return x, nil
	}
	trees, err := e.Involved(ctx, who)
	for _, id := range trees {
		if err != nil {
			return x, err
		}
		var part Effect
		part, err = e.doIn(ctx, id, inTree(cause, who, s, []contributor.Purge{p}, id))
		x.Add(part)
	}
	if err == nil {
		_, err = e.Do(ctx, completion(cause, who, p))
	}
	return x, err
}

// again is a purge as it was before it was noted as done.
func again(p contributor.Purge) contributor.Purge {
	switch p.Status {
	case contributor.PurgeIsDone:
		p.Status = contributor.PurgeIsOrdered
	case contributor.PurgeIsReversed:
		p.Status = contributor.PurgeIsReversing
	}
	return p
}

// inTree gives what an account's purges and standing still ask for in a tree. A
// purge goes first: a tree that it leaves nothing of has come to a halt by it,
// not by the disabling, and goes on when it is reversed.
func inTree(cause domain.EventID, who domain.ContributorID, s contributor.State, purges []contributor.Purge, id domain.TreeID) (commands []Command) {
	for _, p := range purges {
		if pending(p) {
			commands = append(commands, Command{
				ID: purgeCommand(who, p, id), Actor: domain.ByRule("purge"), Cause: cause, Body: OnTree{Tree: id, Do: purgeIn(who, p, id)},
			})
		}
	}
	return append(commands, UnderStanding(cause, who, s, id)...)
}

// completion notes that a purge, or its reversal, is done in all trees.
func completion(cause domain.EventID, who domain.ContributorID, p contributor.Purge) Command {
	return Command{
		ID:    domain.CommandID(domain.Derive(p.Act, "completed/"+who.String()+"/"+string(p.Status), 0)),
		Actor: domain.ByRule("purge"), Cause: cause,
		Body: OnContributor{Contributor: who, Do: contributor.CompletePurge{Act: p.Act}},
	}
}

func pending(p contributor.Purge) bool {
	return p.Status == contributor.PurgeIsOrdered || p.Status == contributor.PurgeIsReversing
}

// purgeCommand is the id of what a purge, or its reversal, does in a tree.
func purgeCommand(who domain.ContributorID, p contributor.Purge, id domain.TreeID) domain.CommandID {
	return contributor.PurgeCommand(p.Act, who, id, p.Status != contributor.PurgeIsOrdered)
}

// purgeIn is what a purge that is ordered, or else its reversal, does in a tree.
// It takes nothing that came after the order.
func purgeIn(who domain.ContributorID, p contributor.Purge, id domain.TreeID) tree.Command {
	if p.Status != contributor.PurgeIsOrdered {
		return tree.RestoreAuthored{Command: contributor.PurgeCommand(p.Act, who, id, false), Reason: p.Back}
	}
	to := p.Scope.To
	if to.IsZero() || to.After(p.Ordered) {
		to = p.Ordered
	}
	return tree.DeleteAuthored{Author: who, KeepPrompts: p.Scope.KeepPrompts, From: p.Scope.From, To: to, Reason: p.Reason}
}
