package ranking

import (
	"bytes"
	"math/big"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

// This file holds ranked pairs written for plainness alone, from the rules and without a look at the package: sets of edges,
// a depth-first search for cycles, big fractions.

type edge struct{ from, to, margin, votes int }

// referenceMatrix counts ballots pair by pair.
func referenceMatrix(n int, ballots []Ballot) [][]int {
	matrix := make([][]int, n)
	for i := range n {
		matrix[i] = make([]int, n)
		for j := range n {
			for _, b := range ballots {
				if above, below := slices.Index(b, i), slices.Index(b, j); i != j && above >= 0 && below >= 0 && above < below {
					matrix[i][j]++
				}
			}
		}
	}
	return matrix
}

// referenceTieOrder sorts candidates by the tie rule, from the ballots.
func referenceTieOrder(candidates []Candidate, ballots []Ballot) []int {
	type standing struct {
		mean *big.Rat // nil if compared with nothing
		last int
	}
	standings := make([]standing, len(candidates))
	order := make([]int, len(candidates))
	for i := range candidates {
		order[i] = i
		var above, others int64
		for _, b := range ballots {
			if at := slices.Index(b, i); at >= 0 && len(b) > 1 {
				above += int64(at)
				others += int64(len(b) - 1)
				if at == len(b)-1 {
					standings[i].last++
				}
			}
		}
		if others > 0 {
			standings[i].mean = big.NewRat(above, others)
		}
	}
	sort.SliceStable(order, func(x, y int) bool {
		a, b := standings[order[x]], standings[order[y]]
		ca, cb := candidates[order[x]], candidates[order[y]]
		switch {
		case (a.mean == nil) != (b.mean == nil):
			return b.mean == nil
		case a.mean != nil && a.mean.Cmp(b.mean) != 0:
			return a.mean.Cmp(b.mean) < 0
		case a.last != b.last:
			return a.last < b.last
		case !ca.Created.Equal(cb.Created):
			return ca.Created.Before(cb.Created)
		default:
			return bytes.Compare(ca.ID[:], cb.ID[:]) < 0
		}
	})
	return order
}

// referenceEdges lists the pairs with a winner, strongest first, and equally strong ones in the order of less.
func referenceEdges(matrix [][]int, less func(a, b edge) bool) []edge {
	var edges []edge
	for i := range matrix {
		for j := range matrix {
			if m := matrix[i][j] - matrix[j][i]; m > 0 {
				edges = append(edges, edge{i, j, m, matrix[i][j]})
			}
		}
	}
	sort.SliceStable(edges, func(x, y int) bool {
		a, b := edges[x], edges[y]
		switch {
		case a.margin != b.margin:
			return a.margin > b.margin
		case a.votes != b.votes:
			return a.votes > b.votes
		default:
			return less(a, b)
		}
	})
	return edges
}

// referenceOrder locks edges as they come and reads the order off, preferring what comes first in prefer.
func referenceOrder(edges []edge, prefer []int) []int {
	locked := map[int][]int{}
	var leads func(from, to int, been map[int]bool) bool
	leads = func(from, to int, been map[int]bool) bool {
		if from == to {
			return true
		}
		been[from] = true
		return slices.ContainsFunc(locked[from], func(next int) bool { return !been[next] && leads(next, to, been) })
	}
	for _, e := range edges {
		if !leads(e.to, e.from, map[int]bool{}) {
			locked[e.from] = append(locked[e.from], e.to)
		}
	}
	var order []int
	left := slices.Clone(prefer)
	for len(left) > 0 {
		at := slices.IndexFunc(left, func(c int) bool {
			return !slices.ContainsFunc(left, func(above int) bool { return slices.Contains(locked[above], c) })
		})
		order = append(order, left[at])
		left = slices.Delete(left, at, at+1)
	}
	return order
}

// referenceMerge is ranked pairs under a given tie order.
func referenceMerge(matrix [][]int, tieOrder []int) []int {
	place := func(c int) int { return slices.Index(tieOrder, c) }
	return referenceOrder(referenceEdges(matrix, func(a, b edge) bool {
		if a.from != b.from {
			return place(a.from) < place(b.from)
		}
		return place(a.to) < place(b.to)
	}), tieOrder)
}

func TestMergeEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 7).Draw(t, "n")
		candidates, ballots := drawField(t, n), drawBallots(t, n, true)
		before := mappedBallots(ballots, identity(n))

		result := mustMerge(t, candidates, ballots)
		matrix := referenceMatrix(n, ballots)
		same(t, "matrix", matrix, result.Matrix)
		want := referenceMerge(matrix, referenceTieOrder(candidates, ballots))
		if !slices.Equal(want, result.Order) {
			t.Fatalf("order %v, want %v", result.Order, want)
		}
		same(t, "ballots after the merge", before, ballots)

		ties := tied(result)
		listed := [][2]int{}
		for k, i := range want {
			for _, j := range want[k+1:] {
				if ties[unordered(i, j)] {
					listed = append(listed, [2]int{i, j})
				}
			}
		}
		if !slices.Equal(listed, result.Ties) {
			t.Fatalf("ties %v; by the places in %v they are %v", result.Ties, want, listed)
		}
	})
}

func TestMergeEqualsReferenceOnStrictMargins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(t, "n")
		ballots := drawStrict(t, n)
		result := mustMerge(t, drawField(t, n), ballots)
		same(t, "order", referenceMerge(referenceMatrix(n, ballots), drawOrder(t, n, "any tie order")), result.Order)
		same(t, "ties", [][2]int(nil), result.Ties)
	})
}

// The promise of Result.Ties: however equal pairs are ordered and candidates with nobody above them chosen, all other pairs keep
// their order.
func TestPairsOutsideTiesNeedNoTieRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "n")
		result := mustMerge(t, drawField(t, n), drawBallots(t, n, rapid.Bool().Draw(t, "partial")))
		ties := tied(result)
		for range 8 {
			luck := drawOrder(t, n*n, "order of equals")
			edges := referenceEdges(result.Matrix, func(a, b edge) bool { return luck[a.from*n+a.to] < luck[b.from*n+b.to] })
			order := referenceOrder(edges, drawOrder(t, n, "choice"))
			for k, i := range result.Order {
				for _, j := range result.Order[k+1:] {
					if !ties[unordered(i, j)] && slices.Index(order, i) > slices.Index(order, j) {
						t.Fatalf("%d above %d is not listed as a tie, yet another tie rule gives %v", i, j, order)
					}
				}
			}
		}
	})
}

// For three candidates the list is exact too: some tie rule turns each pair in it round. All matrices up to 2 votes a side.
func TestTiesOfThreeAreRealTies(t *testing.T) {
	sides := [6]Ballot{{0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 2}, {2, 1}}
	rules := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
	listed := 0
	for code := range 729 {
		var ballots []Ballot
		for rest, k := code, 0; k < 6; rest, k = rest/3, k+1 {
			ballots = append(ballots, slices.Repeat(sides[k:k+1], rest%3)...)
		}
		result := mustMerge(t, field(3), ballots)
		for _, tie := range result.Ties {
			listed++
			if !slices.ContainsFunc(rules, func(rule []int) bool {
				order := referenceMerge(result.Matrix, rule)
				return slices.Index(order, tie[0]) > slices.Index(order, tie[1])
			}) {
				t.Errorf("%v: %v is listed as a tie, but every tie rule orders it so", result.Matrix, tie)
			}
		}
	}
	if listed == 0 {
		t.Error("no ties were listed at all")
	}
}
