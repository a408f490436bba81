// Package decimal has the one kind of number that decides anything in Dendro:
// immutable decimals, exact in sums and comparisons (spec: collection §4, "so
// that 0.6 is 0.6").
package decimal

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/apd/v3"
)

// MaxDigits bounds the digits before and after the point of a parsed number:
// more than any double needs, and few enough that no input can make sums slow.
const MaxDigits = 40

// Digits is the precision of a rounded quotient: the number of significant
// digits that tell any two doubles apart.
const Digits = 17

// Decimal is an immutable decimal number; its zero value is 0.
type Decimal struct{ d apd.Decimal }

// ErrNotDecimal is wrapped by Parse's errors.
var ErrNotDecimal = errors.New("not a decimal number")

var (
	exact   = apd.BaseContext.WithPrecision(0)
	rounded = func() *apd.Context {
		c := apd.BaseContext.WithPrecision(Digits)
		c.Rounding = apd.RoundHalfEven
		return c
	}()
)

// Int makes a decimal of a whole number.
func Int(n int64) Decimal {
	var x Decimal
	x.d.SetInt64(n)
	return x
}

// Parse reads plain or exponent notation, finite, with at most MaxDigits
// digits on either side of the point.
func Parse(text string) (Decimal, error) {
	if len(text) > 3*MaxDigits {
		return Decimal{}, fmt.Errorf("%w: longer than %d characters", ErrNotDecimal, 3*MaxDigits)
	}
	var x Decimal
	if _, _, err := x.d.SetString(text); err != nil {
		return Decimal{}, fmt.Errorf("%w: %q", ErrNotDecimal, text)
	}
	if x.d.Form != apd.Finite {
		return Decimal{}, fmt.Errorf("%w: %q is not finite", ErrNotDecimal, text)
	}
	if x.d.IsZero() {
		return Decimal{}, nil
	}
	x.d.Reduce(&x.d)
	if x.d.Exponent < -MaxDigits || int64(x.d.Exponent)+x.d.NumDigits() > MaxDigits {
		return Decimal{}, fmt.Errorf("%w: %q has more than %d digits on a side of its point", ErrNotDecimal, text, MaxDigits)
	}
	return x, nil
}

// MustParse is Parse for constants; it panics on bad text.
func MustParse(text string) Decimal {
	x, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return x
}

// String writes the canonical form: plain notation, no needless zeros, "0.25".
func (x Decimal) String() string { return x.d.Text('f') }

// Cmp compares: -1, 0 or 1.
func (x Decimal) Cmp(y Decimal) int { return x.d.Cmp(&y.d) }

// Equal reports whether both are the same number.
func (x Decimal) Equal(y Decimal) bool { return x.Cmp(y) == 0 }

// Sign is -1, 0 or 1.
func (x Decimal) Sign() int { return x.d.Sign() }

// Add gives x + y, exactly.
func (x Decimal) Add(y Decimal) Decimal { return apply(exact.Add, x, y) }

// Sub gives x − y, exactly.
func (x Decimal) Sub(y Decimal) Decimal { return apply(exact.Sub, x, y) }

// Mul gives x · y, exactly.
func (x Decimal) Mul(y Decimal) Decimal { return apply(exact.Mul, x, y) }

// Div gives x / n rounded half-even to Digits significant digits; n must not
// be 0. For what people read, never for what decides.
func (x Decimal) Div(n int64) Decimal { return apply(rounded.Quo, x, Int(n)) }

// Within01 reports whether 0 ≤ x ≤ 1.
func (x Decimal) Within01() bool { return x.Sign() >= 0 && x.Cmp(one) <= 0 }

var one = Int(1)

// Billionths gives x·10⁹ rounded down: a chance as parts of 10⁹.
func (x Decimal) Billionths() int {
	var scaled, whole apd.Decimal
	if _, err := exact.Mul(&scaled, &x.d, apd.New(1, 9)); err != nil {
		return 0
	}
	c := apd.BaseContext.WithPrecision(3 * MaxDigits)
	c.Rounding = apd.RoundFloor
	if _, err := c.RoundToIntegralValue(&whole, &scaled); err != nil {
		return 0
	}
	n, err := whole.Int64()
	if err != nil {
		return 0
	}
	return int(n)
}

type operation func(d, x, y *apd.Decimal) (apd.Condition, error)

// apply cannot fail: operands are finite and bounded, divisors are not 0.
func apply(op operation, x, y Decimal) Decimal {
	var z Decimal
	if _, err := op(&z.d, &x.d, &y.d); err != nil {
		panic(fmt.Sprintf("decimal: %s, %s: %v", x, y, err))
	}
	if z.d.IsZero() {
		return Decimal{}
	}
	z.d.Reduce(&z.d)
	return z
}

// MarshalText writes the canonical form.
func (x Decimal) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads what Parse reads.
func (x *Decimal) UnmarshalText(text []byte) error {
	got, err := Parse(string(text))
	if err == nil {
		*x = got
	}
	return err
}

// MarshalBinary writes the canonical form, for checkpoints.
func (x Decimal) MarshalBinary() ([]byte, error) { return x.MarshalText() }

// UnmarshalBinary reads it back.
func (x *Decimal) UnmarshalBinary(text []byte) error { return x.UnmarshalText(text) }

// MarshalJSON writes a JSON number.
func (x Decimal) MarshalJSON() ([]byte, error) { return x.MarshalText() }

// UnmarshalJSON reads a JSON number without passing through a float.
func (x *Decimal) UnmarshalJSON(text []byte) error { return x.UnmarshalText(text) }
