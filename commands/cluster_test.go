package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/domaintest"
	"dendro/domain/policy"
)

// cluster is several nodes on one log, between which partitions move at random
// and messages get lost.
type cluster struct {
	t     *testing.T
	log   *domaintest.Log
	clock *domain.ManualClock
	kept  []*cache // by node

	mu     sync.Mutex
	nodes  []*Engine
	owners []int // whom a partition is assigned to; may be wrong
	mute   int   // a node that nobody reaches; -1 none
	dice   *domain.Dice
	counts map[string]int

	elsewhere bool // reactions follow outside the nodes
}

func newCluster(t *testing.T, nodes, partitions int, seed uint64, elsewhere bool) *cluster {
	c := &cluster{t: t, clock: domain.NewManualClock(t0), dice: domain.NewDice(seed), mute: -1, counts: map[string]int{}, elsewhere: elsewhere}
	c.log = domaintest.NewLog(partitions, c.clock)
	c.owners = make([]int, partitions)
	c.nodes = make([]*Engine, nodes)
	for n := range nodes {
		c.kept = append(c.kept, &cache{data: map[string][]byte{}})
		c.open(n)
	}
	for p := range partitions {
		c.assign(domain.Partition(p), p%nodes)
	}
	return c
}

// open begins a node.
func (c *cluster) open(n int) {
	p := policy.Default()
	p.MaxActiveTrees, p.GoalTreeSize, p.MinGoalTreeSize, p.RandomGoalTreeSize, p.AutoModRedFlags = 2, 6, 3, true, 2
	e, err := Open(context.Background(), c.log, Options{
		Clock: c.clock, Dice: seedDice, Policy: &p, Checkpoints: c.kept[n], Partial: true,
		NoReactions: c.elsewhere, Peers: &wire{c, n}, Lost: func(p domain.Partition, _ error) { c.lost(n, p) },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes[n] = e
}

// lost is what a consumer group's member does: what is still assigned to it,
// it takes again.
func (c *cluster) lost(n int, p domain.Partition) {
	c.mu.Lock()
	mine, e := c.owners[p] == n && c.mute != n, c.nodes[n]
	c.counts["lost"]++
	c.mu.Unlock()
	if mine {
		if err := e.Acquire(context.Background(), p); err != nil && !errors.Is(err, domain.ErrClosed) && !isElsewhere(err) && !errors.Is(err, domain.ErrUnknown) {
			c.t.Error(err)
		}
	}
}

// assign moves a partition, and waits until its new owner has it.
func (c *cluster) assign(p domain.Partition, to int) {
	c.mu.Lock()
	c.owners[p] = to
	e := c.nodes[to]
	c.mu.Unlock()
	for {
		err := e.Acquire(context.Background(), p)
		if err == nil {
			return
		}
		if !errors.Is(err, domain.ErrUnknown) && !isElsewhere(err) {
			c.t.Errorf("acquiring partition %d: %v", p, err)
			return
		}
	}
}

func (c *cluster) below(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dice.Below(n)
}

// node gives any node.
func (c *cluster) node() *Engine {
	c.mu.Lock()
	defer c.mu.Unlock()
	return pickOf(c.dice, c.nodes)
}

// wire is how one node reaches the others: calls and answers get lost.
type wire struct {
	c    *cluster
	from int
}

// owner gives the node that the partition is assigned to, or a wrong one, or
// none, and whether its answer will get lost.
func (w *wire) owner(p domain.Partition) (e *Engine, mute bool) {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	w.c.counts["passed on"]++
	to := w.c.owners[p]
	switch w.c.dice.Below(20) {
	case 0:
		return nil, false
	case 1:
		return w.c.nodes[to], true
	case 2:
		to = w.c.dice.Below(len(w.c.nodes))
	}
	if to == w.c.mute {
		return nil, false
	}
	return w.c.nodes[to], false
}

func (w *wire) Do(ctx context.Context, p domain.Partition, c Command) (Result, error) {
	e, mute := w.owner(p)
	if e == nil {
		return Result{}, &NotOwned{p}
	}
	res, err := e.DoHere(ctx, p, c)
	if mute {
		return Result{}, fmt.Errorf("the answer was lost: %w", domain.ErrUnknown)
	}
	return res, err
}

func (w *wire) Ask(ctx context.Context, p domain.Partition, q Question) (Answer, error) {
	e, mute := w.owner(p)
	if e == nil || mute {
		return Answer{}, &NotOwned{p}
	}
	return e.AskHere(ctx, p, q)
}

// disturb moves partitions until stop is closed: orderly, by force while the
// owner goes on, by a stranger who takes them and is gone, by appends that fail,
// and by nodes that die and come back empty.
func (c *cluster) disturb(stop <-chan struct{}) {
	ctx := context.Background()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(c.below(3)) * time.Millisecond):
		}
		p, to := domain.Partition(c.below(len(c.owners))), c.below(len(c.nodes))
		c.mu.Lock()
		from, old := c.owners[p], c.nodes[c.owners[p]]
		c.mu.Unlock()
		switch k := c.below(16); {
		case k < 6:
			if err := old.Release(ctx, p); err != nil {
				c.t.Errorf("releasing partition %d: %v", p, err)
			}
			c.assign(p, to)
		case k < 10: // the old owner still believes that it is one
			c.assign(p, to)
		case k < 12:
			if _, err := c.log.Own(ctx, p); err != nil {
				c.t.Error(err)
			}
		case k < 14:
			c.replace(from)
		default:
			next, _ := c.node().Policy()
			next.MaxActiveTrees = 1 + c.below(4)
			_, err := c.node().Do(ctx, Command{
				ID:    domain.CommandID(domain.NewID(c.clock.Now(), [10]byte{0: 255, 1: byte(i >> 8), 2: byte(i)})),
				Actor: domain.ByRule("test"), Body: OnCampaign{Do: campaign.Configure{Policy: next}},
			})
			if err != nil && !errors.Is(err, domain.ErrUnknown) && !isElsewhere(err) {
				c.t.Errorf("a new policy: %v", err)
			}
		}
	}
}

// replace lets a node fall silent, without giving anything up; others take its
// partitions, it goes on for a while, and a new one comes in its place.
func (c *cluster) replace(n int) {
	c.mu.Lock()
	c.mute = n
	dead := c.nodes[n]
	owners := slices.Clone(c.owners)
	c.counts["died"]++
	c.mu.Unlock()
	for p, owner := range owners {
		if owner == n {
			c.assign(domain.Partition(p), (n+1+c.below(len(c.nodes)-1))%len(c.nodes))
		}
	}
	c.open(n)
	c.mu.Lock()
	c.mute = -1
	c.mu.Unlock()
	if err := dead.Close(); err != nil {
		c.t.Errorf("closing a dead node: %v", err)
	}
}

// settle waits until every node knows all and nothing follows any more.
func (c *cluster) settle() {
	ctx := context.Background()
	for before, now := (domain.Cut{}), c.log.Identity().Start(); !before.Equal(now); now, _ = c.log.End(ctx) {
		before = now
		for _, e := range c.nodes {
			if err := errors.Join(e.catchUp(ctx), e.Quiesce(ctx), e.Following()); err != nil {
				c.t.Fatal(err)
			}
		}
	}
}

// factsEqual holds a node's facts against those that one reading of the log gives.
func (c *cluster) factsEqual(name string, have *facts) {
	c.t.Helper()
	have.mu.RLock()
	defer have.mu.RUnlock()
	want := newFacts(c.log.Identity(), false)
	for r, err := range c.log.Read(context.Background(), c.log.Identity().Start(), have.at) {
		if err != nil {
			c.t.Fatal(err)
		}
		want.learn([]domain.Recorded{r})
	}
	type view struct {
		At           domain.Cut
		Trees        map[domain.TreeID]domain.PoolID
		Tasks        map[domain.TaskID]domain.TreeID
		Messages     map[domain.MessageID]domain.TreeID
		Contributors map[domain.ContributorID]contributor.State
		Campaign     campaign.State
		Pools        map[domain.PoolID]int
		Languages    languages
		Configured   domain.EventID
		Decided      map[domain.ContributorID]domain.EventID
	}
	of := func(f *facts) view {
		return view{f.at, f.trees, f.tasks, f.messages, f.contributors, f.campaign, f.pools, f.languages, f.configured, f.decided}
	}
	if diff := cmp.Diff(of(want), of(have), cmpopts.EquateEmpty()); diff != "" {
		c.t.Errorf("%s: other facts than the log's (-log +node):\n%s", name, diff)
	}
}
