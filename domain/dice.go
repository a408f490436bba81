package domain

import "math/bits"

// Dice is a small deterministic source of chance (SplitMix64): the same seed
// gives the same rolls on every machine, so a recorded seed lets anyone check
// a draw. It is for fair draws, not for secrets. Not for concurrent use.
type Dice struct{ state uint64 }

// NewDice makes dice from a seed.
func NewDice(seed uint64) *Dice { return &Dice{state: seed} }

// Next gives 64 bits.
func (d *Dice) Next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Below draws uniformly from 0 … n-1 (Lemire 2019); n must be positive.
func (d *Dice) Below(n int) int {
	bound := uint64(n)
	hi, lo := bits.Mul64(d.Next(), bound)
	if lo < bound {
		for floor := -bound % bound; lo < floor; {
			hi, lo = bits.Mul64(d.Next(), bound)
		}
	}
	return int(hi)
}

// Chance is true with the probability parts/whole.
func (d *Dice) Chance(parts, whole int) bool { return d.Below(whole) < parts }

// Weighted draws an index with the probability of its weight among all; the
// sum of the weights, none negative, must be positive.
func (d *Dice) Weighted(weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	at := d.Below(sum)
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// Shuffle puts the n things that swap exchanges into a uniform order.
func (d *Dice) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, d.Below(i+1))
	}
}
