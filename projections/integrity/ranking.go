package integrity

import (
	"slices"

	"dendro/domain"
	"dendro/domain/ranking"
	"dendro/domain/tree"
)

// vote is one contributor's ranking of a message's replies.
type vote struct {
	by          domain.ContributorID
	order       []domain.MessageID // best first
	notRankable bool
}

func (c *Check) ranking(t *treeState, e tree.RankingSubmitted) *breach {
	m, b := c.find(t, e.Parent)
	if b != nil {
		return b
	}
	if b := c.children(m, e.Order); b != nil {
		return b
	}
	if !e.Task.IsZero() {
		k, b := c.handIn(t, e.Task, e.Contributor)
		switch {
		case b != nil:
			return b
		case !k.kind.IsRank() || k.message != e.Parent:
			return broken(RuleTask, "task %s asked for something else: %s", e.Task, k)
		case !e.NotRankable && len(e.Order) != len(k.replies):
			return broken(RuleRanking, "it orders %d replies; the task presented %d", len(e.Order), len(k.replies))
		}
		for _, id := range e.Order {
			if !slices.Contains(k.replies, id) {
				return broken(RuleRanking, "the task did not present the reply %s", id)
			}
		}
	}
	m.votes = append(m.votes, vote{by: e.Contributor, order: e.Order, notRankable: e.NotRankable})
	return nil
}

// ranked checks a merge: its ballots are rankings that were handed in, and the
// rest follows from them.
func (c *Check) ranked(t *treeState, e tree.RepliesRanked) *breach {
	m, b := c.find(t, e.Parent)
	if b != nil {
		return b
	}
	if b := c.children(m, e.Replies); b != nil {
		return b
	}
	for i, ballot := range e.Ballots {
		if slices.ContainsFunc(e.Ballots[:i], func(o tree.Ballot) bool { return o.Contributor == ballot.Contributor }) {
			return broken(RuleRanking, "contributor %s has two ballots", ballot.Contributor)
		}
		if !m.cast(e.Replies, ballot) {
			return broken(RuleRanking, "contributor %s handed in no such ranking", ballot.Contributor)
		}
	}
	if e.TieRule != ranking.TieRule {
		return nil // another rule's consensus is not ours to recompute
	}
	return c.mergeAgain(e)
}

// cast reports whether the ballot is a ranking that its contributor handed in,
// as far as it is about the replies that were merged.
func (m *message) cast(replies []domain.MessageID, b tree.Ballot) bool {
	return slices.ContainsFunc(m.votes, func(v vote) bool {
		if v.by != b.Contributor || v.notRankable != b.NotRankable {
			return false
		}
		if b.NotRankable {
			return true
		}
		var order []int
		for _, id := range v.order {
			if i := slices.Index(replies, id); i >= 0 {
				order = append(order, i)
			}
		}
		return slices.Equal(order, b.Order)
	})
}

func (c *Check) mergeAgain(e tree.RepliesRanked) *breach {
	candidates := make([]ranking.Candidate, len(e.Replies))
	for i, id := range e.Replies {
		candidates[i] = ranking.Candidate{Created: c.messages[id].created, ID: id}
	}
	var ballots []ranking.Ballot
	for _, b := range e.Ballots {
		if !b.NotRankable {
			ballots = append(ballots, b.Order)
		}
	}
	want, err := ranking.Merge(candidates, ballots)
	if err != nil {
		return broken(RuleRanking, "its ballots can't be merged: %v", err)
	}
	if len(ballots) == 0 || 2*len(ballots) < len(e.Ballots) { // nobody ranks, or most say "not rankable"
		want.Order, want.Ties = nil, nil
	}
	switch {
	case !slices.EqualFunc(e.Matrix, want.Matrix, slices.Equal[[]int]):
		return broken(RuleRanking, "the ballots count up to another matrix: %v", want.Matrix)
	case !slices.Equal(e.Order, want.Order):
		return broken(RuleRanking, "the ballots merge into another order: %v", want.Order)
	case !slices.Equal(e.Ties, want.Ties):
		return broken(RuleRanking, "the tie rule decided other pairs: %v", want.Ties)
	}
	return nil
}
