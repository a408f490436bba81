package reenact

import (
	"cmp"
	"math"
	"slices"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/tree"
)

// waits reports whether the tree's end is left for the very end: a prompt that
// is not to be drawn, or reactions upon which a living tree would be moderated.
func (p *player) waits(c *conversation) bool {
	switch c.want {
	case domain.PromptLotteryWaiting:
		return true
	case domain.Growing, domain.InitialPromptReview:
		return slices.ContainsFunc(c.nodes, func(n *node) bool {
			return slices.ContainsFunc(n.row.Emojis, func(e tree.EmojiCount) bool {
				return e.Emoji == domain.EmojiRedFlag && e.Count >= p.policy.AutoModRedFlags ||
					e.Emoji == domain.EmojiSkipReply && e.Count >= p.policy.AutoModMaxSkipReply
			})
		})
	}
	return false
}

// finish does what follows the last row of a tree.
func (p *player) finish(c *conversation) error {
	c.closed = true
	if !c.root.posted() {
		return nil
	}
	if err := p.putBack(c); err != nil {
		return err
	}
	for _, n := range c.nodes {
		if n.posted() && (n == c.keeper || p.held(n)) {
			if err := p.review(n); err != nil {
				return err
			}
		}
	}
	if c.state == domain.Ranking && c.ranked() {
		if err := p.rank(c); err != nil {
			return err
		}
	}
	if c.want == domain.HaltedByModerator {
		if _, err := p.must(p.onTree(p.moderator(), c, tree.Halt{Reason: "halted in the published data"})); err != nil {
			return err
		}
	}
	for _, todo := range []func(*conversation) []act{p.reactions, p.restorations, p.deletions, p.scores} {
		if err := p.do(todo(c)); err != nil {
			return err
		}
	}
	return nil
}

// act is a command for the sake of a row.
type act struct {
	n   *node
	cmd commands.Command
}

// do sends acts together, and notes those that are refused.
func (p *player) do(acts []act) error {
	all := make([]commands.Command, len(acts))
	for i, a := range acts {
		all[i] = a.cmd
	}
	out, err := p.send(all...)
	for i, o := range out {
		if r := refused(o); r != nil {
			acts[i].n.note(Rule(r.Kind), "%s", r.Text)
		}
	}
	return err
}

// rank hands in the rankings of every group, all in the file's order.
func (p *player) rank(c *conversation) error {
	type turn struct {
		parent *node
		who    domain.ContributorID
	}
	var turns []turn
	var asks []commands.Command
	for _, n := range c.nodes {
		if len(n.rankable()) < 2 || !p.policy.Ranks(n.row.Role.Other()) {
			continue
		}
		var seed uint64
		for i := range p.policy.NumRequiredRankings {
			who := p.cast.helper(n, i)
			ask, _, err := p.request(who, c, domain.RankTask(n.row.Role.Other()), n.id, &seed)
			if domain.RefusalKind(err) != "" {
				n.note(RuleRank, "its replies can't be ranked: %v", err)
				break
			}
			if err != nil {
				return err
			}
			asks, turns = append(asks, ask), append(turns, turn{n, who})
		}
	}
	out, err := p.must(asks...)
	if err != nil {
		return err
	}
	var acts []commands.Command
	for i, t := range turns {
		task, _ := out[i].Result.Task()
		by := domain.ByContributor(t.who)
		order, rankable := t.parent.order(task.Replies)
		acts = append(acts,
			p.onTree(by, c, tree.Acknowledge{Task: task.Task, Client: p.cast.client, FrontendID: task.Task.String()}),
			p.onTree(by, c, tree.SubmitRanking{Task: task.Task, By: t.who, Client: p.cast.client, Order: order, NotRankable: !rankable}))
	}
	_, err = p.must(acts...)
	return err
}

// rankable are the accepted, undeleted replies.
func (n *node) rankable() []*node {
	var out []*node
	for _, x := range n.children {
		if x.posted() && x.result == tree.Accepted && !x.deleted {
			out = append(out, x)
		}
	}
	return out
}

// order gives the file's order of the replies as indexes into how they were
// presented: by rank, those without behind. rankable is false when none has one.
func (n *node) order(presented []domain.MessageID) (order []int, rankable bool) {
	replies := n.rankable()
	place := func(x *node) int {
		if x.row.Rank == nil {
			return math.MaxInt
		}
		rankable = true
		return *x.row.Rank
	}
	slices.SortStableFunc(replies, func(a, b *node) int { return cmp.Compare(place(a), place(b)) })
	for _, x := range replies {
		order = append(order, slices.Index(presented, x.id))
	}
	return order, rankable
}

// reactions lets helpers react as often as the file says; who is for a message
// is not against it.
func (p *player) reactions(c *conversation) []act {
	var out []act
	for _, n := range c.nodes {
		if !n.posted() {
			continue
		}
		up := 0
		for _, e := range n.row.Emojis {
			from := 0
			switch e.Emoji {
			case domain.EmojiUp:
				up = min(e.Count, maxVotes)
			case domain.EmojiDown:
				from = up
			}
			for i := range min(e.Count, maxVotes) {
				who := p.cast.helper(n, from+i)
				out = append(out, act{n, p.onTree(domain.ByContributor(who), c, tree.React{Message: n.id, By: who, Emoji: e.Emoji, Op: tree.EmojiAdd})})
			}
		}
	}
	return out
}

func (p *player) restorations(c *conversation) []act {
	var out []act
	for _, n := range c.nodes {
		if n.leave == leavesForAWhile && n.deleted {
			out = append(out, act{n, p.onTree(p.moderator(), c, tree.Restore{Message: n.id, Reason: "not deleted in the published data"})})
		}
	}
	return out
}

func (p *player) deletions(c *conversation) []act {
	var out []act
	for _, n := range c.nodes {
		if n.leave == leavesAfter && n.posted() && !n.deleted {
			out = append(out, act{n, p.onTree(p.moderator(), c, tree.Delete{Message: n.id, Reason: "deleted in the published data"})})
		}
	}
	return out
}

// scores hands in the file's automatic scores.
func (p *player) scores(c *conversation) []act {
	var out []act
	for _, n := range c.nodes {
		if n.posted() && len(n.row.Scores) > 0 {
			out = append(out, act{n, p.onTree(domain.ByRule("detoxify"), c, tree.RecordScores{Message: n.id, Model: "detoxify", Scores: n.row.Scores})})
		}
	}
	return out
}
