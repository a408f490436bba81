package agreement

import (
	"fmt"
	"math/big"
	"math/bits"
)

// Wide is a whole number of 128 bits, as two's complement; its zero value is 0.
// It holds what squares come to in any campaign: of 10²⁵ values.
type Wide struct {
	High int64
	Low  uint64
}

// Wide64 makes one of a smaller number.
func Wide64(n int64) Wide { return Wide{n >> 63, uint64(n)} }

// Plus gives x + y.
func (x Wide) Plus(y Wide) Wide {
	low, carry := bits.Add64(x.Low, y.Low, 0)
	return Wide{x.High + y.High + int64(carry), low}
}

// Int gives the number.
func (x Wide) Int() *big.Int {
	n := big.NewInt(x.High)
	return n.Add(n.Lsh(n, 64), new(big.Int).SetUint64(x.Low))
}

// AppendText appends the number in decimal digits.
func (x Wide) AppendText(dst []byte) ([]byte, error) { return x.Int().Append(dst, 10), nil }

// UnmarshalText reads what AppendText writes.
func (x *Wide) UnmarshalText(text []byte) error {
	n, ok := new(big.Int).SetString(string(text), 10)
	if !ok || n.BitLen() > 127 {
		return fmt.Errorf("%q is no number of 128 bits", text)
	}
	*x = Wide{
		High: new(big.Int).Rsh(n, 64).Int64(),
		Low:  new(big.Int).And(n, new(big.Int).SetUint64(1<<64-1)).Uint64(),
	}
	return nil
}
