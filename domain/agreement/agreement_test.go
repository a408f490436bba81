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
		if f := everybody(l); f.Known || (f.Pairs > 0) != (name == "all the same") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// naive counts pair by pair, as the definition says.
func naive(units [][]agreement.Rating, who *domain.ContributorID) (alpha *big.Rat, n, pairs int64) {
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
					pairs++
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
		return nil, n, pairs
	}
	observed.Mul(observed, big.NewRat(1, n))
	expected.Mul(expected, big.NewRat(1, int64(len(all))*int64(len(all)-1)))
	return observed.Sub(big.NewRat(1, 1), observed.Quo(observed, expected)), n, pairs
}

func same(t *rapid.T, what string, got agreement.Figure, want *big.Rat, n, pairs int64) {
	if got.Known != (want != nil) || got.Values != n || got.Pairs != pairs {
		t.Fatalf("%s: %+v, want %v of %d values, %d pairs", what, got, want, n, pairs)
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
		alpha, n, pairs := naive(units, nil)
		same(t, "everybody", everybody(l), alpha, n, pairs)
		weighted := new(big.Rat)
		for i := range 5 {
			who := by(i)
			own, m, pairs := naive(units, &who)
			same(t, "one", figureOf(l, who), own, m, pairs)
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

func TestPooledWeighsLabelsByTheirValues(t *testing.T) {
	// Under one label two pairs of three are apart, under the other none of two.
	groups := [][]agreement.Group{
		{{Size: 2, Values: 6, Apart: agreement.Wide64(4)}},
		{{Size: 2, Values: 4, Apart: agreement.Wide64(0)}},
	}
	spreads := []agreement.Spread{
		{Values: 6, Total: 3, Squares: agreement.Wide64(3)}, // Dₑ = 2(6·3 − 3²)/30 = 3/5
		{Values: 4, Total: 2, Squares: agreement.Wide64(2)}, // Dₑ = 2(4·2 − 2²)/12 = 2/3
	}
	// 1 − (4 + 0)/(6·3/5 + 4·2/3) = 1 − 4/(94/15) = 34/94
	if f := agreement.Pooled(groups, spreads); f.Alpha.String() != "0.361702" || f.Values != 10 || f.Pairs != 10 {
		t.Errorf("%+v", f)
	}
}

// A campaign of ten million messages, each judged by two of opposite minds.
func TestSumsOutgrowSmallNumbers(t *testing.T) {
	const messages, one = 10_000_000, agreement.Scale
	times := func(n int64, w agreement.Wide) (sum agreement.Wide) {
		for ; n > 0; n /= 2 {
			if n%2 == 1 {
				sum = sum.Plus(w)
			}
			w = w.Plus(w)
		}
		return sum
	}
	square := agreement.Wide64(one * one)
	all := agreement.Spread{Values: 2 * messages, Total: messages * one, Squares: times(messages, square)}
	apart := []agreement.Group{{Size: 2, Values: 2 * messages, Apart: times(2*messages, square)}}
	// 1 − 1/Dₑ with Dₑ = n/(2(n−1)): a hair above −1.
	if f := agreement.Alpha(apart, all); f.Alpha.String() != "-1" || f.Values != 2*messages {
		t.Errorf("%+v", f)
	}
}

func TestWideNumbersAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := agreement.Wide{High: rapid.Int64Range(-1<<61, 1<<61).Draw(t, "high"), Low: rapid.Uint64().Draw(t, "low")}
		y := agreement.Wide64(rapid.Int64().Draw(t, "y"))
		if got, want := x.Plus(y).Int(), new(big.Int).Add(x.Int(), y.Int()); got.Cmp(want) != 0 {
			t.Fatalf("%v + %v = %v, not %v", x.Int(), y.Int(), got, want)
		}
		text, _ := x.AppendText(nil)
		var back agreement.Wide
		if err := back.UnmarshalText(text); err != nil || back != x {
			t.Fatalf("%v comes back as %v: %v", x, back, err)
		}
	})
	for _, text := range []string{"", "1.5", "x", "170141183460469231731687303715884105728"} {
		if err := new(agreement.Wide).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
