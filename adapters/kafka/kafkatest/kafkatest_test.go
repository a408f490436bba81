package kafkatest_test

import (
	"os"
	"testing"
	"time"

	"dendro/adapters/kafka/kafkatest"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

// A broker is frozen, dies and comes back, and keeps what it has.
func TestCluster(t *testing.T) {
	began := time.Now()
	c := kafkatest.Start(t, 3)
	t.Logf("three brokers after %s", time.Since(began).Round(time.Millisecond))
	topic := kafkatest.Topic(t)
	c.CreateTopic(t, topic, 1, 3, map[string]string{"min.insync.replicas": "2"})
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addresses()...), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	leader := c.Leader(t, topic, 0)
	c.Pause(t, leader)
	c.Resume(t, leader)
	c.Kill(t, leader)
	if err := cl.ProduceSync(t.Context(), kgo.StringRecord("while one is down")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	c.Restart(t, leader)
	if first, end := c.Offsets(t, topic, 0); first != 0 || end != 1 {
		t.Errorf("the topic holds %d to %d, want 0 to 1", first, end)
	}
	t.Logf("and one restart after %s", time.Since(began).Round(time.Millisecond))
}
