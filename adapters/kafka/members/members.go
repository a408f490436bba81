// Package members shares a log's partitions out among nodes, through a
// consumer group of the log's own topic: cooperative and sticky, so that nodes
// that come and go move as few partitions as they can.
//
// The life of a partition on a node: the group assigns it; the node acquires
// it, again and again if that fails; it is the node's until the group takes it
// back, which waits until the node has released it, or until the node is given
// up for dead: then the next owner's claim fences it. Assignment is a wish and
// never the fence: two nodes that both think a partition theirs can't both
// write (package kafka).
//
// Nothing is read through the group, and no offsets are kept.
package members

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"dendro/domain"
)

// Owner acquires and releases partitions. Calls for one partition don't
// overlap; both are repeated until they succeed or are no longer wanted.
type Owner interface {
	Acquire(ctx context.Context, p domain.Partition) error
	Release(ctx context.Context, p domain.Partition) error
	// Owned gives the partitions that are owned now: one may have been lost to
	// another owner at any time.
	Owned() []domain.Partition
}

// Options are what Join needs.
type Options struct {
	Brokers []string
	Topic   string // of the log
	Group   string

	Session time.Duration // without a sign of life for so long a member is dead; 6 s, the least that brokers allow
	// Report is told what could not be done yet and is tried again.
	Report func(p domain.Partition, err error)
}

const (
	heartbeatsPerSession = 6
	retryAfter           = 300 * time.Millisecond
	lookAfter            = time.Second // how often a partition that got lost is noticed
)

// Member is a node's membership. Make it with Join.
type Member struct {
	opt    Options
	owner  Owner
	client *kgo.Client
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex
	held   map[domain.Partition]*holding
	closed bool
}

// holding is a partition that the group has assigned.
type holding struct {
	stop context.CancelFunc
	done chan struct{} // closed when the node holds nothing of it any more
}

// Join enters the group. What it assigns is acquired in the background.
func Join(ctx context.Context, opt Options, owner Owner) (*Member, error) {
	if opt.Session <= 0 {
		opt.Session = 6 * time.Second
	}
	if opt.Report == nil {
		opt.Report = func(domain.Partition, error) {}
	}
	m := &Member{opt: opt, owner: owner, held: map[domain.Partition]*holding{}}
	m.ctx, m.stop = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	m.client, err = kgo.NewClient(
		kgo.SeedBrokers(opt.Brokers...), kgo.ConsumerGroup(opt.Group), kgo.ConsumeTopics(opt.Topic),
		kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.DisableAutoCommit(),
		kgo.SessionTimeout(opt.Session), kgo.HeartbeatInterval(opt.Session/heartbeatsPerSession), kgo.RebalanceTimeout(2*opt.Session),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) { m.assigned(got[opt.Topic]) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, gone map[string][]int32) { m.revoked(gone[opt.Topic]) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, gone map[string][]int32) { m.revoked(gone[opt.Topic]) }),
	)
	if err != nil {
		m.stop()
		return nil, fmt.Errorf("group %s: %w", opt.Group, err)
	}
	m.client.PauseFetchTopics(opt.Topic)
	return m, nil
}

func (m *Member) assigned(partitions []int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range partitions {
		p := domain.Partition(n)
		if m.closed || m.held[p] != nil {
			continue
		}
		ctx, stop := context.WithCancel(m.ctx)
		h := &holding{stop: stop, done: make(chan struct{})}
		m.held[p] = h
		m.work.Go(func() {
			defer close(h.done)
			m.hold(ctx, p)
		})
	}
}

// revoked gives partitions up, all at once, and waits until that is done.
func (m *Member) revoked(partitions []int32) {
	var going []*holding
	m.mu.Lock()
	for _, n := range partitions {
		if h := m.held[domain.Partition(n)]; h != nil {
			h.stop()
			going = append(going, h)
			delete(m.held, domain.Partition(n))
		}
	}
	m.mu.Unlock()
	for _, h := range going {
		<-h.done
	}
}

// hold keeps a partition until ctx ends, then releases it.
func (m *Member) hold(ctx context.Context, p domain.Partition) {
	for owned := false; ; {
		wait := lookAfter
		if !owned {
			if err := m.owner.Acquire(ctx, p); err != nil && ctx.Err() == nil {
				m.opt.Report(p, fmt.Errorf("partition %d could not be acquired; trying again: %w", p, err))
				wait = retryAfter
			}
		}
		select {
		case <-ctx.Done():
			m.release(p)
			return
		case <-time.After(wait):
		}
		owned = false
		for _, o := range m.owner.Owned() {
			owned = owned || o == p
		}
	}
}

// release gives up within the time that the group grants; after it the group
// goes on without this node, whose writes are fenced.
func (m *Member) release(p domain.Partition) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.ctx), m.opt.Session)
	defer cancel()
	for {
		err := m.owner.Release(ctx, p)
		if err == nil {
			return
		}
		m.opt.Report(p, fmt.Errorf("partition %d could not be released: %w", p, err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(retryAfter):
		}
	}
}

// Close releases everything and leaves the group, so that others take over at
// once.
func (m *Member) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	m.mu.Unlock()
	m.stop()
	m.work.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), m.opt.Session)
	defer cancel()
	err := m.client.LeaveGroupContext(ctx)
	m.client.Close()
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("group %s could not be left in time; it will notice by itself: %w", m.opt.Group, err)
	}
	return err
}
