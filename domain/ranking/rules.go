package ranking

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrRule means a rule that does not exist.
var ErrRule = errors.New("ranking: no such rule")

// Rule is a way to make one order of many rankings. Its name never changes its meaning.
type Rule struct {
	Name  string
	About string               // in one line, with the source
	Tie   string               // the tie rule under it: [TieRule] or [TieRuleAge]
	order func(*contest) []int // nil: ranked pairs
}

// DefaultRule is the one that decides; see [Merge].
const DefaultRule = "ranked_pairs"

// Rules are all there are, [DefaultRule] first. All of them resolve what they leave open by the order of their tie rule, take ballots
// that leave candidates out as they are, and are exact.
var Rules = []Rule{
	{DefaultRule, "Tideman's ranked pairs (Tideman 1987): what decides here", TieRule, nil},
	{"ranked_pairs_by_age", "the same, but of what votes leave open the older reply goes first", TieRuleAge, nil},
	{"schulze", "the Schulze method, strength by winning votes (M. Schulze, Social Choice and Welfare 36, 2011)", TieRule, (*contest).schulze},
	{"copeland", "Copeland's rule: pairs won less pairs lost (A. H. Copeland 1951)", TieRule, (*contest).copeland},
	{"borda", "the share of comparisons won, over all ballots (J.-C. de Borda 1781)", TieRule, (*contest).borda},
	{"instant_runoff", "the one with the fewest first places is taken out, again and again (W. R. Ware 1871)", TieRule, (*contest).runoff},
}

// RuleNames lists the names of [Rules].
func RuleNames() []string {
	names := make([]string, len(Rules))
	for i, r := range Rules {
		names[i] = r.Name
	}
	return names
}

// RuleNamed finds one of [Rules]. Errors: [ErrRule].
func RuleNamed(name string) (Rule, error) {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		return Rule{}, fmt.Errorf("%w as %q; there are %s", ErrRule, name, strings.Join(RuleNames(), ", "))
	}
	return Rules[i], nil
}

// MergeBy is [Merge] by any of [Rules]. Under rules that are not ranked pairs Ties is nil: what their tie order decided is not told.
// Errors: those of Merge, and [ErrRule].
func MergeBy(name string, candidates []Candidate, ballots []Ballot) (Result, error) {
	rule, err := RuleNamed(name)
	if err != nil {
		return Result{}, err
	}
	result, err := merge(rule.Tie, candidates, ballots)
	if err != nil || rule.order == nil {
		return result, err
	}
	p := newContest(rule.Tie, candidates, ballots, result.Matrix)
	places := rule.order(p)
	for k, place := range places {
		result.Order[k] = p.tie[place]
	}
	result.Ties = nil
	return result, nil
}

// contest is what the rules look at. Candidates are known by their places in the tie order: of two that a rule finds equal, the smaller
// place goes first.
type contest struct {
	n       int
	tie     []int   // the candidate at each place
	votes   [][]int // by places, as Result.Matrix is by candidates
	ballots []Ballot
}

func newContest(tieRule string, candidates []Candidate, ballots []Ballot, matrix [][]int) *contest {
	tie := tieOrder(tieRule, candidates, ballots, matrix)
	p := &contest{n: len(candidates), tie: tie[:len(candidates)]}
	place := make([]int, p.n)
	for at, i := range p.tie {
		place[i] = at
	}
	for _, i := range p.tie {
		row := make([]int, p.n)
		for at, j := range p.tie {
			row[at] = matrix[i][j]
		}
		p.votes = append(p.votes, row)
	}
	for _, b := range ballots {
		places := make(Ballot, len(b))
		for k, i := range b {
			places[k] = place[i]
		}
		p.ballots = append(p.ballots, places)
	}
	return p
}

func (p *contest) places() []int {
	all := make([]int, p.n)
	for i := range all {
		all[i] = i
	}
	return all
}

// borda is what its tie order begins with.
func (p *contest) borda() []int { return p.places() }

func (p *contest) copeland() []int {
	score := make([]int, p.n)
	for i := range p.n {
		for j := range p.n {
			score[i] += cmp.Compare(p.votes[i][j], p.votes[j][i])
		}
	}
	all := p.places()
	slices.SortStableFunc(all, func(i, j int) int { return cmp.Compare(score[j], score[i]) })
	return all
}

// schulze compares the strongest ways from one candidate to another; that is a strict partial order (Schulze 2011, section 4.1), of
// which the first in the tie order goes first.
func (p *contest) schulze() []int {
	strength := make([][]int, p.n)
	for i := range strength {
		strength[i] = make([]int, p.n)
		for j := range strength[i] {
			if p.votes[i][j] > p.votes[j][i] {
				strength[i][j] = p.votes[i][j]
			}
		}
	}
	for k := range p.n {
		for i := range p.n {
			for j := range p.n {
				if i != j {
					strength[i][j] = max(strength[i][j], min(strength[i][k], strength[k][j]))
				}
			}
		}
	}
	left, order := p.places(), make([]int, 0, p.n)
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(i int) bool {
			return !slices.ContainsFunc(left, func(j int) bool { return strength[j][i] > strength[i][j] })
		})
		order = append(order, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return order
}

// runoff counts, among those that are left, whom each ballot puts first.
func (p *contest) runoff() []int {
	left, order := p.places(), make([]int, p.n)
	for len(left) > 0 {
		first := make([]int, p.n)
		for _, b := range p.ballots {
			if i := slices.IndexFunc(b, func(i int) bool { return slices.Contains(left, i) }); i >= 0 {
				first[b[i]]++
			}
		}
		out := 0
		for k, i := range left {
			if first[i] <= first[left[out]] { // of equals the later in the tie order
				out = k
			}
		}
		order[len(left)-1] = left[out]
		left = slices.Delete(left, out, out+1)
	}
	return order
}
