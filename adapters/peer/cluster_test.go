package peer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/domaintest"
	"dendro/domain/policy"
	"dendro/domain/tree"
	"dendro/projections/integrity"
)

// node is an engine that other nodes reach over HTTP.
type node struct {
	engine *commands.Engine
	server *httptest.Server
	client *Client
}

// cluster is nodes on one log, and who owns what.
type cluster struct {
	t     *testing.T
	log   *domaintest.Log
	clock *domain.ManualClock

	mu     sync.Mutex
	nodes  []*node
	owners []int
	dice   *domain.Dice
}

// Owner implements Directory.
func (c *cluster) Owner(p domain.Partition) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[c.owners[p]]
	return n.server.URL, true
}

func (c *cluster) below(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dice.Below(n)
}

func (c *cluster) any() *commands.Engine {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes[c.dice.Below(len(c.nodes))].engine
}

func newCluster(t *testing.T, nodes, partitions int) *cluster {
	c := &cluster{t: t, clock: domain.NewManualClock(t0), nodes: make([]*node, nodes), owners: make([]int, partitions), dice: domain.NewDice(1)}
	c.log = domaintest.NewLog(partitions, c.clock)
	for n := range nodes {
		c.open(n)
	}
	for p := range partitions {
		c.assign(domain.Partition(p), p%nodes)
	}
	return c
}

func (c *cluster) open(n int) {
	c.t.Helper()
	p := policy.Default()
	p.MaxActiveTrees, p.GoalTreeSize, p.MinGoalTreeSize, p.NumReviewsReply, p.NumReviewsInitialPrompt = 3, 4, 2, 1, 1
	var err error
	fresh := &node{client: NewClient(c.log.Identity().ID, secretOf(c.t, "s"), domain.ClockFunc(time.Now), c)}
	fresh.engine, err = commands.Open(context.Background(), c.log, commands.Options{
		Clock: c.clock, Policy: &p, Partial: true, Peers: fresh.client,
		Dice: func(id domain.CommandID) uint64 { return binary.BigEndian.Uint64(id[8:]) },
		Lost: func(p domain.Partition, _ error) { c.lost(n, p) },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	fresh.server = httptest.NewServer(NewHandler(c.log.Identity().ID, secretOf(c.t, "s"), domain.ClockFunc(time.Now), fresh.engine))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes[n] = fresh
}

func (n *node) close() error {
	n.server.CloseClientConnections()
	n.server.Close()
	err := n.engine.Close()
	n.client.Close()
	return err
}

func (c *cluster) lost(n int, p domain.Partition) {
	c.mu.Lock()
	mine, e := c.owners[p] == n, c.nodes[n].engine
	c.mu.Unlock()
	if mine {
		_ = e.Acquire(context.Background(), p) // or it is lost again
	}
}

func (c *cluster) assign(p domain.Partition, to int) {
	c.mu.Lock()
	c.owners[p] = to
	e := c.nodes[to].engine
	c.mu.Unlock()
	if err := e.Acquire(context.Background(), p); err != nil && !errors.Is(err, domain.ErrFenced) {
		c.t.Errorf("acquiring partition %d: %v", p, err)
	}
}

// disturb moves partitions with and without the owner's consent, and lets nodes
// go down and come back, until stop is closed.
func (c *cluster) disturb(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(c.below(4)) * time.Millisecond):
		}
		p, to := domain.Partition(c.below(len(c.owners))), c.below(len(c.nodes))
		c.mu.Lock()
		from := c.owners[p]
		old := c.nodes[from]
		c.mu.Unlock()
		switch c.below(6) {
		case 0:
			c.replace(from)
		case 1, 2:
			if err := old.engine.Release(context.Background(), p); err != nil {
				c.t.Error(err)
			}
			fallthrough
		default:
			c.assign(p, to)
		}
	}
}

// replace moves a node's partitions to others while it is still at work, takes
// it down, and opens it anew.
func (c *cluster) replace(n int) {
	for p := range c.owners {
		if c.owners[p] == n {
			c.assign(domain.Partition(p), (n+1)%len(c.nodes))
		}
	}
	old := c.nodes[n]
	c.open(n)
	if err := old.close(); err != nil {
		c.t.Error(err)
	}
}

// member is one of the crowd.
type member struct {
	c     *cluster
	id    domain.ContributorID
	n     int
	acked map[domain.CommandID]int
}

// do sends a command to any node until it is answered.
func (m *member) do(b commands.Body) (commands.Result, error) {
	m.n++
	var entropy [10]byte
	copy(entropy[:], m.id[:2])
	binary.BigEndian.PutUint32(entropy[2:], uint32(m.n))
	cmd := commands.Command{ID: domain.CommandID(domain.NewID(m.c.clock.Now(), entropy)), Actor: domain.ByContributor(m.id), Body: b}
	for {
		res, err := m.c.any().Do(context.Background(), cmd)
		switch {
		case err == nil:
			m.acked[cmd.ID] = len(res.Events)
			return res, nil
		case domain.RefusalKind(err) != "":
			return res, err
		case !errors.Is(err, domain.ErrUnknown) && !errors.Is(err, domain.ErrOverloaded) && !errors.Is(err, domain.ErrFenced) && !errors.Is(err, domain.ErrClosed):
			m.c.t.Errorf("%T: %v", b, err)
			return res, err
		}
	}
}

func (m *member) must(b commands.Body) {
	if _, err := m.do(b); err != nil {
		m.c.t.Errorf("%T: %v", b, err)
	}
}

func (m *member) live(tasks int) {
	m.must(commands.OnContributor{Contributor: m.id, Do: contributor.Register{}})
	m.must(commands.OnContributor{Contributor: m.id, Do: contributor.Consent{Terms: "v1"}})
	for range tasks {
		m.c.clock.Advance(20 * time.Second)
		lang := []string{"en", "de", "fr", "pt-br"}[m.c.below(4)]
		res, err := m.do(commands.RequestTask{Contributor: m.id, Language: lang, Kind: domain.TaskRandom})
		if t, given := res.Task(); err == nil && given {
			m.work(t)
		}
	}
}

// work does a task. Somebody else may have ended it meanwhile.
func (m *member) work(t tree.TaskAssigned) {
	m.must(commands.OnTree{Do: tree.Acknowledge{Task: t.Task, FrontendID: t.Task.String()}})
	var do tree.Command
	switch {
	case t.Kind.IsText():
		do = tree.SubmitText{Task: t.Task, By: m.id, FrontendID: "r" + t.Task.String(), Text: fmt.Sprint(m.id, m.n)}
	case t.Kind.IsLabel():
		do = tree.SubmitLabels{Task: t.Task, Message: t.Message, By: m.id, Labels: []tree.LabelValue{{Label: domain.LabelSpam, Value: decimal.MustParse("0")}}}
	default:
		order := make([]int, len(t.Replies))
		for i := range order {
			order[i] = i
		}
		do = tree.SubmitRanking{Task: t.Task, By: m.id, Order: order}
	}
	_, err := m.do(commands.OnTree{Do: do})
	if k := domain.RefusalKind(err); k == domain.UnknownTask || k == domain.UnknownTree || k == domain.UnknownContributor {
		m.c.t.Errorf("%T: %v", do, err)
	}
}

// Over real connections: while partitions move and nodes come and go, every
// answered command is in the log once, and the log is as it must be.
func TestCluster(t *testing.T) {
	c := newCluster(t, 3, 4)
	stop, disturbed := make(chan struct{}), make(chan struct{})
	go func() { defer close(disturbed); c.disturb(stop) }()
	members := make([]*member, 6)
	var crowd sync.WaitGroup
	for i := range members {
		m := &member{c: c, id: domain.ContributorID{1, byte(i)}, acked: map[domain.CommandID]int{}}
		members[i] = m
		crowd.Go(func() { m.live(60) })
	}
	crowd.Wait()
	close(stop)
	<-disturbed
	for p, n := range c.owners {
		c.assign(domain.Partition(p), n)
	}
	ask := commands.AskInvolved{Contributor: members[0].id}
	first, err := c.nodes[0].engine.Involved(t.Context(), ask.Contributor)
	if err != nil || len(first) == 0 {
		t.Errorf("%v is involved in %v: %v", ask.Contributor, first, err)
	}
	for _, n := range c.nodes {
		if got, err := n.engine.Involved(t.Context(), ask.Contributor); err != nil || !slices.Equal(first, got) {
			t.Errorf("nodes differ about who is involved: %v, %v, %v", first, got, err)
		}
	}
	for _, n := range c.nodes {
		if err := n.close(); err != nil {
			t.Error(err)
		}
	}
	c.check(members)
}

func (c *cluster) check(members []*member) {
	check := integrity.New(c.log.Identity())
	stored := map[domain.CommandID]int{}
	for _, r := range c.log.All() {
		stored[r.Command]++
		if err := check.Apply(r); err != nil {
			c.t.Fatal(err)
		}
	}
	acked := 0
	for _, m := range members {
		for id, n := range m.acked {
			if acked++; stored[id] != n {
				c.t.Errorf("command %s was answered with %d events; %d are stored", id, n, stored[id])
			}
		}
	}
	c.t.Logf("%d commands answered, %d events", acked, len(c.log.All()))
}
