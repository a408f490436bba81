package ranking

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func orderBy(t *rapid.T, rule string, candidates []Candidate, ballots []Ballot) []int {
	r, err := MergeBy(rule, candidates, ballots)
	if err != nil {
		t.Fatal(err)
	}
	return r.Order
}

// Every rule gives an order of all, whoever voted first and however candidates are numbered.
func TestRulesAreAnonymousAndNeutral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "candidates")
		candidates, ballots := drawField(t, n), drawBallots(t, n, true)
		turned := drawOrder(t, n, "numbers")
		other, votes := make([]Candidate, n), make([]Ballot, len(ballots))
		for i, to := range turned {
			other[to] = candidates[i]
		}
		for v, b := range ballots {
			for _, i := range b {
				votes[v] = append(votes[v], turned[i])
			}
		}
		votes = rapid.Permutation(votes).Draw(t, "voters")
		for _, rule := range RuleNames() {
			order := orderBy(t, rule, candidates, ballots)
			if sorted := slices.Sorted(slices.Values(order)); !slices.Equal(sorted, identity(n)) {
				t.Fatalf("%s gives %v", rule, order)
			}
			for k, i := range order {
				order[k] = turned[i]
			}
			same(t, rule+" with other numbers", order, orderBy(t, rule, other, votes))
		}
	})
}

// Who beats each other one is first by every rule that promises it.
func TestRulesElectACondorcetWinner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "candidates")
		candidates, ballots := drawField(t, n), drawBallots(t, n, true)
		r, err := Merge(candidates, ballots)
		if err != nil {
			t.Fatal(err)
		}
		winner := slices.IndexFunc(r.Matrix, func(row []int) bool {
			i := slices.IndexFunc(r.Matrix, func(o []int) bool { return &o[0] == &row[0] })
			for j := range n {
				if j != i && r.Matrix[i][j] <= r.Matrix[j][i] {
					return false
				}
			}
			return true
		})
		if winner < 0 {
			return
		}
		for _, rule := range []string{"ranked_pairs", "ranked_pairs_by_age", "schulze", "copeland"} {
			if order := orderBy(t, rule, candidates, ballots); order[0] != winner {
				t.Fatalf("%s puts %d first, not %d, who beats all", rule, order[0], winner)
			}
		}
	})
}

// What all say is what every rule says.
func TestRulesFollowTheUnanimous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "candidates")
		candidates, order := drawField(t, n), drawOrder(t, n, "order")
		ballots := slices.Repeat([]Ballot{order}, rapid.IntRange(1, 4).Draw(t, "voters"))
		for _, rule := range RuleNames() {
			same(t, rule, order, orderBy(t, rule, candidates, ballots))
		}
	})
}

// Elections of the literature: the Schulze method's usual example, with 45 voters, and the choice of Tennessee's capital, in which the
// rules famously differ.
func TestRulesOnKnownElections(t *testing.T) {
	a, b, c, d, e := 0, 1, 2, 3, 4
	times := func(n int, order ...int) []Ballot { return slices.Repeat([]Ballot{order}, n) }
	schulze := slices.Concat(
		times(5, a, c, b, e, d), times(5, a, d, e, c, b), times(8, b, e, d, a, c), times(3, c, a, b, e, d),
		times(7, c, a, e, b, d), times(2, c, b, a, d, e), times(7, d, c, e, b, a), times(8, e, b, a, d, c),
	)
	tennessee := slices.Concat(times(42, 0, 1, 2, 3), times(26, 1, 2, 3, 0), times(15, 2, 3, 1, 0), times(17, 3, 2, 1, 0))
	for _, x := range []struct {
		rule    string
		n       int
		ballots []Ballot
		want    []int
	}{
		{"schulze", 5, schulze, []int{e, a, c, b, d}},
		{"instant_runoff", 4, tennessee, []int{3, 0, 1, 2}},
		{"copeland", 4, tennessee, []int{1, 2, 3, 0}},
		{"borda", 4, tennessee, []int{1, 2, 0, 3}},
	} {
		r, err := MergeBy(x.rule, make([]Candidate, x.n), x.ballots)
		if err != nil || !slices.Equal(r.Order, x.want) {
			t.Errorf("%s: %v, %v, want %v", x.rule, r.Order, err, x.want)
		}
	}
	if _, err := MergeBy("by_lot", nil, nil); !errors.Is(err, ErrRule) {
		t.Errorf("a rule that there is not: %v", err)
	}
}

// The steps lead to the consensus: each pair that was locked stands in it as locked, and one that was not contradicts those
// before it.
func TestExplainLeadsToTheConsensus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "candidates")
		candidates, ballots := drawField(t, n), drawBallots(t, n, true)
		rule := rapid.SampledFrom([]string{"ranked_pairs", "ranked_pairs_by_age"}).Draw(t, "rule")
		r, err := MergeBy(rule, candidates, ballots)
		steps, err2 := ExplainBy(rule, candidates, ballots)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		for k, s := range steps {
			if stands := slices.Index(r.Order, s.Above) < slices.Index(r.Order, s.Below); stands != s.Locked {
				t.Fatalf("step %d %+v, and the order is %v", k, s, r.Order)
			}
			if k > 0 && (s.Margin > steps[k-1].Margin || s.Margin == steps[k-1].Margin && s.Votes > steps[k-1].Votes) {
				t.Fatalf("step %d is stronger than the one before", k)
			}
		}
	})
}

// Another tie rule changes what votes leave open, and nothing else.
func TestAgeDecidesTiesOnly(t *testing.T) {
	moved := 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "candidates")
		candidates, ballots := drawField(t, n), drawBallots(t, n, true)
		usual, err := Merge(candidates, ballots)
		aged, err2 := MergeBy("ranked_pairs_by_age", candidates, ballots)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		for k, i := range usual.Order {
			for _, j := range usual.Order[k+1:] {
				if slices.Index(aged.Order, i) < slices.Index(aged.Order, j) {
					continue
				}
				if moved++; !slices.Contains(usual.Ties, [2]int{i, j}) {
					t.Fatalf("%d > %d is no tie, but %v by age", i, j, aged.Order)
				}
			}
		}
	})
	if moved == 0 {
		t.Error("nothing was ever decided otherwise")
	}
	old, young := Candidate{Created: time.Unix(1, 0), ID: [16]byte{2}}, Candidate{Created: time.Unix(2, 0), ID: [16]byte{1}}
	for _, ballots := range [][]Ballot{nil, {{0, 1}, {1, 0}}} {
		if r, err := MergeBy("ranked_pairs_by_age", []Candidate{young, old}, ballots); err != nil || r.Order[0] != 1 {
			t.Errorf("%v, %v: the older one goes first", r.Order, err)
		}
	}
}

// Each rule is found by its name, and names one of the tie rules.
func TestRulesNameTheirTieRule(t *testing.T) {
	for _, r := range Rules {
		if got, err := RuleNamed(r.Name); err != nil || got.Tie != r.Tie || r.Tie != TieRule && r.Tie != TieRuleAge || r.About == "" {
			t.Errorf("%q: %+v, %v", r.Name, got, err)
		}
	}
}
