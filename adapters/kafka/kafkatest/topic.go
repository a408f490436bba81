package kafkatest

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// CreateTopic makes a topic with these configurations beside the defaults.
func (c *Cluster) CreateTopic(t testing.TB, topic string, partitions, replicas int, configs map[string]string) {
	t.Helper()
	with := make(map[string]*string)
	for k, v := range configs {
		with[k] = kadm.StringPtr(v)
	}
	_, err := c.admin(t).CreateTopic(t.Context(), int32(partitions), int16(replicas), with, topic)
	c.check(t, err)
}

// SetTopic changes a topic's configurations.
func (c *Cluster) SetTopic(t testing.TB, topic string, configs map[string]string) {
	t.Helper()
	var changes []kadm.AlterConfig
	for k, v := range configs {
		changes = append(changes, kadm.AlterConfig{Name: k, Value: kadm.StringPtr(v)})
	}
	resp, err := c.admin(t).AlterTopicConfigs(t.Context(), changes, topic)
	c.check(t, err)
	for _, r := range resp {
		c.check(t, r.Err)
	}
}

// AddPartitions adds so many partitions to a topic.
func (c *Cluster) AddPartitions(t testing.TB, topic string, n int) {
	t.Helper()
	resp, err := c.admin(t).CreatePartitions(t.Context(), n, topic)
	c.check(t, err)
	c.check(t, resp.Error())
}

// DeleteTopic deletes a topic.
func (c *Cluster) DeleteTopic(t testing.TB, topic string) {
	t.Helper()
	_, err := c.admin(t).DeleteTopic(t.Context(), topic)
	c.check(t, err)
}

// Leader is the number of the broker that leads a partition.
func (c *Cluster) Leader(t testing.TB, topic string, partition int32) int {
	t.Helper()
	meta, err := c.admin(t).Metadata(t.Context(), topic)
	c.check(t, err)
	return c.Broker(meta.Topics[topic].Partitions[partition].Leader)
}

// Coordinator is the number of the broker that coordinates a transactional id.
func (c *Cluster) Coordinator(t testing.TB, transactional string) int {
	t.Helper()
	found := c.admin(t).FindTxnCoordinators(t.Context(), transactional)
	c.check(t, found.Error())
	return c.Broker(found[transactional].NodeID)
}

// Offsets are where a partition starts and ends.
func (c *Cluster) Offsets(t testing.TB, topic string, partition int32) (first, end int64) {
	t.Helper()
	starts, err := c.admin(t).ListStartOffsets(t.Context(), topic)
	c.check(t, err)
	ends, err := c.admin(t).ListEndOffsets(t.Context(), topic)
	c.check(t, err)
	a, _ := starts.Lookup(topic, partition)
	b, _ := ends.Lookup(topic, partition)
	return a.Offset, b.Offset
}

func (c *Cluster) admin(t testing.TB) *kadm.Client {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addresses()...))
	c.check(t, err)
	t.Cleanup(cl.Close)
	return kadm.NewClient(cl)
}
