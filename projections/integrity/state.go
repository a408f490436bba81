package integrity

import (
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
)

// moves is the table of collection §4 with what follows from testing every
// condition again: an edit or discounted reviews can put a prompt under review
// again, and one that has won goes straight back to growing. From any state
// a moderator can halt; see resumes for the way back.
var moves = map[domain.TreeState][]domain.TreeState{
	domain.InitialPromptReview:  {domain.PromptLotteryWaiting, domain.AbortedLowGrade, domain.Growing},
	domain.PromptLotteryWaiting: {domain.Growing, domain.AbortedLowGrade, domain.InitialPromptReview},
	domain.Growing:              {domain.Ranking, domain.AbortedLowGrade, domain.InitialPromptReview},
	domain.Ranking:              {domain.ReadyForScoring, domain.ReadyForExport},
	domain.ReadyForScoring:      {domain.ReadyForExport, domain.ScoringFailed},
	domain.ScoringFailed:        {domain.ReadyForExport, domain.Ranking},
	domain.BacklogRanking:       {domain.Ranking, domain.AbortedLowGrade},
}

// resumes gives where a halted or aborted tree goes on.
func (t *treeState) resumes() domain.TreeState {
	switch {
	case t.origin != "":
		return t.origin
	case t.won:
		return domain.Growing
	}
	return domain.InitialPromptReview
}

func (t *treeState) legal(from, to domain.TreeState) bool {
	switch {
	case from == "" || from == to:
		return false
	case to == domain.HaltedByModerator:
		return true
	case from == domain.HaltedByModerator || from == domain.AbortedLowGrade:
		return to == t.resumes()
	}
	return slices.Contains(moves[from], to)
}

// moved checks a change of state.
func (c *Check) moved(t *treeState, e tree.StateChanged) *breach {
	if e.From != t.state {
		return broken(RuleState, "it moves the tree from %q, but the tree is %q", e.From, t.state)
	}
	if !t.legal(e.From, e.To) {
		return broken(RuleState, "the tree can't move from %q to %q", e.From, e.To)
	}
	if e.To == domain.Growing && !t.won {
		return broken(RuleLottery, "the tree grows without having won the lottery")
	}
	t.state = e.To
	c.count(t, e.To == domain.Growing)
	return nil
}

func (t *treeState) win() *breach {
	switch {
	case t.state != domain.PromptLotteryWaiting:
		return broken(RuleLottery, "only a waiting tree can win; this one is %q", t.state)
	case !t.growing:
		return broken(RuleLottery, "no lottery.drawn before it names this tree")
	}
	t.won = true
	return nil
}
