package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// How long single requests may take, and pauses between tries. Calls into a
// frozen broker hang: whoever makes one bounds it by a context of its own too.
const (
	dialTimeout    = 2 * time.Second
	requestTimeout = 3 * time.Second
	retryTimeout   = 5 * time.Second
	firstPause     = 25 * time.Millisecond
	longestPause   = 500 * time.Millisecond
)

// client is a connection to the brokers, and what it knows of one topic. A
// broker works off the requests of one connection in their order, so those that
// may wait long have a client of their own.
type client struct {
	*kgo.Client
	topic  string
	expect [16]byte // the topic's id; zero: any

	mu      sync.Mutex
	id      [16]byte
	leaders []int32 // by partition; empty: to be asked for
}

func newClient(brokers []string, topic string, more []kgo.Opt) (*client, error) {
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(brokers...),
		kgo.ClientID("dendro"),
		kgo.DialTimeout(dialTimeout),
		kgo.RequestTimeoutOverhead(requestTimeout),
		kgo.RetryTimeout(retryTimeout),
		kgo.RetryBackoffFn(func(tries int) time.Duration { return min(firstPause<<min(tries, 10), longestPause) }),
		kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.DisableClientMetrics(),
	}, more...)...)
	if err != nil {
		return nil, err
	}
	return &client{Client: cl, topic: topic}, nil
}

var (
	errNoTopic  = errors.New("there is no such topic")
	errReplaced = errors.New("the topic was deleted and made anew; restore the log from a copy")
)

// lookup asks who leads the topic's partitions.
func (c *client) lookup(ctx context.Context) (kmsg.MetadataResponseTopic, error) {
	req := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = kmsg.StringPtr(c.topic)
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, c.Client)
	if err != nil {
		return kmsg.MetadataResponseTopic{}, err
	}
	if len(resp.Topics) != 1 {
		return kmsg.MetadataResponseTopic{}, fmt.Errorf("%d topics in an answer for one", len(resp.Topics))
	}
	t := resp.Topics[0]
	if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
		return t, err
	}
	if c.expect != [16]byte{} && c.expect != t.TopicID {
		return t, errReplaced
	}
	slices.SortFunc(t.Partitions, func(a, b kmsg.MetadataResponseTopicPartition) int { return int(a.Partition - b.Partition) })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id, c.leaders = t.TopicID, c.leaders[:0]
	for _, p := range t.Partitions {
		c.leaders = append(c.leaders, p.Leader)
	}
	return t, nil
}

// leader gives the broker that leads a partition, and the topic's id.
func (c *client) leader(ctx context.Context, p int32) (int32, [16]byte, error) {
	for asked := false; ; asked = true {
		c.mu.Lock()
		id, leader := c.id, int32(-1)
		if int(p) < len(c.leaders) {
			leader = c.leaders[p]
		}
		c.mu.Unlock()
		if leader >= 0 {
			return leader, id, nil
		}
		if asked {
			return 0, id, kerr.LeaderNotAvailable
		}
		if _, err := c.lookup(ctx); err != nil {
			return 0, id, err
		}
	}
}

// forget has the leaders asked for again.
func (c *client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaders = c.leaders[:0]
}

// passing reports whether the error may be gone at the next try: all that is
// not a broker's definite no.
func passing(err error) bool {
	var k *kerr.Error
	switch {
	case errors.Is(err, kgo.ErrClientClosed), errors.Is(err, errNoTopic), errors.Is(err, errReplaced):
		return false
	case errors.As(err, &k):
		// Two claimants at a time are nothing that a producer retries, but we do.
		return k.Retriable || k == kerr.ConcurrentTransactions
	}
	return true
}

// neverSent reports whether a request that failed so cannot have reached a
// broker.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" || errors.Is(err, kerr.LeaderNotAvailable)
}

// pause waits a little longer each time. It gives ctx's error when ctx ends.
func pause(ctx context.Context, tries int) error {
	select {
	case <-time.After(min(firstPause<<min(tries, 10), longestPause)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// persist calls try until it succeeds, fails for good, or ctx ends; then the
// error is ctx's, and names the last try's.
func persist(ctx context.Context, try func() error) error {
	for tries := 0; ; tries++ {
		err := try()
		if err == nil || !passing(err) {
			return err
		}
		if ctx.Err() == nil && pause(ctx, tries) == nil {
			continue
		}
		if errors.Is(err, ctx.Err()) {
			return err
		}
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
}
