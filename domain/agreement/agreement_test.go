package agreement_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/agreement"
	"dendro/domain/decimal"
)

func by(n int) domain.ContributorID { return domain.ContributorID{15: byte(n)} }

const quality = 9 // its index among the labels

// unit makes the ratings of one label by contributors 0, 1, …; -1 is none.
func unit(values ...int32) (out []agreement.Rating) {
	for i, v := range values {
		if v >= 0 {
			r := agreement.Rating{By: by(i), Values: agreement.NoValues()}
			r.Values[quality] = v
			out = append(out, r)
		}
	}
	return out
}

func ledgerOf(units ...[]agreement.Rating) *agreement.Ledger {
	l := agreement.NewLedger()
	for _, u := range units {
		l.Replace(nil, u)
	}
	l.Changed()
	return l
}

func everybody(l *agreement.Ledger) agreement.Figure {
	spread, groups := agreement.Everybody(l.All, quality)
	return agreement.Alpha(groups, spread)
}

func figureOf(l *agreement.Ledger, who domain.ContributorID) agreement.Figure {
	own := map[int]*agreement.Sums{}
	for k, s := range l.Own {
		if k.By == who {
			own[k.Size] = s
		}
	}
	spread, _ := agreement.Everybody(l.All, quality)
	return agreement.Alpha(agreement.Groups(own, quality), spread)
}

// The worked examples of Krippendorff (2011): sections B (nominal, two
// observers, 0 or 1) and D (interval, four observers, values missing).
func TestPublishedExamples(t *testing.T) {
	const one = agreement.Scale
	two := ledgerOf(
		unit(0, 0), unit(one, one), unit(0, one), unit(0, 0), unit(0, 0),
		unit(0, one), unit(0, one), unit(0, 0), unit(one, 0), unit(0, 0),
	)
	if f := everybody(two); f.Alpha.String() != "0.095238" || f.Values != 20 { // published as 0.095
		t.Errorf("two observers: %+v", f)
	}
	rows := [4][12]int32{ // observers A to D; 0 is missing
		{1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0},
		{1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3},
		{0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0},
		{1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0},
	}
	var units [][]agreement.Rating
	for u := range 12 {
		var values []int32
		for _, row := range rows {
			if row[u] == 0 {
				values = append(values, -1)
			} else {
				values = append(values, row[u]*one/10)
			}
		}
		units = append(units, unit(values...))
	}
	if f := everybody(ledgerOf(units...)); f.Alpha.String() != "0.849107" || f.Values != 40 { // published as 0.849
		t.Errorf("four observers: %+v", f)
	}
}

func TestWithoutPairsThereIsNoFigure(t *testing.T) {
	for name, l := range map[string]*agreement.Ledger{
		"nothing": ledgerOf(), "one value each": ledgerOf(unit(0), unit(5)), "all the same": ledgerOf(unit(7, 7), unit(7, 7, 7)),
	} {
		if f := everybody(l); f.Known {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// naive counts pair by pair, as the definition says.
func naive(units [][]agreement.Rating, who *domain.ContributorID) (alpha *big.Rat, n int64) {
	observed, expected := new(big.Rat), new(big.Rat)
	var all []int64
	for _, u := range units {
		if len(u) < 2 {
			continue
		}
		for i, a := range u {
			all = append(all, int64(a.Values[quality]))
			if who != nil && a.By != *who {
				continue
			}
			n++
			for j, b := range u {
				if d := int64(a.Values[quality] - b.Values[quality]); i != j {
					observed.Add(observed, big.NewRat(d*d, int64(len(u)-1)))
				}
			}
		}
	}
	for i, v := range all {
		for j, w := range all {
			if i != j {
				expected.Add(expected, big.NewRat((v-w)*(v-w), 1))
			}
		}
	}
	if n == 0 || expected.Sign() == 0 {
		return nil, n
	}
	observed.Mul(observed, big.NewRat(1, n))
	expected.Mul(expected, big.NewRat(1, int64(len(all))*int64(len(all)-1)))
	return observed.Sub(big.NewRat(1, 1), observed.Quo(observed, expected)), n
}

func same(t *rapid.T, what string, got agreement.Figure, want *big.Rat, n int64) {
	if got.Known != (want != nil) || got.Values != n {
		t.Fatalf("%s: %+v, want %v of %d values", what, got, want, n)
	}
	if want != nil {
		if text := decimal.MustParse(want.FloatString(6)); !got.Alpha.Equal(text) {
			t.Fatalf("%s: %s, want %s", what, got.Alpha, text)
		}
	}
}

// However units come, change and go, the figures are those of the definition.
func TestFiguresFollowTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := agreement.NewLedger()
		units := make([][]agreement.Rating, 6)
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			i := rapid.IntRange(0, len(units)-1).Draw(t, "unit")
			next := unit(rapid.SliceOfN(rapid.SampledFrom([]int32{-1, -1, 0, 250_000, 333_333, agreement.Scale}), 0, 5).Draw(t, "values")...)
			l.Replace(units[i], next)
			units[i] = next
			if rapid.Bool().Draw(t, "look") {
				l.Changed()
			}
		}
		l.Changed()
		alpha, n := naive(units, nil)
		same(t, "everybody", everybody(l), alpha, n)
		weighted := new(big.Rat)
		for i := range 5 {
			who := by(i)
			own, m := naive(units, &who)
			same(t, "one", figureOf(l, who), own, m)
			if own != nil {
				weighted.Add(weighted, own.Mul(own, big.NewRat(m, n)))
			}
		}
		if alpha != nil && weighted.Cmp(alpha) != 0 {
			t.Fatalf("the mean of the contributors' figures is %s, everybody's %s", weighted, alpha)
		}
		for k, s := range l.Own {
			if *s == (agreement.Sums{}) {
				t.Fatalf("%v has nothing, and is there", k)
			}
		}
	})
}

func TestValuesAreMillionths(t *testing.T) {
	v := agreement.NoValues()
	v.Set("quality", decimal.MustParse("0.3333339"))
	v.Set("no such label", decimal.MustParse("1"))
	v.Set("spam", decimal.MustParse("1"))
	if v[quality] != 333_333 || v[0] != agreement.Scale || v[1] != agreement.None {
		t.Errorf("%v", v)
	}
}
