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
	c := kafkatest.Start(t, 1)
	t.Logf("a broker after %s", time.Since(began).Round(time.Millisecond))
	topic := kafkatest.Topic(t)
	c.CreateTopic(t, topic, 1, 1, nil)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addresses()...), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, comeBack := range []func(){
		func() { c.Pause(t, 0); c.Resume(t, 0) },
		func() { c.Kill(t, 0); c.Restart(t, 0) },
		func() { c.Restart(t, 0) },
	} {
		if err := cl.ProduceSync(t.Context(), kgo.StringRecord("x")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		comeBack()
	}
	if first, end := c.Offsets(t, topic, 0); first != 0 || end != 3 {
		t.Errorf("the topic holds %d to %d, want 0 to 3", first, end)
	}
	t.Logf("and two restarts after %s", time.Since(began).Round(time.Millisecond))
}
