package kafka_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Brokers that forget within seconds: what they do else in a day and a week.
func TestForgetfulBrokers(t *testing.T) {
	c := kafkatest.Start(t, 1,
		"producer.id.expiration.ms=3000", "producer.id.expiration.check.interval.ms=200",
		"transactional.id.expiration.ms=4000", "transaction.remove.expired.transaction.cleanup.interval.ms=200",
	)
	o := options(t, c, 1)
	l := open(t, o)
	first, feed := own(t, l)
	mustAppend(t, first, feed.Events(adaptertest.Command(0, 0), 2, 1, 100))
	forgotten(t, c)
	for len(producers(t, c, o)) > 0 {
		time.Sleep(100 * time.Millisecond)
	}

	// An owner whose claim may be forgotten stops by itself.
	stale := feed.Events(adaptertest.Command(0, 1), 2, 1, 100)
	if err := first.Append(t.Context(), stale); !errors.Is(err, domain.ErrUnknown) {
		t.Fatalf("an owner with an old claim answers %v, want ErrUnknown", err)
	}
	if n := len(all(t, l)); n != 3 {
		t.Fatalf("%d events, want 3", n)
	}
	// The coordinator has forgotten as well, and gives out another producer id.
	before := producers(t, c, o)
	second, feed := own(t, l)
	mustAppend(t, second, feed.Events(adaptertest.Command(0, 2), 2, 1, 100))
	if now := producers(t, c, o); len(now) != 1 || len(before) != 0 {
		t.Fatalf("the leader knows producers %v, and knew %v", now, before)
	}
	if err := first.Append(t.Context(), stale); !errors.Is(err, domain.ErrUnknown) {
		t.Fatalf("an owner with an old claim answers %v, want ErrUnknown", err)
	}
	if n := len(all(t, l)); n != 6 {
		t.Fatalf("%d events, want 6", n)
	}
	t.Run("a claim that may still be good", func(t *testing.T) { outlasting(t, c) })
}

// The clock of the owner before is ahead: for all that the next one can tell it
// has just claimed, so the next one waits, and then owns.
func outlasting(t *testing.T, c *kafkatest.Cluster) {
	o := options(t, c, 1)
	o.Clock = domain.ClockFunc(func() time.Time { return time.Now().Add(time.Hour) })
	l := open(t, o)
	w, feed := own(t, l)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, 0), 2, 1, 100))
	forgotten(t, c)
	impatient, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := l.Own(impatient, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("owning at once: %v, want to wait", err)
	}
	w, feed = own(t, l)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, 1), 2, 1, 100))
	if n := len(all(t, l)); n != 6 {
		t.Fatalf("%d events, want 6", n)
	}
}

// forgotten waits until the coordinator knows no transactional id.
func forgotten(t *testing.T, c *kafkatest.Cluster) {
	t.Helper()
	admin := adminOf(t, c)
	for {
		ids, err := admin.ListTransactions(t.Context(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func adminOf(t *testing.T, c *kafkatest.Cluster) *kadm.Client {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addresses()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return kadm.NewClient(cl)
}

// producers are the ids that the leader of partition 0 remembers.
func producers(t *testing.T, c *kafkatest.Cluster, o kafka.Options) []int64 {
	t.Helper()
	var topic kadm.TopicsSet
	topic.Add(o.Topic, 0)
	got, err := adminOf(t, c).DescribeProducers(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	got.EachProducer(func(p kadm.DescribedProducer) { ids = append(ids, p.ProducerID) })
	return ids
}
