package reactions

import (
	"context"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
)

// Engine is what handlers need of the write side; *commands.Engine is one.
type Engine interface {
	Do(ctx context.Context, c commands.Command) (commands.Result, error)
	// Involved lists the trees that a contributor wrote, reviewed or ranked in.
	Involved(ctx context.Context, who domain.ContributorID) ([]domain.TreeID, error)
}

var _ Engine = (*commands.Engine)(nil)

// Facts is what handlers must know of other partitions. LogFacts is one.
type Facts interface {
	// Reach waits until what the others give rests on the event at the position
	// too.
	Reach(ctx context.Context, at domain.Position) error
	// Standing gives a contributor's state, and the event that changed it last.
	Standing(who domain.ContributorID) (contributor.State, domain.EventID)
	// Policy gives the campaign with the policy in force, and that policy's event.
	Policy() (campaign.State, domain.EventID)
	// Pools gives the open pools, and the revision of the policy in force there.
	Pools() map[domain.PoolID]int
}

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
