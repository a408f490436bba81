package decimal

import (
	"encoding/json"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestCanonicalForm(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "0.0": "0", "-0.00": "0", "1.0": "1", "0.250": "0.25", "25e-2": "0.25",
		"1e2": "100", "0.3333333333333333": "0.3333333333333333",
	} {
		x, err := Parse(in)
		if err != nil || x.String() != want {
			t.Errorf("Parse(%q) = %s, %v; want %s", in, x, err, want)
		}
	}
	for _, bad := range []string{"", "x", "NaN", "Infinity", "1e41", "1e-41", "0x1", "1,5", "1e999999999"} {
		if x, err := Parse(bad); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", bad, x)
		}
	}
}

func TestDivRounds(t *testing.T) {
	if got := Int(2).Div(3).String(); got != "0.66666666666666667" {
		t.Errorf("2/3 = %s", got)
	}
	if got := Int(1).Div(4).String(); got != "0.25" {
		t.Errorf("1/4 = %s", got)
	}
}

func TestBillionths(t *testing.T) {
	for in, want := range map[string]int{"0.75": 750_000_000, "1": 1_000_000_000, "0": 0, "0.0000000019": 1} {
		if got := MustParse(in).Billionths(); got != want {
			t.Errorf("%s is %d billionths, want %d", in, got, want)
		}
	}
}

// Sums and comparisons agree with exact rationals.
func TestExact(t *testing.T) {
	rat := func(x Decimal) *big.Rat { r, _ := new(big.Rat).SetString(x.String()); return r }
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.Custom(func(t *rapid.T) Decimal {
			return MustParse(rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,20})?`).Draw(t, "n"))
		})
		x, y := gen.Draw(t, "x"), gen.Draw(t, "y")
		if rat(x.Add(y)).Cmp(new(big.Rat).Add(rat(x), rat(y))) != 0 ||
			rat(x.Sub(y)).Cmp(new(big.Rat).Sub(rat(x), rat(y))) != 0 ||
			rat(x.Mul(y)).Cmp(new(big.Rat).Mul(rat(x), rat(y))) != 0 ||
			x.Cmp(y) != rat(x).Cmp(rat(y)) {
			t.Fatalf("inexact: %s, %s", x, y)
		}
		raw, err := json.Marshal(x)
		var back Decimal
		if err != nil || json.Unmarshal(raw, &back) != nil || back.Cmp(x) != 0 || back.String() != x.String() {
			t.Fatalf("%s came back from JSON as %s", x, back)
		}
	})
}
