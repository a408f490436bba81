package integrity

import (
	"dendro/domain"
	"dendro/domain/pool"
)

// poolState is what a pool's stream has said, and how many of its trees grow.
type poolState struct {
	opened    bool
	revision  int
	maxActive int
	growing   int
}

// poolOf gives the pool, known or not: trees may be there before it opens.
func (c *Check) poolOf(id domain.PoolID) *poolState {
	p := c.pools[id]
	if p == nil {
		p = &poolState{}
		c.pools[id] = p
	}
	return p
}

// count keeps the number of growing trees. A drawn tree counts from its draw.
func (c *Check) count(t *treeState, growing bool) {
	if t.growing == growing {
		return
	}
	t.growing = growing
	p := c.poolOf(domain.PoolID{Language: t.language})
	if growing {
		p.growing++
	} else {
		p.growing--
	}
}

// pool checks an event of a pool's stream.
func (c *Check) pool(r domain.Recorded) *breach {
	id, _ := r.Stream.Pool()
	p := c.poolOf(id)
	opening, first := r.Payload.(pool.Opened)
	if first == p.opened {
		return broken(RuleOpening, "a pool begins with pool.opened, once")
	}
	switch e := r.Payload.(type) {
	case pool.Opened:
		if opened := (domain.PoolID{Language: opening.Language, Bucket: opening.Bucket}); opened != id {
			return broken(RuleOpening, "it opens the pool %s", opened.Stream())
		}
		p.opened, p.revision, p.maxActive = true, e.Revision, e.Policy.MaxActiveTrees
	case pool.Configured:
		if e.Revision <= p.revision {
			return broken(RulePolicy, "revision %d of the policy comes behind %d", e.Revision, p.revision)
		}
		p.revision, p.maxActive = e.Revision, e.Policy.MaxActiveTrees
	case pool.LotteryDrawn:
		return c.drawn(id, p, e)
	case pool.BacklogActivated:
		_, b := c.inPool(id, e.Tree, domain.BacklogRanking)
		return b
	}
	return nil
}

// drawn checks a draw against the trees as they are: that it may be made at
// all, and whom it names.
func (c *Check) drawn(id domain.PoolID, p *poolState, e pool.LotteryDrawn) *breach {
	switch {
	case e.MaxActive != p.maxActive:
		return broken(RuleLottery, "it allows %d growing trees; the policy in force allows %d", e.MaxActive, p.maxActive)
	case e.Growing != p.growing:
		return broken(RuleLottery, "it counts %d growing trees; there are %d", e.Growing, p.growing)
	case e.Growing >= e.MaxActive:
		return broken(RuleLottery, "%d trees grow already, and no more may", e.Growing)
	}
	t, b := c.inPool(id, e.Tree, domain.PromptLotteryWaiting)
	if b != nil {
		return b
	}
	if t.growing {
		return broken(RuleLottery, "the tree %s has been drawn before", e.Tree)
	}
	c.count(t, true)
	return nil
}

// inPool gives a tree of the pool that is in the given state.
func (c *Check) inPool(id domain.PoolID, tree domain.TreeID, state domain.TreeState) (*treeState, *breach) {
	t := c.trees[tree]
	switch {
	case t == nil || t.language != id.Language:
		return nil, broken(RuleLottery, "the pool has no tree %s", tree)
	case t.state != state:
		return nil, broken(RuleLottery, "the tree %s is %q, not %s", tree, t.state, state)
	}
	return t, nil
}
