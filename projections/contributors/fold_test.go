package contributors_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/contributors"
	"dendro/projections/projectionstest"
)

func person(n byte) domain.ContributorID { return domain.ContributorID{15: n} }

func key(r projections.Row) any { return r.(*contributors.Contributor).ID }

var someone = domain.ByModerator("m")

// Each rule on its own: what account 1 looks like behind its registration and
// these events, an hour apart.
func TestRules(t *testing.T) {
	at := func(n int) time.Time { return projectionstest.Start.Add(time.Duration(n) * time.Hour) }
	disabled, enabled := contributor.Disabled{Reason: "troll"}, contributor.Enabled{Reason: "no troll"}
	discounted := contributor.Disabled{Reason: "troll", Discount: true}
	for name, c := range map[string]struct {
		events []domain.Event
		want   func(*contributors.Contributor)
	}{
		"registered": {nil, func(*contributors.Contributor) {}},
		"the newest terms stand": {
			[]domain.Event{contributor.Consented{Terms: "1"}, contributor.Consented{Terms: "2"}},
			func(c *contributors.Contributor) { c.Terms, c.Consented = "2", at(2) },
		},
		"hidden": {
			[]domain.Event{contributor.Updated{ShowOnLeaderboard: false}},
			func(c *contributors.Contributor) { c.Hidden = true },
		},
		"shown again": {
			[]domain.Event{contributor.Updated{}, contributor.Updated{ShowOnLeaderboard: true}},
			func(*contributors.Contributor) {},
		},
		"disabled":   {[]domain.Event{disabled}, func(c *contributors.Contributor) { c.Disabled, c.Reason = true, "troll" }},
		"discounted": {[]domain.Event{discounted}, func(c *contributors.Contributor) { c.Disabled, c.Discounted, c.Reason = true, true, "troll" }},
		"a later disabling leaves votes discounted": {
			[]domain.Event{discounted, disabled},
			func(c *contributors.Contributor) { c.Disabled, c.Discounted, c.Reason = true, true, "troll" },
		},
		"enabled, and the votes count": {[]domain.Event{discounted, enabled}, func(c *contributors.Contributor) { c.Reason = "no troll" }},
		"merged": {
			[]domain.Event{contributor.Merged{From: person(1), Into: person(2)}},
			func(c *contributors.Contributor) { c.MergedInto = person(2) },
		},
		"erased": {
			[]domain.Event{contributor.Consented{Terms: "1"}, contributor.Erased{}},
			func(c *contributors.Contributor) { c.Terms, c.Consented, c.Erased = "1", at(1), true },
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := projectionstest.NewHistory(1)
			h.Add(0, 0, domain.ContributorStream(person(1)), someone, contributor.Registered{Contributor: person(1), Client: domain.ClientID{15: 9}})
			for _, e := range c.events {
				h.Add(0, time.Hour, domain.ContributorStream(person(1)), someone, e)
			}
			want := &contributors.Contributor{ID: person(1), Client: domain.ClientID{15: 9}, Registered: at(0)}
			c.want(want)
			table := projectionstest.NewTable(t, contributors.New(), key)
			table.Apply(h.OneByOne()...)
			if diff := cmp.Diff(map[any]projections.Row{person(1): want}, table.Rows()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Who was never registered has no row, whatever is said.
func TestUnknownAccounts(t *testing.T) {
	h := projectionstest.NewHistory(1)
	h.Add(0, 0, domain.ContributorStream(person(1)), someone, contributor.Consented{Terms: "1"})
	h.Add(0, 0, domain.TreeStream(domain.TreeID{15: 1}), someone, tree.MessagePosted{Contributor: person(2)})
	table := projectionstest.NewTable(t, contributors.New(), key)
	table.Apply(h.OneByOne()...)
	if len(table.Rows()) != 0 {
		t.Errorf("there are rows: %v", table.Rows())
	}
}

// The rows hold what the aggregate's own state holds, however the partitions
// interleave.
func TestFoldAgreesWithTheAggregate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := projectionstest.NewHistory(2)
		states := map[domain.ContributorID]contributor.State{}
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			n := rapid.IntRange(1, 5).Draw(t, "account")
			id := person(byte(n))
			var e domain.Event = contributor.Registered{Contributor: id}
			if states[id].Registered {
				e = rapid.SampledFrom([]domain.Event{
					contributor.Consented{Terms: "1"}, contributor.Consented{Terms: "2"},
					contributor.Updated{}, contributor.Updated{ShowOnLeaderboard: true},
					contributor.Disabled{Reason: "a"}, contributor.Disabled{Reason: "b", Discount: true}, contributor.Enabled{Reason: "c"},
					contributor.Merged{From: id, Into: person(1)}, contributor.Erased{},
				}).Draw(t, "event")
			}
			h.Add(domain.Partition(n%2), time.Minute, domain.ContributorStream(id), someone, e)
			states[id] = contributor.Evolve(states[id], e, time.Time{})
		}
		for _, events := range [][]domain.Recorded{h.OneByOne(), h.Interleaved(t)} {
			table := projectionstest.NewTable(t, contributors.New(), key)
			table.Apply(events...)
			table.Done()
			got := map[domain.ContributorID]contributor.State{}
			for _, row := range table.Rows() {
				c := row.(*contributors.Contributor)
				got[c.ID] = contributor.State{
					ID: c.ID, Registered: true, Terms: c.Terms, Hidden: c.Hidden, Disabled: c.Disabled,
					Discounted: c.Discounted, MergedInto: c.MergedInto, Erased: c.Erased,
				}
			}
			onlyDecides := cmpopts.IgnoreFields(contributor.State{}, "Before", "BannedBy", "Purges") // of purges, which nobody asks the view
			if diff := cmp.Diff(states, got, onlyDecides); diff != "" {
				t.Fatalf("-aggregate +rows:\n%s", diff)
			}
		}
	})
}
