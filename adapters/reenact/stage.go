package reenact

import (
	"slices"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/tree"
)

// stage plays one row at its time: its text, its reviews and free labels.
// Where the rules have no room for it, that is noted.
func (p *player) stage(n *node) error {
	if n.root() {
		if err := p.prompt(n); err != nil {
			return err
		}
		return p.judge(n)
	}
	if err := p.makeRoom(n); err != nil {
		return err
	}
	if err := p.reply(n); err != nil {
		return err
	}
	if err := p.putBack(n.conv); err != nil {
		return err
	}
	if err := p.holdBack(n); err != nil {
		return err
	}
	return p.judge(n)
}

// judge reviews a row that has been posted, unless that has to wait.
func (p *player) judge(n *node) error {
	if !n.posted() || n == n.conv.keeper || p.held(n) {
		return nil
	}
	return p.review(n)
}

// held: a prompt that is to wait in the lottery is accepted at the very end,
// when no prompt is drawn any more.
func (p *player) held(n *node) bool {
	return n.root() && n.conv.want == domain.PromptLotteryWaiting
}

func (p *player) text(n *node, task domain.TaskID) tree.SubmitText {
	do := tree.SubmitText{
		Task: task, By: p.cast.author(n), Client: p.cast.client, FrontendID: n.row.Message.String(), Text: n.row.Text,
	}
	if !n.root() {
		do.Language = n.row.Lang
	}
	if n.row.Synthetic != nil && *n.row.Synthetic {
		do.Synthetic, do.Model = true, "unknown"
		if n.row.Model != nil && *n.row.Model != "" {
			do.Model = *n.row.Model
		}
	}
	return do
}

// prompt plants a tree.
func (p *player) prompt(n *node) error {
	c, who := n.conv, domain.ByContributor(p.cast.author(n))
	ask := commands.RequestTask{Contributor: p.cast.author(n), Client: p.cast.client, Language: n.row.Lang, Kind: domain.TaskInitialPrompt}
	out, err := p.tell(n, p.command(who, ask))
	if out == nil {
		return err
	}
	task, _ := out[0].Result.Task()
	c.id = domain.TreeID(task.Task)
	p.trees[c.id] = c
	submit := p.onTree(who, c, p.text(n, task.Task))
	p.dice.load(submit.ID, p.goalSeed(c.goal))
	_, err = p.tell(n, p.onTree(who, c, tree.Acknowledge{Task: task.Task, Client: p.cast.client, FrontendID: n.row.Message.String()}), submit)
	return err
}

// goalSeed finds dice that draw the goal.
func (p *player) goalSeed(goal int) uint64 {
	lowest, sides := p.policy.MinGoalTreeSize, p.policy.GoalTreeSize-p.policy.MinGoalTreeSize+1
	for seed := uint64(0); ; seed++ {
		if lowest+domain.NewDice(seed).Below(sides) == goal {
			return seed
		}
	}
}

// reply posts a reply.
func (p *player) reply(n *node) error {
	c := n.conv
	if !n.parent.posted() {
		n.note(RuleBelow, "message %s above it could not be played", n.parent.row.Message)
		return nil
	}
	who := p.cast.author(n)
	var seed uint64
	ask, task, err := p.request(who, c, domain.ReplyTask(n.row.Role), n.parent.id, &seed)
	if kind := domain.RefusalKind(err); kind != "" {
		n.notes = append(n.notes, p.unoffered(n, err))
		return nil
	}
	if err != nil {
		return err
	}
	by := domain.ByContributor(who)
	_, err = p.tell(n, ask,
		p.onTree(by, c, tree.Acknowledge{Task: task, Client: p.cast.client, FrontendID: n.row.Message.String()}),
		p.onTree(by, c, p.text(n, task)))
	return err
}

// makeRoom puts leaves aside while the tree of the reply to come has all the
// messages that it needs; for a moment, so that its task is offered. In the
// published data it had been asked for before.
func (p *player) makeRoom(n *node) error {
	c := n.conv
	if c.state != domain.Growing || n.parent.result != tree.Accepted || n.parent.deleted {
		return nil
	}
	for c.full() {
		if moved, err := p.putAside(c, n.parent); err != nil || !moved {
			return err
		}
	}
	return nil
}

// holdBack puts leaves aside when the tree would stop growing with the
// decision on n, though others are to come.
func (p *player) holdBack(n *node) error {
	c := n.conv
	if !n.posted() || n == c.keeper || c.root.open == 1 || c.state != domain.Growing {
		return nil
	}
	for {
		accepted, live := c.count()
		waiting := live - accepted - 1 // beside n
		if n.votes.result == tree.Accepted && !(n.leavesEarly() && n.open == 1) {
			accepted++
		}
		if accepted < c.goal || waiting > 0 {
			return nil
		}
		if moved, err := p.putAside(c, n); err != nil || !moved {
			return err
		}
	}
}

// full reports whether the tree has all the messages that it needs.
func (c *conversation) full() bool {
	_, live := c.count()
	return live >= c.goal
}

// putAside deletes a leaf, if there is one that does for it, until putBack.
func (p *player) putAside(c *conversation, but *node) (bool, error) {
	x := c.spare(but)
	if x == nil {
		return false, nil
	}
	c.aside = append(c.aside, x)
	return true, p.remove(x)
}

// putBack restores what was put aside.
func (p *player) putBack(c *conversation) error {
	for len(c.aside) > 0 {
		x := c.aside[len(c.aside)-1]
		c.aside = c.aside[:len(c.aside)-1]
		if _, err := p.tell(x, p.onTree(p.moderator(), c, tree.Restore{Message: x.id, Reason: "the tree had room for another reply"})); err != nil {
			return err
		}
	}
	return nil
}

// count tells, as the rules do, how many messages are accepted and how many
// live.
func (c *conversation) count() (accepted, live int) {
	for _, n := range c.nodes {
		if n.live() {
			live++
			if n.result == tree.Accepted {
				accepted++
			}
		}
	}
	return accepted, live
}

// spare gives a leaf that can be put aside: an accepted one, or, while the
// tree does not have what it needs without, the one that it waits for.
func (c *conversation) spare(but *node) *node {
	for i := len(c.nodes) - 1; i > 0; i-- {
		x := c.nodes[i]
		if x.live() && x.result == tree.Accepted && x != but && x.counts() && !anyLive(x.children) {
			return x
		}
	}
	if k := c.keeper; k != nil && k.live() && k != but && k != c.root {
		if accepted, _ := c.count(); accepted < c.goal {
			return k
		}
	}
	return nil
}

func anyLive(nodes []*node) bool {
	for _, n := range nodes {
		if n.live() {
			return true
		}
	}
	return false
}

// unoffered tells which rule kept the pool from offering the reply.
func (p *player) unoffered(n *node, refused error) note {
	c := n.conv
	switch {
	case c.state != domain.Growing:
		return note{RuleState, "its tree was " + string(c.state) + " then, and only a growing one is offered for replies"}
	case n.parent.deleted:
		return note{RuleBelow, "its parent was deleted before"}
	case n.parent.result != tree.Accepted:
		return note{RuleParentResult, "only an accepted message is offered for replies, and its parent is not"}
	case c.full():
		return note{RuleGoal, "its tree had all the messages that it needed"}
	}
	return note{Rule(domain.RefusalKind(refused)), refused.Error()}
}

// review hands in the row's label sets: all review tasks are asked for before
// the first is done, as those that come after the decision were under way. A
// row that leaves, and that nothing is to hang from, goes before the decision:
// otherwise it could be the one that brings the tree to its goal.
func (p *player) review(n *node) error {
	c := n.conv
	var asks, acts []commands.Command
	var seed uint64
	for i, labels := range slices.Concat(n.votes.voided, n.votes.reviews) {
		who := p.cast.reviewer(n, i)
		ask, task, err := p.request(who, c, domain.LabelTask(n.row.Role, n.root()), n.id, &seed)
		if domain.RefusalKind(err) != "" {
			n.note(RuleReviews, "a message of a tree that is %s is not offered for review", c.state)
			break
		}
		if err != nil {
			return err
		}
		by := domain.ByContributor(who)
		asks = append(asks, ask)
		acts = append(acts,
			p.onTree(by, c, tree.Acknowledge{Task: task, Client: p.cast.client, FrontendID: task.String()}),
			p.onTree(by, c, tree.SubmitLabels{Task: task, Message: n.id, By: who, Client: p.cast.client, Labels: labels}))
	}
	if n.leavesEarly() && n.open == 1 {
		asks = append(asks, p.deletion(n))
	}
	for i, labels := range n.votes.free {
		who := p.cast.helper(n, len(n.votes.reviews)+i)
		acts = append(acts, p.onTree(domain.ByContributor(who), c, tree.SetLabels{Message: n.id, By: who, Client: p.cast.client, Labels: labels}))
	}
	if len(asks)+len(acts) == 0 {
		return nil
	}
	_, err := p.tell(n, append(asks, acts...)...)
	return err
}

// remove deletes a message as a moderator.
func (p *player) remove(n *node) error {
	_, err := p.must(p.deletion(n))
	return err
}

func (p *player) deletion(n *node) commands.Command {
	return p.onTree(p.moderator(), n.conv, tree.Delete{Message: n.id, Reason: "deleted in the published data, or for a while"})
}
