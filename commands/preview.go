package commands

import (
	"context"
	"slices"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/domain/tree"
)

// Preview tells what a command would do in all trees if it were given to these
// accounts of one owner, one after another, or refuses it as they would. Nothing
// changes. It is exact as long as nothing else happens: the same decisions are
// made, on copies of the states. Of a purge that takes two people it tells what
// comes of it when it is approved.
func (e *Engine) Preview(ctx context.Context, accounts []domain.ContributorID, do contributor.Command) (x Effect, err error) {
	if err := e.catchUp(ctx); err != nil {
		return x, err
	}
	var changed []Account
	var trees []domain.TreeID
	seen := map[domain.TreeID]bool{}
	for _, id := range accounts {
		a, err := e.after(id, do)
		if err != nil {
			return x, err
		}
		if a == nil {
			continue
		}
		involved, err := e.Involved(ctx, id)
		if err != nil {
			return x, err
		}
		changed = append(changed, *a)
		for _, tree := range involved {
			if !seen[tree] {
				seen[tree], trees = true, append(trees, tree)
			}
		}
	}
	for _, id := range trees {
		one, err := e.foresee(ctx, AskFollowing{Tree: id, Accounts: changed})
		if err != nil {
			return x, err
		}
		x.Add(one)
	}
	return x, nil
}

// after gives an account as a command would leave it; nil when nothing in trees
// would follow.
func (e *Engine) after(id domain.ContributorID, do contributor.Command) (*Account, error) {
	do = e.aboutPurge(OnContributor{Contributor: id, Do: do}).Do
	if order, ok := do.(contributor.OrderPurge); ok {
		order.TwoPeople = false
		do = order
	}
	e.facts.mu.RLock()
	s := e.facts.contributors[id]
	e.facts.mu.RUnlock()
	now := e.opt.Clock.Now()
	events, err := contributor.Decide(s, do, &policy.Context{Now: now})
	if err != nil || !slices.ContainsFunc(events, asks) {
		return nil, err
	}
	for _, event := range events {
		s = contributor.Evolve(s, event, now)
	}
	return &Account{ID: id, Standing: s}, nil
}

// foresee asks a tree's partition.
func (e *Engine) foresee(ctx context.Context, q AskFollowing) (Effect, error) {
	var at domain.PoolID
	err := e.settled(ctx, func() (err error) {
		_, at, err = e.facts.locate(q.Tree, reference{})
		return err
	})
	if err != nil {
		return Effect{}, err
	}
	a, err := e.askAt(ctx, e.place(at.Stream()), q)
	return a.Effect, err
}

// AskFollowing asks what would follow in a tree if accounts stood so.
type AskFollowing struct {
	Tree     domain.TreeID
	Accounts []Account
}

// Account is an account as it might stand.
type Account struct {
	ID       domain.ContributorID
	Standing contributor.State
}

func (AskFollowing) question() {}

func (q AskFollowing) look(w *writer, _ campaign.State) (Answer, error) {
	t := w.s.trees[q.Tree]
	if t == nil || t.pool == nil {
		return Answer{}, nil
	}
	s := t.State
	var all []domain.Event
	for _, a := range q.Accounts {
		for _, c := range inTree(domain.EventID{}, a.ID, a.Standing, a.Standing.Purges, q.Tree) {
			ctx := &policy.Context{Now: w.s.last, Policy: &t.pool.Policy, Dice: domain.NewDice(w.e.opt.Dice(c.ID)), Command: c.ID}
			events, err := tree.Decide(s, c.Body.(OnTree).Do, ctx)
			if err != nil {
				return Answer{}, err
			}
			for _, e := range events {
				s = tree.Evolve(s, e, ctx.Now)
			}
			all = append(all, events...)
		}
	}
	var x Effect
	x.add(all)
	return Answer{Effect: x}, nil
}
