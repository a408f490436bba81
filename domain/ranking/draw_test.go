package ranking

import (
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawField draws candidates with distinct ids, whose creation times often agree.
func drawField(t *rapid.T, n int) []Candidate {
	candidates := make([]Candidate, n)
	for i, id := range drawOrder(t, n, "ids") {
		created := time.Unix(rapid.Int64Range(0, int64(n)).Draw(t, "created"), 0)
		candidates[i] = Candidate{Created: created, ID: [16]byte{7: byte(id)}}
	}
	return candidates
}

func identity(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

func drawOrder(t *rapid.T, n int, label string) []int {
	return rapid.Permutation(identity(n)).Draw(t, label)
}

// drawBallots draws few ballots, so that ties are frequent; partial ones leave out any number of candidates.
func drawBallots(t *rapid.T, n int, partial bool) []Ballot {
	ballots := make([]Ballot, rapid.IntRange(0, 9).Draw(t, "voters"))
	for v := range ballots {
		length := n
		if partial {
			length = rapid.IntRange(0, n).Draw(t, "length")
		}
		ballots[v] = drawOrder(t, n, "ballot")[:length]
	}
	return ballots
}

// drawStrict draws ballots in which every pair has a winner and no two margins are equal; any such set of pairs can come out. Either
// each ballot holds one pair only, or all hold all, by McGarvey's construction: two ballots that put x above y, and are each other's
// reverse in all else, give x 2 votes over y and change nothing else.
func drawStrict(t *rapid.T, n int) (ballots []Ballot) {
	full := rapid.Bool().Draw(t, "full")
	margins := drawOrder(t, n*(n-1)/2, "margins")
	for x := range n {
		for y := range x {
			above, below := x, y
			if rapid.Bool().Draw(t, "turn") {
				above, below = y, x
			}
			var others []int
			for c := range n {
				if full && c != x && c != y {
					others = append(others, c)
				}
			}
			one := append([]int{above, below}, others...)
			slices.Reverse(others)
			two := append(others, above, below)
			ballots = append(ballots, slices.Repeat([]Ballot{one, two}, 1+margins[0])...)
			margins = margins[1:]
		}
	}
	return ballots
}

// mapped renames candidate i to names[i].
func mapped(order, names []int) []int {
	out := slices.Clone(order)
	for k, i := range order {
		out[k] = names[i]
	}
	return out
}

func mappedBallots(ballots []Ballot, names []int) []Ballot {
	out := make([]Ballot, len(ballots))
	for v, b := range ballots {
		out[v] = mapped(b, names)
	}
	return out
}

func reversed(order []int) []int {
	order = slices.Clone(order)
	slices.Reverse(order)
	return order
}

// tied is the ties as a set of unordered pairs.
func tied(result Result) map[[2]int]bool {
	set := map[[2]int]bool{}
	for _, p := range result.Ties {
		set[unordered(p[0], p[1])] = true
	}
	return set
}

func unordered(i, j int) [2]int { return [2]int{min(i, j), max(i, j)} }

func same(t *rapid.T, what string, want, got any) {
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}
