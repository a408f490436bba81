package reactions

import (
	"context"
	"time"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// standingHandler does in every tree what a contributor's standing asks for.
func (x *Reactions) standingHandler() *handler {
	return &handler{
		name: "standing", follows: []domain.EventType{"contributor.disabled", "contributor.enabled", "contributor.erased"},
		within: 5 * time.Minute, do: x.followStanding,
	}
}

func (x *Reactions) followStanding(ctx context.Context, r *domain.Recorded) error {
	who, ok := r.Stream.Contributor()
	if !ok {
		return forGood("%s stands in the stream %s, which is no contributor's", r.Payload.Type(), r.Stream)
	}
	if err := x.c.Facts.Reach(ctx, r.Position); err != nil {
		return busyError{err}
	}
	state, cause := x.c.Facts.Standing(who)
	todo := owed(who, state)
	return x.eachTree(ctx, who, func(id domain.TreeID) error {
		for i, do := range todo {
			err := x.send(ctx, commands.Command{
				ID:    domain.CommandID(domain.Derive(domain.CommandID(cause), "tree/"+id.String(), i)),
				Actor: domain.ByRule("contributor_standing"), Cause: cause, Body: commands.OnTree{Tree: id, Do: do},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// owed lists what a standing asks of each tree, in the order that the ids of
// the commands follow.
func owed(who domain.ContributorID, s contributor.State) []tree.Command {
	const reason = "the contributor's account is disabled"
	var todo []tree.Command
	if s.Disabled || s.Erased {
		todo = append(todo, tree.HaltPrompt{Author: who, Reason: reason})
	}
	if s.Discounted {
		return append(todo, tree.Discount{Contributor: who, Reason: reason})
	}
	return append(todo, tree.Reinstate{Contributor: who, Reason: "the contributor's account is enabled again"})
}

func (x *Reactions) eachTree(ctx context.Context, who domain.ContributorID, do func(domain.TreeID) error) error {
	trees, err := x.c.Engine.Involved(ctx, who)
	if err != nil {
		return busyError{err}
	}
	for _, id := range trees {
		if err := do(id); err != nil {
			return err
		}
	}
	return nil
}

// withdrawalHandler deletes what an erased contributor wrote; package doc says
// when a campaign wants that.
func (x *Reactions) withdrawalHandler() *handler {
	return &handler{
		name: "withdrawal", follows: []domain.EventType{"contributor.erased"},
		within: 5 * time.Minute, do: x.withdraw,
	}
}

func (x *Reactions) withdraw(ctx context.Context, r *domain.Recorded) error {
	who, ok := r.Stream.Contributor()
	if !ok {
		return forGood("%s stands in the stream %s, which is no contributor's", r.Payload.Type(), r.Stream)
	}
	return x.eachTree(ctx, who, func(id domain.TreeID) error {
		return x.send(ctx, commands.Command{
			ID:    domain.CommandID(domain.Derive(domain.CommandID(r.ID), "withdrawal/"+id.String(), 0)),
			Actor: domain.ByRule("withdrawal"), Cause: r.ID,
			Body: commands.OnTree{Tree: id, Do: tree.DeleteAuthored{Author: who, Reason: "the contributor was erased"}},
		})
	})
}
