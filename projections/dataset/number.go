package dataset

import (
	"strings"

	"dendro/domain/decimal"
)

// number is an exact decimal in two parts. Almost all label values are whole
// billionths in [0, 1] and add up as integers, without overflow for 9·10⁹ of
// them; the rest is the sum of those that are not.
type number struct {
	billionths int64
	rest       decimal.Decimal
}

var billionth = decimal.MustParse("0.000000001")

func numberOf(d decimal.Decimal) number {
	if d.Within01() {
		n := int64(d.Billionths())
		if decimal.Int(n).Mul(billionth).Cmp(d) == 0 {
			return number{billionths: n}
		}
	}
	return number{rest: d}
}

func (x *number) add(y number) {
	x.billionths += y.billionths
	if y.rest.Sign() != 0 {
		x.rest = x.rest.Add(y.rest)
	}
}

// over gives x / n, rounded to decimal.Digits significant digits.
func (x number) over(n int) decimal.Decimal {
	return decimal.Int(x.billionths).Mul(billionth).Add(x.rest).Div(int64(n))
}

// numeral writes a decimal in plain notation with at least one digit behind
// the point: "0.0", "0.25".
func numeral(d decimal.Decimal) string {
	text := d.String()
	if strings.IndexByte(text, '.') < 0 {
		text += ".0"
	}
	return text
}

// means remembers the texts of quotients: most messages share a few.
type means map[quotient]string

type quotient struct {
	billionths int64
	n          int
}

// maxMeans bounds what means remembers.
const maxMeans = 1 << 16

func (m means) text(x number, n int) string {
	if x.rest.Sign() != 0 {
		return numeral(x.over(n))
	}
	q := quotient{x.billionths, n}
	text, ok := m[q]
	if !ok {
		text = numeral(x.over(n))
		if len(m) < maxMeans {
			m[q] = text
		}
	}
	return text
}
