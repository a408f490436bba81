package adaptertest

import (
	"cmp"

	"dendro/domain"
	domainagreement "dendro/domain/agreement"
	"dendro/projections"
	"dendro/projections/agreement"
)

var agreementTests = []storeTest{
	{"agreement is that of a model", (*storeSuite).agreementModel},
}

type raterKey struct {
	who  domain.ContributorID
	size int
}

func (s *storeSuite) agreementModel() {
	raters, all := model[raterKey, *agreement.Rater]{}, model[int, *agreement.Everybody]{}
	count := func() int64 { return int64(s.dice.Next() >> 2) }
	draw := func() projections.Change {
		size := 2 + s.dice.Below(3)
		if s.dice.Chance(1, 4) {
			row := &agreement.Everybody{Size: size}
			label := s.dice.Below(domainagreement.Labels)
			spread := &row.Spreads[label]
			spread.Values, spread.Squares, spread.Apart.High, spread.Apart.Low = count(), domainagreement.Wide64(-count()), count(), s.dice.Next()
			return all.draw(s, size, &agreement.Everybody{Size: size}, row)
		}
		k := raterKey{account(byte(1 + s.dice.Below(4))), size}
		row := &agreement.Rater{Contributor: k.who, Size: size}
		row.Sums[s.dice.Below(domainagreement.Labels)] = domainagreement.Sum{Values: count(), Apart: count()}
		return raters.draw(s, k, &agreement.Rater{Contributor: k.who, Size: size}, row)
	}
	s.rounds(draw, func() {
		everybody := all.ordered(func(*agreement.Everybody) bool { return true }, func(a, b *agreement.Everybody) int { return a.Size - b.Size })
		is := func(what string, of []domain.ContributorID, takes func(*agreement.Rater) bool) {
			s.Helper()
			got, beside, err := s.store.Agreement(s.ctx, of)
			answer(got, err).is(s, what, raters.ordered(takes, func(a, b *agreement.Rater) int {
				return cmp.Or(a.Contributor.Compare(b.Contributor), a.Size-b.Size)
			}))
			answer(beside, err).is(s, "everybody's beside "+what, everybody)
		}
		is("all agreement", nil, func(*agreement.Rater) bool { return true })
		is("nobody's agreement", []domain.ContributorID{}, func(*agreement.Rater) bool { return false })
		is("two accounts' agreement", []domain.ContributorID{account(3), account(1), account(3), account(9)}, func(r *agreement.Rater) bool {
			return r.Contributor == account(1) || r.Contributor == account(3)
		})
	})
}
