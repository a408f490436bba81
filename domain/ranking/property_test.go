package ranking

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCondorcetWinnerAndLoser(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(t, "n")
		ballots := drawBallots(t, n, true)
		// Ballots enough against each other candidate make one the winner, or the loser.
		chosen, wins := rapid.IntRange(0, n-1).Draw(t, "chosen"), rapid.Bool().Draw(t, "wins")
		enough := len(ballots) + 1
		for other := range n {
			switch {
			case other == chosen:
			case wins:
				ballots = append(ballots, slices.Repeat([]Ballot{{chosen, other}}, enough)...)
			default:
				ballots = append(ballots, slices.Repeat([]Ballot{{other, chosen}}, enough)...)
			}
		}
		result := mustMerge(t, drawField(t, n), ballots)
		place := 0
		if !wins {
			place = n - 1
		}
		if result.Order[place] != chosen {
			t.Fatalf("%d belongs at place %d of %v", chosen, place, result.Order)
		}
		for _, tie := range result.Ties {
			if slices.Contains(tie[:], chosen) {
				t.Fatalf("%d is part of tie %v", chosen, tie)
			}
		}
	})
}

func TestUnanimousPairsAreRespected(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(t, "n")
		// Voters near one opinion: each swaps two neighbours of a common order a few times, so that some pairs stay unanimous.
		common := drawOrder(t, n, "common opinion")
		ballots := make([]Ballot, rapid.IntRange(1, 6).Draw(t, "voters"))
		for v := range ballots {
			ballots[v] = slices.Clone(common)
			for range rapid.IntRange(0, n).Draw(t, "swaps") {
				k := rapid.IntRange(0, n-2).Draw(t, "swap")
				ballots[v][k], ballots[v][k+1] = ballots[v][k+1], ballots[v][k]
			}
		}
		result := mustMerge(t, drawField(t, n), ballots)
		ties := tied(result)
		for k, i := range result.Order {
			for _, j := range result.Order[k+1:] {
				if result.Matrix[j][i] == len(ballots) {
					t.Fatalf("every ballot has %d above %d, but the order is %v", j, i, result.Order)
				}
				if result.Matrix[i][j] == len(ballots) && ties[unordered(i, j)] {
					t.Fatalf("every ballot has %d above %d, but they are called a tie", i, j)
				}
			}
		}
	})
}

func TestOrderOfBallotsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "n")
		candidates, ballots := drawField(t, n), drawBallots(t, n, true)
		want := mustMerge(t, candidates, ballots)
		same(t, "result", want, mustMerge(t, candidates, rapid.Permutation(ballots).Draw(t, "order of ballots")))
	})
}

func TestOrderOfCandidatesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "n")
		candidates, ballots := drawField(t, n), drawBallots(t, n, true)
		names := drawOrder(t, n, "names")
		renamed := make([]Candidate, n)
		for i, name := range names {
			renamed[name] = candidates[i]
		}
		want, got := mustMerge(t, candidates, ballots), mustMerge(t, renamed, mappedBallots(ballots, names))
		same(t, "order", mapped(want.Order, names), got.Order)
		for k := range want.Ties {
			copy(want.Ties[k][:], mapped(want.Ties[k][:], names))
		}
		same(t, "ties", want.Ties, got.Ties)
	})
}

// Creation times and ids have a say in ties only; ids only among equal creation times.
func TestCreationAndIDMatterInTiesOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "n")
		candidates, ballots := drawField(t, n), drawBallots(t, n, rapid.Bool().Draw(t, "partial"))
		want, other := mustMerge(t, candidates, ballots), mustMerge(t, drawField(t, n), ballots)
		ties := tied(want)
		same(t, "ties under other creation times and ids", ties, tied(other))
		for k, i := range want.Order {
			for _, j := range want.Order[k+1:] {
				if !ties[unordered(i, j)] && slices.Index(other.Order, i) > slices.Index(other.Order, j) {
					t.Fatalf("%d above %d is no tie, but %v has them otherwise", i, j, other.Order)
				}
			}
		}

		distinct := field(n)
		want = mustMerge(t, distinct, ballots)
		for i, id := range drawOrder(t, n, "other ids") {
			distinct[i].ID = [16]byte{3: byte(id)}
		}
		same(t, "result under other ids", want, mustMerge(t, distinct, ballots))
	})
}

func TestReversal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "n")
		strict := rapid.Bool().Draw(t, "strict")
		var ballots []Ballot
		if strict {
			ballots = drawStrict(t, n)
		} else {
			ballots = drawBallots(t, n, true)
		}
		turned := make([]Ballot, len(ballots))
		for v, b := range ballots {
			turned[v] = reversed(b)
		}
		candidates := drawField(t, n)
		there, back := mustMerge(t, candidates, ballots), mustMerge(t, candidates, turned)
		same(t, "ties", tied(there), tied(back))
		if strict && there.Ties != nil {
			t.Fatalf("ties %v among distinct margins", there.Ties)
		}
		if there.Ties == nil {
			same(t, "order", reversed(there.Order), back.Order)
		}
	})
}

func TestRaisingASureWinnerKeepsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "n")
		candidates := drawField(t, n)
		var ballots []Ballot
		if rapid.Bool().Draw(t, "strict") {
			ballots = drawStrict(t, n)
		} else {
			ballots = drawBallots(t, n, true)
		}
		before := mustMerge(t, candidates, ballots)
		winner := before.Order[0]
		if slices.ContainsFunc(before.Ties, func(tie [2]int) bool { return tie[0] == winner }) {
			return // somebody's tie rule has another winner
		}
		raised := mappedBallots(ballots, identity(n))
		for _, b := range raised {
			if at := slices.Index(b, winner); at > 0 && rapid.Bool().Draw(t, "raise") {
				to := rapid.IntRange(0, at-1).Draw(t, "to")
				copy(b[to+1:], b[to:at])
				b[to] = winner
			}
		}
		if after := mustMerge(t, candidates, raised); after.Order[0] != winner {
			t.Fatalf("%d won, was raised, and lost: %v, then %v", winner, before.Order, after.Order)
		}
	})
}

// Strict margins only: with equally strong pairs the tie rule may treat a clone's pairs unlike the original's.
func TestCloneEndsBesideItsOriginal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "n")
		ballots := drawStrict(t, n)
		candidates := drawField(t, n+1) // the clone is the last
		alone := mustMerge(t, candidates[:n], ballots)

		original := rapid.IntRange(0, n-1).Draw(t, "original")
		cloned := make([]Ballot, len(ballots))
		for v, b := range ballots {
			at := slices.Index(b, original)
			if at < 0 {
				cloned[v] = b
				continue
			}
			if rapid.Bool().Draw(t, "clone below") {
				at++
			}
			cloned[v] = slices.Insert(slices.Clone(b), at, n)
		}
		with := mustMerge(t, candidates, cloned)

		clone := slices.Index(with.Order, n)
		same(t, "order without the clone", alone.Order, slices.Delete(slices.Clone(with.Order), clone, clone+1))
		if away := clone - slices.Index(with.Order, original); away != 1 && away != -1 {
			t.Fatalf("%d and its clone %d are not neighbours in %v", original, n, with.Order)
		}
		for _, tie := range with.Ties {
			if unordered(tie[0], tie[1]) != unordered(original, n) {
				t.Fatalf("the clone of %d makes a tie of %v", original, tie)
			}
		}
	})
}

func TestAgreesHalfEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 9).Draw(t, "n")
		ballot := drawOrder(t, n, "ballot")[:rapid.IntRange(0, n).Draw(t, "length")]
		order := drawOrder(t, n, "order")[:rapid.IntRange(0, n).Draw(t, "merged")]
		same, pairs := 0, 0
		for k, i := range ballot {
			for _, j := range ballot[k+1:] {
				if a, b := slices.Index(order, i), slices.Index(order, j); a >= 0 && b >= 0 {
					pairs++
					if a < b {
						same++
					}
				}
			}
		}
		// τ ≥ 1/2, in quarters of the pairs.
		if got, want := AgreesHalf(ballot, order), pairs > 0 && 4*same >= 3*pairs; got != want {
			t.Fatalf("AgreesHalf = %v, with %d of %d pairs in the same order", got, same, pairs)
		}
	})
}
