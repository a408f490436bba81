package reactions

import (
	"context"
	"slices"
	"strings"
	"time"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/pool"
)

// policyHandler lets the campaign's policy reach the pools: all of them when it
// changes, a pool that was opened under an older one as soon as it is there.
func (x *Reactions) policyHandler() *handler {
	return &handler{
		name: "policy", follows: []domain.EventType{"campaign.configured", "pool.opened"},
		within: time.Minute, do: x.spreadPolicy,
	}
}

func (x *Reactions) spreadPolicy(ctx context.Context, r *domain.Recorded) error {
	if err := x.c.Facts.Reach(ctx, r.Position); err != nil {
		return busyError{err}
	}
	in, cause := x.c.Facts.Policy()
	for _, id := range behind(x.c.Facts.Pools(), in.Revision) {
		err := x.send(ctx, commands.Command{
			ID:    domain.CommandID(domain.Derive(domain.CommandID(cause), string(id.Stream()), 0)),
			Actor: domain.ByRule("policy"), Cause: cause,
			Body: commands.OnPool{Pool: id, Do: pool.Configure{Policy: in.Policy, Revision: in.Revision}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// behind lists the pools under an older policy, by name.
func behind(pools map[domain.PoolID]int, revision int) []domain.PoolID {
	var out []domain.PoolID
	for id, has := range pools {
		if has < revision {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b domain.PoolID) int { return strings.Compare(string(a.Stream()), string(b.Stream())) })
	return out
}
