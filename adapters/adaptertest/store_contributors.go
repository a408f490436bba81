package adaptertest

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/contributors"
)

var contributorTests = []storeTest{
	{"accounts are given one by one, in a list, and all", (*storeSuite).accounts},
	{"mergers are followed through chains and circles", (*storeSuite).mergers},
	{"accounts are those of a model", (*storeSuite).accountsModel},
}

func account(n byte) domain.ContributorID { return domain.ContributorID{15: n} }

func (s *storeSuite) accounts() {
	full := &contributors.Contributor{
		ID: account(2), Client: domain.ClientID{3}, Registered: storeEra, Terms: "2023-01 'ü'", Consented: storeEra.Add(time.Hour),
		Hidden: true, Disabled: true, Discounted: true, Reason: "a \"troll\"\n", MergedInto: account(9), Erased: true,
	}
	bare := &contributors.Contributor{ID: account(1), Registered: storeEra}
	s.put(full, bare)
	answer(s.store.Contributor(s.ctx, full.ID)).is(s, "an account with all fields", full)
	answer(s.store.Contributor(s.ctx, bare.ID)).is(s, "an account with few fields", bare)
	answer(s.store.Contributor(s.ctx, account(3))).is(s, "no account", nil)
	answer(s.store.Contributors(s.ctx, nil)).is(s, "all accounts", []*contributors.Contributor{bare, full})
	answer(s.store.Contributors(s.ctx, []domain.ContributorID{})).is(s, "a list of none", nil)
	answer(s.store.Contributors(s.ctx, []domain.ContributorID{full.ID, account(3), bare.ID, full.ID})).is(s, "a list",
		[]*contributors.Contributor{full, nil, bare, full})
	s.commit(projections.Remove(&contributors.Contributor{ID: bare.ID}))
	answer(s.store.Contributors(s.ctx, nil)).is(s, "those that are left", []*contributors.Contributor{full})
}

// mergers lays out 3 → 2 → 1, 5 → 1, a circle 9 → 8 → 7 → 9 with 6 → 8 hanging
// on, and 11 → 12, which is not known.
func (s *storeSuite) mergers() {
	for from, into := range map[byte]byte{1: 0, 2: 1, 3: 2, 4: 0, 5: 1, 6: 8, 7: 9, 8: 7, 9: 8, 11: 12} {
		s.put(&contributors.Contributor{ID: account(from), Registered: storeEra, MergedInto: account(into)})
	}
	owns := func(owner byte, others ...byte) {
		s.Helper()
		want := []domain.ContributorID{account(owner)}
		for _, o := range others {
			want = append(want, account(o))
		}
		mergers, err := s.store.Mergers(s.ctx)
		if err != nil {
			s.Fatal(err)
		}
		answer(mergers.Accounts(want[:1])[0], err).is(s, "the accounts by all mergers", want)
		for _, id := range want {
			answer(mergers.Owner(id), err).is(s, "the owner by all mergers", want[0])
			answer(s.store.Owner(s.ctx, id)).is(s, "the owner of "+id.String(), want[0])
		}
		answer(s.store.Accounts(s.ctx, want[0])).is(s, "the accounts of "+want[0].String(), want)
	}
	owns(1, 2, 3, 5)
	owns(4)
	owns(7, 6, 8, 9)
	owns(12, 11)
	owns(13)
	answer(s.store.Accounts(s.ctx, account(2))).is(s, "the accounts of a merged one", []domain.ContributorID{account(2)})
	answer(s.store.Accounts(s.ctx, account(9))).is(s, "the accounts of one in a circle", []domain.ContributorID{account(9)})
}

func (s *storeSuite) accountsModel() {
	const known = 8
	rows := model[domain.ContributorID, *contributors.Contributor]{}
	var ids []domain.ContributorID // known or not, by id
	for n := range known + 2 {
		ids = append(ids, account(byte(n+1)))
	}
	draw := func() projections.Change {
		id := ids[s.dice.Below(known)]
		row := &contributors.Contributor{ID: id, Registered: storeEra, Hidden: s.dice.Chance(1, 2)}
		if into := ids[s.dice.Below(len(ids))]; s.dice.Chance(2, 3) && into != id {
			row.MergedInto = into
		}
		return rows.draw(s, id, &contributors.Contributor{ID: id}, row)
	}
	s.rounds(draw, func() {
		owners := ownersOf(rows, ids)
		var listed []*contributors.Contributor
		for _, id := range ids {
			answer(s.store.Contributor(s.ctx, id)).is(s, "Contributor", rows[id])
			answer(s.store.Owner(s.ctx, id)).is(s, "Owner", owners[id])
			want := []domain.ContributorID{id}
			for _, other := range ids {
				if owners[other] == id && owners[id] == id && other != id {
					want = append(want, other)
				}
			}
			answer(s.store.Accounts(s.ctx, id)).is(s, "Accounts", want)
			listed = append(listed, rows[id])
		}
		answer(s.store.Contributors(s.ctx, ids)).is(s, "Contributors", listed)
		answer(s.store.Contributors(s.ctx, nil)).is(s, "all Contributors", slices.DeleteFunc(listed, func(c *contributors.Contributor) bool { return c == nil }))
	})
}

// ownersOf goes on from each account as often as there are accounts, and from
// there once around a circle if it is in one.
func ownersOf(rows model[domain.ContributorID, *contributors.Contributor], ids []domain.ContributorID) map[domain.ContributorID]domain.ContributorID {
	step := func(id domain.ContributorID) domain.ContributorID {
		if r := rows[id]; r != nil && !r.MergedInto.IsZero() {
			return r.MergedInto
		}
		return id
	}
	owners := map[domain.ContributorID]domain.ContributorID{}
	for _, id := range ids {
		end := id
		for range ids {
			end = step(end)
		}
		least := end
		for at := step(end); at != end; at = step(at) {
			if at.Compare(least) < 0 {
				least = at
			}
		}
		owners[id] = least
	}
	return owners
}
