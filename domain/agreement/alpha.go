package agreement

import (
	"math/big"

	"dendro/domain"
	"dendro/domain/decimal"
)

// Scale is how many parts a label's value has: 1 is a million.
const Scale = 1_000_000

// Labels is how many labels there are; they are known by their index in
// domain.Labels.
const Labels = len(domain.Labels)

// None stands for no value.
const None int32 = -1

// Values are what one review says, by label, in millionths; None where it says
// nothing.
type Values [Labels]int32

// NoValues says nothing.
func NoValues() (v Values) {
	for i := range v {
		v[i] = None
	}
	return v
}

// Set takes a label's value in, which is from 0 to 1; below a millionth it is
// rounded down. A label that is not in domain.Labels is passed over.
func (v *Values) Set(label domain.Label, value decimal.Decimal) {
	if i := label.Index(); i >= 0 {
		v[i] = int32(value.Billionths() / (1_000_000_000 / Scale))
	}
}

// Sum is what one contributor's values of units of one size come to. Apart
// holds nine million pairs that are wholly apart: years of one's work.
type Sum struct {
	Values int64 // how many there are
	Apart  int64 // Σ (v−w)² over their pairs with the other values of their units
}

// Group is a Sum, of whomever, of units with so many values each, at least 2.
type Group struct {
	Size   int
	Values int64
	Apart  Wide
}

// Spread is what all values that have a pair come to.
type Spread struct {
	Values  int64
	Total   int64 // Σ v
	Squares Wide  // Σ v²
}

// Figure is an α, with how much it rests on. When it is not known, Pairs say
// why: there are none, or else everybody's values are all the same.
type Figure struct {
	Alpha  decimal.Decimal // 6 digits behind the point
	Known  bool            // false: it does not exist
	Values int64           // of units with at least two
	Pairs  int64           // of these values with others of their units
}

// alphaDigits are those behind the point.
const alphaDigits = 6

// Alpha gives the α of groups of values, with the spread of everybody's.
func Alpha(groups []Group, everybody Spread) Figure {
	return Pooled([][]Group{groups}, []Spread{everybody})
}

// Pooled gives one α over several labels, as the package comment defines it.
func Pooled(groups [][]Group, everybody []Spread) (f Figure) {
	observed, expected := fraction{new(big.Int), big.NewInt(1)}, fraction{new(big.Int), big.NewInt(1)}
	for i := range groups {
		n := int64(0)
		for _, g := range groups[i] {
			n += g.Values
			f.Pairs += g.Values * int64(g.Size-1)
			observed.add(g.Apart.Int(), big.NewInt(int64(g.Size-1)))
		}
		if n > 0 {
			expected.add(everybody[i].apart(n))
		}
		f.Values += n
	}
	if expected.over.Sign() == 0 {
		return f
	}
	alpha := new(big.Rat).SetFrac(observed.over.Mul(observed.over, expected.under), observed.under.Mul(observed.under, expected.over))
	alpha.Sub(big.NewRat(1, 1), alpha)
	f.Known = true
	f.Alpha, _ = decimal.Parse(alpha.FloatString(alphaDigits)) // is one
	return f
}

// fraction is a big.Rat that is not reduced with every sum: that takes most of
// the time, and a list has thousands of figures.
type fraction struct{ over, under *big.Int }

func (f fraction) add(over, under *big.Int) {
	if f.under.Cmp(under) != 0 {
		f.over.Mul(f.over, under)
		over = new(big.Int).Mul(over, f.under)
		f.under.Mul(f.under, under)
	}
	f.over.Add(f.over, over)
}

// apart is n·Dₑ; there must be at least two values.
func (s Spread) apart(n int64) (over, under *big.Int) {
	all, total := big.NewInt(s.Values), big.NewInt(s.Total)
	over = new(big.Int).Mul(all, s.Squares.Int())
	over.Sub(over, total.Mul(total, total))
	over.Mul(over, big.NewInt(2*n))
	return over, all.Mul(all, big.NewInt(s.Values-1))
}
