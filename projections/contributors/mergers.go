package contributors

import (
	"slices"

	"dendro/domain"
	"dendro/domain/contributor"
)

// Mergers says which accounts were merged into which.
type Mergers map[domain.ContributorID]domain.ContributorID

// Into implements contributor.Into.
func (m Mergers) Into(id domain.ContributorID) (domain.ContributorID, bool) {
	into, merged := m[id]
	return into, merged
}

// Owner follows the mergers of an account to their end; see contributor.Owner.
func (m Mergers) Owner(id domain.ContributorID) domain.ContributorID {
	return contributor.Owner(id, m.Into)
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
