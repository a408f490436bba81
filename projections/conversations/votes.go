package conversations

import (
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
)

// ranking is one contributor's order of replies.
type ranking struct {
	by      person
	replies []domain.MessageID // those that it counts for
}

func (c *conversation) reviewed(by person, e tree.LabelsSubmitted, changes []projections.Change) []projections.Change {
	m := c.find(e.Message)
	if m == nil {
		return changes
	}
	m.reviewers = append(m.reviewers, by)
	if slices.Contains(c.discounted, by) {
		return changes
	}
	row := m.renew()
	row.Reviews++
	return append(changes, projections.Put(row))
}

func (c *conversation) voted(by person, e tree.RankingSubmitted, changes []projections.Change) []projections.Change {
	v := ranking{by: by}
	counts := !slices.Contains(c.discounted, by)
	for _, id := range e.Order {
		m := c.find(id)
		if m == nil || m.row.Parent != e.Parent || slices.Contains(v.replies, id) {
			continue
		}
		v.replies = append(v.replies, id)
		if counts {
			row := m.renew()
			row.Rankings++
			changes = append(changes, projections.Put(row))
		}
	}
	c.rankings = append(c.rankings, v)
	return changes
}

// discount takes the votes of a contributor out of all counts, or back in.
func (c *conversation) discount(by person, out bool, changes []projections.Change) []projections.Change {
	if slices.Contains(c.discounted, by) == out {
		return changes
	}
	sign := 1
	if out {
		sign = -1
		c.discounted = append(c.discounted, by)
	} else {
		c.discounted = slices.DeleteFunc(c.discounted, func(d person) bool { return d == by })
	}
	for i := range c.messages {
		m := &c.messages[i]
		reviews, rankings := c.votesOf(by, m)
		if reviews+rankings > 0 {
			row := m.renew()
			row.Reviews += sign * reviews
			row.Rankings += sign * rankings
			changes = append(changes, projections.Put(row))
		}
	}
	return changes
}

// votesOf counts what a contributor's votes add to a message's counts.
func (c *conversation) votesOf(by person, m *message) (reviews, rankings int) {
	for _, r := range m.reviewers {
		if r == by {
			reviews++
		}
	}
	for i := range c.rankings {
		if v := &c.rankings[i]; v.by == by && slices.Contains(v.replies, m.row.ID) {
			rankings++
		}
	}
	return reviews, rankings
}

// ranked takes over a merge: it replaces every rank below its parent.
func (c *conversation) ranked(e tree.RepliesRanked, changes []projections.Change) []projections.Change {
	for i := range c.messages {
		m := &c.messages[i]
		if m.row.Parent != e.Parent || m.row.Parent.IsZero() {
			continue
		}
		place := slices.IndexFunc(e.Order, func(i int) bool { return i >= 0 && i < len(e.Replies) && e.Replies[i] == m.row.ID })
		ranked, rank := place >= 0, max(place, 0)
		if m.row.Ranked != ranked || m.row.Rank != rank {
			row := m.renew()
			row.Ranked, row.Rank = ranked, rank
			changes = append(changes, projections.Put(row))
		}
	}
	return changes
}
