package dataset

import (
	"maps"
	"slices"

	"dendro/domain"
	"dendro/domain/contributor"
)

// accounts is what the contributors' own streams say. It is looked at only
// when a dataset is read off, because those streams may be in any partition.
type accounts struct {
	into   map[domain.ContributorID]domain.ContributorID // merged accounts
	erased map[domain.ContributorID]bool
}

func newAccounts() accounts {
	return accounts{into: map[domain.ContributorID]domain.ContributorID{}, erased: map[domain.ContributorID]bool{}}
}

// owner is whom an account's deeds count for.
type owner struct {
	id     domain.ContributorID
	erased bool // the account, or one that it was merged into
}

// owners resolves accounts.
type owners struct {
	accounts
	known map[domain.ContributorID]owner
}

func newOwners(folds []*Fold) *owners {
	w := &owners{accounts: newAccounts(), known: map[domain.ContributorID]owner{}}
	for _, f := range folds {
		maps.Copy(w.into, f.into)
		maps.Copy(w.erased, f.erased)
	}
	return w
}

func (w *owners) merged() bool { return len(w.into) > 0 }

// of gives whom an account's deeds count for; see contributor.Owner.
func (w *owners) of(id domain.ContributorID) owner {
	if !w.merged() {
		return owner{id, w.erased[id]}
	}
	if got, ok := w.known[id]; ok {
		return got
	}
	into := func(id domain.ContributorID) (domain.ContributorID, bool) {
		next, merged := w.into[id]
		return next, merged
	}
	path, _ := contributor.Onward(id, into)
	got := owner{
		contributor.Owner(id, into),
		slices.ContainsFunc(path, func(id domain.ContributorID) bool { return w.erased[id] }),
	}
	w.known[id] = got
	return got
}

// erasures lists the contributors that were erased, by id.
func (w *owners) erasures() []domain.ContributorID {
	return slices.SortedFunc(maps.Keys(w.erased), domain.ContributorID.Compare)
}
