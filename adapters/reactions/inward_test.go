package reactions

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// Consequences are sent in their order, whatever the engine answers; one that
// it cannot take holds up those behind it, and is sent again with all before it.
func TestConsequencesAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(t, 1)
		who := domain.ContributorID{15: 1}
		disabled := d.put(0, domain.ContributorStream(who), contributor.Disabled{Reason: "spam"})
		d.put(0, domain.ContributorStream(who), contributor.Updated{})
		configured := d.put(0, domain.CampaignStream, campaign.Configured{Revision: 1})
		of := func(r domain.Recorded) (list []commands.Command) {
			for i := range 3 {
				list = append(list, commands.Command{ID: domain.CommandID(domain.Derive(domain.CommandID(r.ID), "x", i)), Cause: r.ID})
			}
			return list
		}
		asked := map[domain.EventID]int{}
		engine := &clerk{fail: func(n int, _ commands.Command) error {
			switch n {
			case 1:
				return fmt.Errorf("queue: %w", domain.ErrOverloaded)
			case 2:
				return domain.Refuse(domain.UnknownTree, "gone")
			}
			return nil
		}}
		x := newReactions(t, d, t.TempDir(), nil, func(c *Config) {
			c.Engine, c.Lanes = engine, 1
			c.Consequences = func(_ context.Context, r domain.Recorded) ([]commands.Command, error) {
				if asked[r.ID]++; asked[r.ID] == 1 {
					return nil, errors.New("still catching up")
				}
				return of(r), nil
			}
		})
		x.handlers = x.handlers[1:] // standing first: the two run side by side
		stop := started(t, x)
		later(time.Hour)
		stop()
		// Sent: 0; 1 is not taken; 0 is refused, then 1 and 2.
		d0 := of(disabled)
		if diff := cmp.Diff([]commands.Command{d0[0], d0[1], d0[2]}, engine.log()); diff != "" {
			t.Errorf("standing, -want +got:\n%s", diff)
		}
		engine.sent = nil
		x = newReactions(t, d, t.TempDir(), nil, func(c *Config) { c.Engine, c.Consequences = engine, x.c.Consequences })
		x.handlers = x.handlers[:1]
		stop = started(t, x)
		later(time.Hour)
		stop()
		if diff := cmp.Diff(of(configured), engine.log()); diff != "" {
			t.Errorf("policy, -want +got:\n%s", diff)
		}
		if len(asked) != 2 || len(x.poison.List()) != 0 {
			t.Errorf("asked about %v, poison %v", asked, x.poison.List())
		}
	})
}

func TestWithdrawal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(t, 1)
		who := domain.ContributorID{15: 1}
		d.put(0, domain.ContributorStream(who), contributor.Disabled{Reason: "spam"})
		erased := d.put(0, domain.ContributorStream(who), contributor.Erased{Reason: "asked for"})
		engine := &clerk{related: []domain.TreeID{{15: 4}, {15: 5}}}
		x := newReactions(t, d, t.TempDir(), nil, func(c *Config) { c.Engine, c.DeleteErased = engine, true })
		stop := started(t, x)
		later(time.Hour)
		stop()
		var want []commands.Command
		for _, id := range engine.related {
			want = append(want, commands.Command{
				ID:    domain.CommandID(domain.Derive(domain.CommandID(erased.ID), "withdrawal/"+id.String(), 0)),
				Actor: domain.ByRule("withdrawal"), Cause: erased.ID,
				Body: commands.OnTree{Tree: id, Do: tree.DeleteAuthored{Author: who, Reason: "the contributor was erased"}},
			})
		}
		if diff := cmp.Diff(want, engine.log()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}
