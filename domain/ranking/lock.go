package ranking

import (
	"math/bits"
	"slices"
)

// A pair is one word, so that sorting pairs is sorting words, strongest first: MaxBallots − margin, MaxBallots − winning votes,
// winner, loser, the last two as places in the tie order.
type pair uint64

const (
	placeBits = 6  // a place is below MaxCandidates
	votesBits = 20 // MaxBallots − votes is below MaxBallots, as a winner has a vote
)

func newPair(margin, votes, winner, loser int) pair {
	strength := pair(MaxBallots-margin)<<votesBits | pair(MaxBallots-votes)
	return strength<<(2*placeBits) | pair(winner)<<placeBits | pair(loser)
}

func (p pair) strength() pair { return p >> (2 * placeBits) }
func (p pair) winner() int    { return int(p >> placeBits % MaxCandidates) }
func (p pair) loser() int     { return int(p % MaxCandidates) }

// reach is a graph by what it leads to: bit j of reach[i] is set if a path leads from i to j.
type reach [MaxCandidates]uint64

func (r *reach) path(i, j int) bool { return r[i]>>j&1 != 0 }

// add adds the edge i → j to a graph of n nodes, whether or not it closes a cycle.
func (r *reach) add(i, j, n int) {
	if r.path(i, j) {
		return
	}
	gain := r[j] | 1<<j
	for k := range r[:n] {
		if k == i || r.path(k, i) {
			r[k] |= gain
		}
	}
}

// locker holds the graphs of one merge, over places in the tie order: the smaller place is the tie rule's choice.
type locker struct {
	n        int
	locked   reach // what this merge locks
	certain  reach // what every order of equally strong pairs locks
	possible reach // at least what some order of equally strong pairs locks; may have cycles
}

// run locks the pairs of matrix; tie[p] is the index of the candidate at place p of the tie order.
func (l *locker) run(matrix [][]int, tie []int) {
	l.n = len(tie)
	var few [45]pair // enough for ten candidates without an allocation
	pairs := appendPairs(few[:0], matrix, tie)
	for len(pairs) > 0 {
		equal := 1
		for equal < len(pairs) && pairs[equal].strength() == pairs[0].strength() {
			equal++
		}
		l.lock(pairs[:equal])
		pairs = pairs[equal:]
	}
}

// appendPairs appends the pairs of the tie order's places that have a winner, the strongest first.
func appendPairs(pairs []pair, matrix [][]int, tie []int) []pair {
	for p, i := range tie {
		for q := p + 1; q < len(tie); q++ {
			j := tie[q]
			won, lost := matrix[i][j], matrix[j][i]
			switch {
			case won > lost:
				pairs = append(pairs, newPair(won-lost, won, p, q))
			case lost > won:
				pairs = append(pairs, newPair(lost-won, lost, q, p))
			}
		}
	}
	slices.Sort(pairs)
	return pairs
}

// lock takes all pairs of one strength, after all stronger ones.
func (l *locker) lock(pairs []pair) {
	for _, p := range pairs {
		above, below := p.winner(), p.loser()
		if !l.locked.path(below, above) {
			l.locked.add(above, below, l.n)
		}
		if !l.certain.path(below, above) {
			l.possible.add(above, below, l.n)
		}
	}
	// What no possible path contradicts, not even one through its equals, is locked in whatever order they are taken.
	for _, p := range pairs {
		if above, below := p.winner(), p.loser(); !l.possible.path(below, above) {
			l.certain.add(above, below, l.n)
		}
	}
}

// readOrder fills order with places, best first: again and again the smallest place with nobody left above it.
func (l *locker) readOrder(order []int) {
	left := uint64(1)<<l.n - 1 // all ones for 64: the shift gives 0
	for k := range order {
		var beaten uint64
		for rest := left; rest != 0; rest &= rest - 1 {
			beaten |= l.locked[bits.TrailingZeros64(rest)]
		}
		order[k] = bits.TrailingZeros64(left &^ beaten)
		left &^= 1 << order[k]
	}
}

// readTies returns the pairs of places, in order, that are not certain.
func (l *locker) readTies(order []int) [][2]int {
	ties := len(order) * (len(order) - 1) / 2
	for _, p := range order {
		ties -= bits.OnesCount64(l.certain[p])
	}
	if ties == 0 {
		return nil
	}
	pairs := make([][2]int, 0, ties)
	for k, p := range order {
		for _, q := range order[k+1:] {
			if !l.certain.path(p, q) {
				pairs = append(pairs, [2]int{p, q})
			}
		}
	}
	return pairs
}
