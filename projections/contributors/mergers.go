package contributors

import (
	"slices"

	"dendro/domain"
)

// Mergers says which accounts were merged into which.
type Mergers map[domain.ContributorID]domain.ContributorID

// Owner follows the mergers of an account to their end. Accounts merged in a
// circle belong to the one with the smallest id among them.
func (m Mergers) Owner(id domain.ContributorID) domain.ContributorID {
	return Owner(id, func(id domain.ContributorID) (domain.ContributorID, bool) {
		into, merged := m[id]
		return into, merged
	})
}

// Owner is Mergers.Owner where into tells what an account was merged into.
func Owner(id domain.ContributorID, into func(domain.ContributorID) (domain.ContributorID, bool)) domain.ContributorID {
	next, merged := into(id)
	if !merged {
		return id
	}
	path := []domain.ContributorID{id, next}
	walked := map[domain.ContributorID]int{id: 0}
	for {
		last := len(path) - 1
		if at, again := walked[path[last]]; again {
			return slices.MinFunc(path[at:last], domain.ContributorID.Compare)
		}
		walked[path[last]] = last
		next, merged := into(path[last])
		if !merged {
			return path[last]
		}
		path = append(path, next)
	}
}

// Accounts gives, for each owner, the accounts that it has: itself, then all
// others whose Owner it is, by id. An account that another one owns has itself
// only.
func (m Mergers) Accounts(owners []domain.ContributorID) [][]domain.ContributorID {
	owned := map[domain.ContributorID][]domain.ContributorID{}
	for id := range m {
		if owner := m.Owner(id); owner != id {
			owned[owner] = append(owned[owner], id)
		}
	}
	out := make([][]domain.ContributorID, len(owners))
	for i, owner := range owners {
		others := owned[owner]
		slices.SortFunc(others, domain.ContributorID.Compare)
		out[i] = append([]domain.ContributorID{owner}, others...)
	}
	return out
}
