package ranking

// Step is one pair on its way through ranked pairs, by candidates.
type Step struct {
	Above, Below int
	Margin       int  // ballots that put Above above, less those that put Below above
	Votes        int  // ballots that put Above above
	Locked       bool // false: it would have closed a cycle
	Equal        bool // the pair before is as strong: the tie rule chose which goes first
}

// ExplainBy gives the pairs that have a winner in the order in which [MergeBy] takes them, and what becomes of each; nil for a rule
// that does not go by pairs. Errors: those of MergeBy.
func ExplainBy(name string, candidates []Candidate, ballots []Ballot) ([]Step, error) {
	rule, err := RuleNamed(name)
	if err != nil {
		return nil, err
	}
	result, err := merge(rule.Tie, candidates, ballots)
	if err != nil || rule.order != nil {
		return nil, err
	}
	n, tie := len(candidates), tieOrder(rule.Tie, candidates, ballots, result.Matrix)
	pairs := appendPairs(nil, result.Matrix, tie[:n])
	var locked reach
	steps := make([]Step, len(pairs))
	for k, p := range pairs {
		i, j := tie[p.winner()], tie[p.loser()]
		steps[k] = Step{
			Above: i, Below: j, Margin: result.Matrix[i][j] - result.Matrix[j][i], Votes: result.Matrix[i][j],
			Locked: !locked.path(p.loser(), p.winner()), Equal: k > 0 && pairs[k-1].strength() == p.strength(),
		}
		if steps[k].Locked {
			locked.add(p.winner(), p.loser(), n)
		}
	}
	return steps, nil
}
