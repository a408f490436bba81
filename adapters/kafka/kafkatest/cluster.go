package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	readyPatience = 90 * time.Second
	stopPatience  = 10 * time.Second
	directories   = "dendro-kafka-" // names of clusters' directories begin so
)

// Cluster is running brokers, numbered from 0. Its methods fail the test when
// they can't do what they are to.
type Cluster struct {
	dir    string
	unlock func()
	nodes  []*node
}

// Start runs a cluster of so many brokers until the test ends. Settings are
// lines of a broker's configuration, such as "producer.id.expiration.ms=2000".
func Start(t testing.TB, brokers int, settings ...string) *Cluster {
	t.Helper()
	i := need(t)
	c, err := i.cluster(t.Context(), brokers, settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.remove)
	if err := c.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// cluster makes directories and configurations.
func (i *installation) cluster(ctx context.Context, brokers int, settings []string, jvm ...string) (*Cluster, error) {
	sweep()
	c, err := newDirectory()
	if err != nil {
		return nil, err
	}
	dir := c.dir
	taken := make(map[int]bool)
	voters := make([]string, brokers)
	for k := range brokers {
		n := &node{id: k + 1, dir: filepath.Join(dir, fmt.Sprint(k+1)), replicas: min(3, brokers), settings: settings, jvm: jvm, install: i}
		n.broker, err = freeAddress(ctx, taken)
		if err == nil {
			n.controller, err = freeAddress(ctx, taken)
		}
		if err != nil {
			c.remove()
			return nil, err
		}
		voters[k] = fmt.Sprintf("%d@%s", n.id, n.controller)
		c.nodes = append(c.nodes, n)
	}
	for _, n := range c.nodes {
		n.voters = strings.Join(voters, ",")
		if err := n.prepare(); err != nil {
			c.remove()
			return nil, err
		}
	}
	return c, nil
}

// newDirectory makes a cluster's directory. It gets its name when it is locked:
// before that another process could sweep it away.
func newDirectory() (*Cluster, error) {
	const unnamed = "new-"
	dir, err := os.MkdirTemp("", unnamed+directories)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	name := filepath.Join(filepath.Dir(dir), strings.TrimPrefix(filepath.Base(dir), unnamed))
	return &Cluster{dir: name, unlock: unlock}, os.Rename(dir, name)
}

// sweep removes directories of clusters whose process was killed: their locks
// are free.
func sweep() {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), directories+"*"))
	for _, dir := range old {
		f, err := os.Open(filepath.Join(dir, "lock"))
		if err != nil {
			continue // being made, or somebody else's
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
		_ = f.Close()
	}
}

// start begins all brokers and waits until they serve.
func (c *Cluster) start(ctx context.Context) error {
	for _, n := range c.nodes {
		if err := n.begin(); err != nil {
			return err
		}
	}
	return c.ready(ctx, len(c.nodes))
}

// ready waits until so many brokers have joined.
func (c *Cluster) ready(ctx context.Context, brokers int) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addresses()...), kgo.RetryTimeout(time.Second), kgo.DialTimeout(time.Second))
	if err != nil {
		return err
	}
	defer cl.Close()
	for {
		resp, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, cl)
		if err == nil && len(resp.Brokers) >= brokers {
			return nil
		}
		for _, n := range c.nodes {
			if n.process != nil && n.process.ended() {
				return fmt.Errorf("broker %d ended by itself:\n%s", n.id-1, n.tail())
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d brokers did not get ready (%w); the first said:\n%s", brokers, errors.Join(ctx.Err(), err), c.nodes[0].tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// remove kills the brokers and deletes what they have.
func (c *Cluster) remove() {
	for _, n := range c.nodes {
		_ = n.end(syscall.SIGKILL, stopPatience)
	}
	_ = os.RemoveAll(c.dir)
	c.unlock()
}

// Addresses are where the brokers listen, also those that are down.
func (c *Cluster) Addresses() []string {
	var out []string
	for _, n := range c.nodes {
		out = append(out, n.broker)
	}
	return out
}

// Broker gives the number of the broker with a node id of Kafka's.
func (c *Cluster) Broker(id int32) int {
	return slices.IndexFunc(c.nodes, func(n *node) bool { return n.id == int(id) })
}

// Kill ends broker i as a crash of its machine would, but for the page cache.
func (c *Cluster) Kill(t testing.TB, i int) {
	t.Helper()
	c.check(t, c.nodes[i].end(syscall.SIGKILL, stopPatience))
}

// Stop ends broker i in good order.
func (c *Cluster) Stop(t testing.TB, i int) {
	t.Helper()
	c.check(t, c.nodes[i].end(syscall.SIGTERM, stopPatience))
}

// Pause freezes broker i where it is.
func (c *Cluster) Pause(t testing.TB, i int) {
	t.Helper()
	c.check(t, c.nodes[i].signal(syscall.SIGSTOP))
}

// Resume lets a frozen broker go on.
func (c *Cluster) Resume(t testing.TB, i int) {
	t.Helper()
	c.check(t, c.nodes[i].signal(syscall.SIGCONT))
}

// Restart starts broker i again, which it ends first if it is up, and waits
// until it serves.
func (c *Cluster) Restart(t testing.TB, i int) {
	t.Helper()
	n := c.nodes[i]
	if n.process != nil {
		c.Stop(t, i)
	}
	c.check(t, n.begin())
	up := 0
	for _, n := range c.nodes {
		if n.process != nil {
			up++
		}
	}
	c.check(t, c.ready(t.Context(), up))
}

func (c *Cluster) check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
