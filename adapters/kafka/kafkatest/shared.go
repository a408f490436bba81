package kafkatest

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"testing"
)

// shared is the broker of those tests that leave it as it is.
var shared struct {
	sync.Mutex
	cluster *Cluster
	err     error
}

// Main runs the tests of a package and then ends the shared broker. It gives
// the exit code.
func Main(m *testing.M) int {
	defer func() {
		shared.Lock()
		defer shared.Unlock()
		if shared.cluster != nil {
			shared.cluster.remove()
		}
	}()
	return m.Run()
}

// Shared gives the one broker that all tests of the process share, which the
// first of them starts. They use topics of their own.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	i := need(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil && shared.err == nil {
		shared.cluster, shared.err = i.cluster(context.Background(), 1, nil)
		if shared.err == nil {
			shared.err = shared.cluster.start(context.Background())
		}
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.cluster
}

var topics atomic.Int64

// Topic makes a name that no other test uses.
func Topic(t testing.TB) string {
	h := fnv.New32a()
	h.Write([]byte(t.Name()))
	return fmt.Sprintf("test-%08x-%d", h.Sum32(), topics.Add(1))
}
