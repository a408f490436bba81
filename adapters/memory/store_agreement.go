package memory

import (
	"cmp"
	"context"
	"slices"

	"dendro/domain"
	"dendro/projections/agreement"
)

// agreementRows has raters by account, each account's by size.
type agreementRows struct {
	raters    map[domain.ContributorID][]*agreement.Rater
	everybody []*agreement.Everybody // by size
}

func newAgreementRows() agreementRows {
	return agreementRows{raters: map[domain.ContributorID][]*agreement.Rater{}}
}

func (a *agreementRows) rater(row *agreement.Rater, gone bool) {
	of := a.raters[row.Contributor]
	i, there := slices.BinarySearchFunc(of, row.Size, func(r *agreement.Rater, size int) int { return cmp.Compare(r.Size, size) })
	of = placed(of, i, there, row, gone)
	if len(of) == 0 {
		delete(a.raters, row.Contributor)
		return
	}
	a.raters[row.Contributor] = of
}

func (a *agreementRows) all(row *agreement.Everybody, gone bool) {
	i, there := slices.BinarySearchFunc(a.everybody, row.Size, func(r *agreement.Everybody, size int) int { return cmp.Compare(r.Size, size) })
	a.everybody = placed(a.everybody, i, there, row, gone)
}

// placed gives the list with the row at its place, or without it.
func placed[R any](list []*R, i int, there bool, row *R, gone bool) []*R {
	switch {
	case gone && there:
		return slices.Delete(list, i, i+1)
	case gone:
		return list
	case there:
		list[i] = row
		return list
	}
	return slices.Insert(list, i, row)
}

// Agreement implements agreement.Reader.
func (s *Store) Agreement(_ context.Context, of []domain.ContributorID) (raters []*agreement.Rater, all []*agreement.Everybody, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if of == nil {
		for id := range s.agreement.raters {
			of = append(of, id)
		}
	}
	of = slices.Clone(of)
	slices.SortFunc(of, domain.ContributorID.Compare)
	for _, id := range slices.Compact(of) {
		raters = append(raters, s.agreement.raters[id]...)
	}
	return raters, slices.Clone(s.agreement.everybody), nil
}
