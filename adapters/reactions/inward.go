package reactions

import (
	"context"
	"time"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/tree"
)

// Engine is what handlers need of the write side.
type Engine interface {
	Do(ctx context.Context, c commands.Command) (commands.Result, error)
	// Involved lists the trees that a contributor wrote, reviewed or ranked in.
	Involved(ctx context.Context, who domain.ContributorID) ([]domain.TreeID, error)
}

var _ Engine = (*commands.Engine)(nil)

// send runs a command. A refusal is an answer for good: the world has changed,
// and the reaction has lost its object. Whatever else goes wrong is no fault of
// the event.
func (x *Reactions) send(ctx context.Context, c commands.Command) error {
	_, err := x.c.Engine.Do(ctx, c)
	if err == nil || domain.RefusalKind(err) != "" {
		return nil
	}
	return busyError{err}
}

// Bounds on one try of the handlers that work inward. A contributor may be
// involved in thousands of trees; a try that was cut short has done some, which
// the next one finds done.
const (
	policyWithin   = time.Minute
	standingWithin = 5 * time.Minute
)

// policyHandler lets the campaign's policy reach the pools: all of them when it
// changes, a pool that was opened under an older one as soon as it is there.
func (x *Reactions) policyHandler() *handler {
	return &handler{
		name: "policy", follows: []domain.EventType{"campaign.configured", "pool.opened"}, within: policyWithin, do: x.followUp,
	}
}

// standingHandler does in every tree what a contributor's standing asks for.
func (x *Reactions) standingHandler() *handler {
	return &handler{
		name: "standing", follows: []domain.EventType{"contributor.disabled", "contributor.enabled", "contributor.erased", "purge.ordered", "purge.reversed"},
		within: standingWithin, do: x.followUp,
	}
}

// followUp does what an event asks for in other partitions.
func (x *Reactions) followUp(ctx context.Context, r *domain.Recorded) error {
	todo, err := x.c.Consequences(ctx, *r)
	if err != nil {
		return busyError{err}
	}
	for _, c := range todo {
		if err := x.send(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// withdrawalHandler deletes what an erased contributor wrote; the package
// comment says when a campaign wants that.
func (x *Reactions) withdrawalHandler() *handler {
	return &handler{
		name: "withdrawal", follows: []domain.EventType{"contributor.erased"}, within: standingWithin, do: x.withdraw,
	}
}

func (x *Reactions) withdraw(ctx context.Context, r *domain.Recorded) error {
	who, ok := r.Stream.Contributor()
	if !ok {
		return forGood("%s stands in the stream %s, which is no contributor's", r.Payload.Type(), r.Stream)
	}
	trees, err := x.c.Engine.Involved(ctx, who)
	if err != nil {
		return busyError{err}
	}
	for _, id := range trees {
		err := x.send(ctx, commands.Command{
			ID:    domain.CommandID(domain.Derive(domain.CommandID(r.ID), "withdrawal/"+id.String(), 0)),
			Actor: domain.ByRule("withdrawal"), Cause: r.ID,
			Body: commands.OnTree{Tree: id, Do: tree.DeleteAuthored{Author: who, Reason: "the contributor was erased"}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
