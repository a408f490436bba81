package commands

import (
	"context"
	"slices"
	"strings"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// concern is what an event asks for in other partitions.
type concern struct {
	policy bool                 // that pools come under the policy in force
	who    domain.ContributorID // that a standing reaches the trees; zero: none
}

func concernOf(r *domain.Recorded) (c concern, any bool) {
	switch r.Payload.(type) {
	case campaign.Configured, pool.Opened:
		return concern{policy: true}, true
	}
	if asks(r.Payload) {
		c.who, any = r.Stream.Contributor()
	}
	return c, any
}

// asks reports whether something follows from an event about a contributor in
// trees.
func asks(e domain.Event) bool {
	switch e.(type) {
	case contributor.Disabled, contributor.Enabled, contributor.Erased, contributor.PurgeOrdered, contributor.PurgeReversed:
		return true
	}
	return false
}

// Consequences gives the commands that an event asks for in other partitions,
// none for most: a policy reaches the pools, a disabled contributor's prompts
// are halted, a troll's votes discounted, a purge is carried out. It looks at
// what is now, not at what was when the event came: so it may be asked again at any time, by anyone, in
// any order, and the commands, whose ids are derived from the newest event that
// they follow, do what is left to do. A refusal of one means that it has lost
// its object; after any other error ask again.
func (e *Engine) Consequences(ctx context.Context, r domain.Recorded) ([]Command, error) {
	c, any := concernOf(&r)
	if !any {
		return nil, nil
	}
	// Not just with the event: of a policy and a pool that come at the same time
	// on two nodes, one must be seen together with the other.
	if err := e.catchUp(ctx); err != nil {
		return nil, err
	}
	if c.policy {
		return e.facts.spread(nil), nil
	}
	behind := r.Position
	behind.Seq++
	trees, err := e.involved(ctx, AskInvolved{Contributor: c.who, After: behind})
	if err != nil {
		return nil, err
	}
	steps, completions := e.facts.carry(c.who, trees)
	return append(steps, completions...), nil
}

// spread gives the commands that bring pools under the policy in force; of
// those that within lets in, or all.
func (f *facts) spread(within func(domain.PoolID) bool) []Command {
	f.mu.RLock()
	in, cause := f.campaign, f.configured
	var behind []domain.PoolID
	for id, revision := range f.pools {
		if revision < in.Revision && (within == nil || within(id)) {
			behind = append(behind, id)
		}
	}
	f.mu.RUnlock()
	slices.SortFunc(behind, func(a, b domain.PoolID) int { return strings.Compare(string(a.Stream()), string(b.Stream())) })
	commands := make([]Command, len(behind))
	for i, id := range behind {
		commands[i] = UnderPolicy(cause, in, id)
	}
	return commands
}

// carry gives the commands that bring a contributor's standing and purges to
// trees; and those that note each purge as done, once all is done in all trees.
func (f *facts) carry(who domain.ContributorID, trees []domain.TreeID) (steps, completions []Command) {
	f.mu.RLock()
	s, cause := f.contributors[who], f.decided[who]
	f.mu.RUnlock()
	for _, id := range trees {
		steps = append(steps, inTree(cause, who, s, s.Purges, id)...)
	}
	for _, p := range s.Purges {
		if pending(p) {
			completions = append(completions, completion(cause, who, p))
		}
	}
	return steps, completions
}

// UnderPolicy brings one pool under the campaign's policy, because of the event
// that put it in force.
func UnderPolicy(cause domain.EventID, in campaign.State, id domain.PoolID) Command {
	return Command{
		ID:    domain.CommandID(domain.Derive(domain.CommandID(cause), string(id.Stream()), 0)),
		Actor: domain.ByRule("policy"), Cause: cause,
		Body: OnPool{Pool: id, Do: pool.Configure{Policy: in.Policy, Revision: in.Revision}},
	}
}

// UnderStanding does in one tree what a contributor's standing asks for,
// because of the newest event about the contributor.
func UnderStanding(cause domain.EventID, who domain.ContributorID, s contributor.State, id domain.TreeID) []Command {
	const reason = "the contributor's account is disabled"
	var todo []tree.Command
	if s.Disabled || s.Erased {
		todo = append(todo, tree.HaltPrompt{Author: who, Reason: reason})
	}
	if s.Discounted {
		todo = append(todo, tree.Discount{Contributor: who, Reason: reason})
	} else {
		todo = append(todo, tree.Reinstate{Contributor: who, Reason: "the contributor's account is enabled again"})
	}
	commands := make([]Command, len(todo))
	for i, do := range todo {
		commands[i] = Command{
			ID:    domain.CommandID(domain.Derive(domain.CommandID(cause), "tree/"+id.String(), i)),
			Actor: domain.ByRule("contributor_standing"), Cause: cause, Body: OnTree{Tree: id, Do: do},
		}
	}
	return commands
}
