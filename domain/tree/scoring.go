package tree

import (
	"slices"

	"dendro/domain"
	"dendro/domain/ranking"
)

// score merges the rankings of every rankable parent; the tree is in
// ready_for_scoring, and leaves it in the same append.
func (d *decision) score() {
	for i := range d.s.Messages {
		merged, ok, err := d.merge(i)
		if err != nil {
			d.move(domain.ScoringFailed, err.Error(), "ranked_pairs")
			return
		}
		if ok {
			d.emit(merged)
		}
	}
	d.move(domain.ReadyForExport, "the rankings are merged", "ranked_pairs")
}

// mergeAgain makes a new consensus of one parent: a ranking came late, or
// votes were discounted.
func (d *decision) mergeAgain(parent domain.MessageID) {
	merged, ok, err := d.merge(d.s.Find(parent))
	if err != nil || !ok {
		return
	}
	d.emit(merged)
}

// merge applies spec collection §9 to the replies of the message at i; ok is
// false when there is nothing to rank.
func (d *decision) merge(i int) (e RepliesRanked, ok bool, err error) {
	parent := d.s.Messages[i]
	replies := d.s.rankable(i)
	if len(replies) < 2 || !d.ctx.Policy.Ranks(parent.Role.Other()) {
		return e, false, nil
	}
	e.Parent, e.TieRule = parent.ID, ranking.TieRule
	candidates := make([]ranking.Candidate, len(replies))
	for k, j := range replies {
		m := d.s.Messages[j]
		e.Replies = append(e.Replies, m.ID)
		candidates[k] = ranking.Candidate{Created: m.Created, ID: m.ID}
	}
	refused := 0
	var ballots []ranking.Ballot
	for _, v := range parent.Votes {
		b := Ballot{Contributor: v.By, NotRankable: v.NotRankable, Order: indexes(e.Replies, v.Order)}
		if d.s.discounted(v.By) || len(b.Order) == 0 {
			continue
		}
		e.Ballots = append(e.Ballots, b)
		if v.NotRankable {
			refused++
		} else {
			ballots = append(ballots, b.Order)
		}
	}
	result, err := ranking.Merge(candidates, ballots)
	if err != nil {
		return e, false, err
	}
	e.Matrix = result.Matrix
	if 2*refused <= len(e.Ballots) && len(ballots) > 0 {
		e.Order, e.Ties = result.Order, result.Ties
	}
	return e, true, nil
}

// indexes gives where the ids of order stand in replies, leaving out others.
func indexes(replies, order []domain.MessageID) []int {
	var out []int
	for _, id := range order {
		if k := slices.Index(replies, id); k >= 0 {
			out = append(out, k)
		}
	}
	return out
}

func (d *decision) retryScoring() error {
	if d.s.State != domain.ScoringFailed {
		if d.s.State == domain.ReadyForExport {
			return nil
		}
		return domain.Refuse(domain.Conflict, "the tree is %s; only a failed scoring can be tried again", d.s.State)
	}
	for i := range d.s.Messages {
		if d.missingRankings(i) > 0 {
			d.move(domain.Ranking, "rankings are missing", "scoring_retried")
			return nil
		}
	}
	var failure error
	for i := range d.s.Messages {
		if _, _, err := d.merge(i); err != nil {
			failure = err
		}
	}
	if failure != nil {
		return domain.Refuse(domain.Conflict, "scoring fails again: %v", failure)
	}
	d.score()
	return nil
}
