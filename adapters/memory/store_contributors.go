package memory

import (
	"context"
	"slices"

	"github.com/tidwall/btree"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/projections/contributors"
)

// accountRows keeps the rows of accounts.
type accountRows struct {
	byID    map[domain.ContributorID]*contributors.Contributor
	ordered *btree.BTreeG[*contributors.Contributor]        // by id
	merged  map[domain.ContributorID][]domain.ContributorID // into the key, in no order
}

func newAccountRows() accountRows {
	return accountRows{
		byID: map[domain.ContributorID]*contributors.Contributor{},
		ordered: btree.NewBTreeGOptions(func(a, b *contributors.Contributor) bool {
			return a.ID.Compare(b.ID) < 0
		}, btree.Options{NoLocks: true}),
		merged: map[domain.ContributorID][]domain.ContributorID{},
	}
}

func (a *accountRows) put(row *contributors.Contributor, gone bool) {
	if old := a.byID[row.ID]; old != nil && !old.MergedInto.IsZero() {
		a.part(old.ID, old.MergedInto)
	}
	if gone {
		delete(a.byID, row.ID)
		a.ordered.Delete(row)
		return
	}
	a.byID[row.ID] = row
	a.ordered.Set(row)
	if into := row.MergedInto; !into.IsZero() {
		a.merged[into] = append(a.merged[into], row.ID)
	}
}

// part undoes a merger.
func (a *accountRows) part(from, into domain.ContributorID) {
	rest := slices.DeleteFunc(a.merged[into], func(id domain.ContributorID) bool { return id == from })
	if a.merged[into] = rest; len(rest) == 0 {
		delete(a.merged, into)
	}
}

// into gives the account that one was merged into.
func (a *accountRows) into(id domain.ContributorID) (domain.ContributorID, bool) {
	row := a.byID[id]
	if row == nil || row.MergedInto.IsZero() {
		return domain.ContributorID{}, false
	}
	return row.MergedInto, true
}

func (a *accountRows) owner(id domain.ContributorID) domain.ContributorID {
	return contributor.Owner(id, a.into)
}

// accounts gives the owner and all that lead to it.
func (a *accountRows) accounts(owner domain.ContributorID) []domain.ContributorID {
	all := []domain.ContributorID{owner}
	if a.owner(owner) != owner {
		return all
	}
	seen := map[domain.ContributorID]bool{owner: true}
	for i := 0; i < len(all); i++ {
		for _, from := range a.merged[all[i]] {
			if !seen[from] {
				seen[from] = true
				all = append(all, from)
			}
		}
	}
	slices.SortFunc(all[1:], domain.ContributorID.Compare)
	return all
}

// Contributor implements contributors.Reader.
func (s *Store) Contributor(_ context.Context, id domain.ContributorID) (*contributors.Contributor, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.accounts.byID[id], nil
}

// Contributors implements contributors.Reader.
func (s *Store) Contributors(_ context.Context, ids []domain.ContributorID) ([]*contributors.Contributor, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if ids == nil {
		return s.accounts.ordered.Items(), nil
	}
	out := make([]*contributors.Contributor, len(ids))
	for i, id := range ids {
		out[i] = s.accounts.byID[id]
	}
	return out, nil
}

// Owner implements contributors.Reader.
func (s *Store) Owner(_ context.Context, id domain.ContributorID) (domain.ContributorID, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.accounts.owner(id), nil
}

// Accounts implements contributors.Reader.
func (s *Store) Accounts(_ context.Context, owner domain.ContributorID) ([]domain.ContributorID, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.accounts.accounts(owner), nil
}

// Mergers implements contributors.Reader.
func (s *Store) Mergers(context.Context) (contributors.Mergers, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := contributors.Mergers{}
	for into, all := range s.accounts.merged {
		for _, from := range all {
			out[from] = into
		}
	}
	return out, nil
}
