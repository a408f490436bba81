package kafkatest

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"testing"
)

// shared are clusters that outlive the test that starts them, by their number
// of brokers.
var shared struct {
	sync.Mutex
	clusters map[int]*Cluster
	err      error
}

// Main runs the tests of a package and then ends the shared clusters. It gives
// the exit code.
func Main(m *testing.M) int {
	defer func() {
		shared.Lock()
		defer shared.Unlock()
		for _, c := range shared.clusters {
			c.remove()
		}
	}()
	return m.Run()
}

// Shared gives the one broker that all tests of the process share, which the
// first of them starts. They use topics of their own.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	return SharedOf(t, 1)
}

// SharedOf is Shared, of so many brokers. Tests leave them all running.
func SharedOf(t testing.TB, brokers int) *Cluster {
	t.Helper()
	i := need(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.err == nil && shared.clusters[brokers] == nil {
		shared.err = i.share(brokers)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.clusters[brokers]
}

// share starts a shared cluster; the lock is held.
func (i *installation) share(brokers int) error {
	c, err := i.cluster(context.Background(), brokers, nil)
	if err != nil {
		return err
	}
	if shared.clusters == nil {
		shared.clusters = make(map[int]*Cluster)
	}
	shared.clusters[brokers] = c
	return c.start(context.Background())
}

var topics atomic.Int64

// Topic makes a name that no other test uses.
func Topic(t testing.TB) string {
	h := fnv.New32a()
	h.Write([]byte(t.Name()))
	return fmt.Sprintf("test-%08x-%d", h.Sum32(), topics.Add(1))
}
