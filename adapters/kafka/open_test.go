package kafka_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Open refuses topics that could lose events.
func TestUnsafeTopics(t *testing.T) {
	c := kafkatest.Shared(t)
	o := options(t, c, 2)
	_ = open(t, o).Close()
	for _, setting := range []struct{ name, bad, good string }{
		{"retention.ms", "604800000", "-1"},
		{"retention.bytes", "1000000000", "-1"},
		{"cleanup.policy", "compact", "delete"},
		{"cleanup.policy", "compact,delete", "delete"},
		{"unclean.leader.election.enable", "true", "false"},
		{"compression.type", "gzip", "producer"},
		{"message.timestamp.type", "LogAppendTime", "CreateTime"},
	} {
		for _, topic := range []string{o.Topic, o.Topic + ".identity"} {
			c.SetTopic(t, topic, map[string]string{setting.name: setting.bad})
			_, err := kafka.Open(t.Context(), o)
			if !errors.Is(err, kafka.ErrUnsafe) || !strings.Contains(err.Error(), setting.name) {
				t.Errorf("%s=%s of %s: %v, want ErrUnsafe", setting.name, setting.bad, topic, err)
			}
			c.SetTopic(t, topic, map[string]string{setting.name: setting.good})
		}
	}
	open(t, o)
}

func TestOpenRefuses(t *testing.T) {
	c := kafkatest.Shared(t)
	o := options(t, c, 2)
	there := o
	there.Create = nil
	refused := func(what string, o kafka.Options, want error) {
		t.Helper()
		if l, err := kafka.Open(t.Context(), o); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
			if err == nil {
				_ = l.Close()
			}
		}
	}
	refused("a topic that is not there", there, kafka.ErrNoLog)
	foreign := options(t, c, 2)
	c.CreateTopic(t, foreign.Topic, 2, 1, nil)
	produce(t, c, &kgo.Record{Topic: foreign.Topic, Value: []byte("x")})
	refused("a topic with other records", foreign, kafka.ErrForeign)
	foreign.Create = nil
	refused("a topic without an identity", foreign, kafka.ErrForeign)

	l := open(t, o)
	w, feed := own(t, l)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, 0), 3, 2, 100))
	if got := open(t, there).Identity(); got != *o.Create {
		t.Errorf("the identity is %v, not %v", got, *o.Create)
	}
	other := o
	other.Create = &domain.Identity{ID: domain.LogID{9}, Partitions: 2}
	refused("another log", other, kafka.ErrOtherLog)
	other.Create = &domain.Identity{ID: testID, Partitions: 3}
	refused("another number of partitions", other, kafka.ErrOtherLog)
	c.AddPartitions(t, o.Topic, 1)
	refused("a partition more", o, kafka.ErrUnsafe)

}

// A topic that was deleted and made anew is not the log's any more, also for
// those who have the log open.
func TestReplacedTopic(t *testing.T) {
	c := kafkatest.Shared(t)
	o := options(t, c, 1)
	o.Patience = 2 * time.Second
	l := open(t, o)
	w, feed := own(t, l)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, 0), 3, 2, 100))
	end, err := l.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o.Create = nil
	c.DeleteTopic(t, o.Topic)
	if _, err := kafka.Open(t.Context(), o); !errors.Is(err, kafka.ErrNoLog) {
		t.Errorf("a topic that was deleted: %v, want ErrNoLog", err)
	}
	c.CreateTopic(t, o.Topic, 1, 1, map[string]string{"retention.ms": "-1"})
	if _, err := kafka.Open(t.Context(), o); !errors.Is(err, kafka.ErrOtherLog) {
		t.Errorf("a topic that was made anew: %v, want ErrOtherLog", err)
	}
	if events, err := collect(t.Context(), l, end); err == nil {
		t.Errorf("it is read, with %d events", len(events))
	}
	if err := w.Append(t.Context(), feed.Events(adaptertest.Command(0, 1), 1, 1, 100)); err == nil {
		t.Error("it is written to")
	}
	if _, end := c.Offsets(t, o.Topic, 0); end != 0 {
		t.Errorf("it holds %d records", end)
	}
}

// Many create a log at a time: all open the same one.
func TestCreateTogether(t *testing.T) {
	c := kafkatest.Shared(t)
	o := options(t, c, 2)
	ids := make([]domain.LogID, 6)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			o := o
			o.Create = &domain.Identity{ID: domain.LogID{byte(i%2 + 1)}, Partitions: 2}
			l, err := kafka.Open(t.Context(), o)
			if err == nil {
				ids[i] = l.Identity().ID
				_ = l.Close()
			} else if !errors.Is(err, kafka.ErrOtherLog) {
				t.Errorf("creating log %d: %v", i%2+1, err)
			}
		})
	}
	all.Wait()
	o.Create = nil
	first := open(t, o).Identity().ID
	for i, id := range ids {
		if won := (domain.LogID{byte(i%2 + 1)}) == first; won && id != first || !won && !id.IsZero() {
			t.Errorf("creator %d has log %s, the first is %s", i, id, first)
		}
	}
}

// Records that nobody owned the partition to write: neither reader, owner nor
// claimant takes them for events, or passes over them.
func TestForeignRecord(t *testing.T) {
	c := kafkatest.Shared(t)
	forged := kgo.Record{
		Key: []byte("campaign"), Value: []byte(`{"owner":"nobody"}`),
		Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/json")}},
	}
	for name, record := range map[string]kgo.Record{"of other software": {Value: []byte("hello")}, "that looks like an event": forged} {
		o := options(t, c, 1)
		l := open(t, o)
		w, feed := own(t, l)
		mustAppend(t, w, feed.Events(adaptertest.Command(0, 0), 3, 2, 100))
		sound, err := l.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		record.Topic = o.Topic
		produce(t, c, &record)
		end, err := l.End(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		isDamage := func(what string, err error) {
			t.Helper()
			var damage *domain.Damage
			if !errors.As(err, &damage) || !strings.Contains(damage.Place, "event 5") && !strings.Contains(damage.Place, "event 6") {
				t.Errorf("a record %s, %s: %v, want the damage at event 5", name, what, err)
			}
		}
		events, err := collect(t.Context(), l, end)
		isDamage("read", err)
		if len(events) != 4 {
			t.Errorf("%d events come before it, want 4", len(events))
		}
		if _, err := l.Own(t.Context(), 0); err != nil {
			isDamage("behind which one claims", err)
		} else {
			t.Errorf("a record %s is owned over", name)
		}
		if events, err := collect(t.Context(), l, sound); err != nil || len(events) != 4 {
			t.Errorf("what is before it: %d events, %v", len(events), err)
		}
		isDamage("behind which one appends", w.Append(t.Context(), feed.Events(adaptertest.Command(0, 1), 1, 1, 100)))
	}
}

func produce(t *testing.T, c *kafkatest.Cluster, r *kgo.Record) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addresses()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// An append that does not fit a batch is refused whole, and the writer goes on.
func TestTooLarge(t *testing.T) {
	c := kafkatest.Shared(t)
	o := options(t, c, 1)
	_ = open(t, o).Close()
	c.SetTopic(t, o.Topic, map[string]string{"max.message.bytes": "20000"})
	l := open(t, o)
	if l.MaxAppendBytes() != 20000 {
		t.Fatalf("an append may have %d bytes", l.MaxAppendBytes())
	}
	w, feed := own(t, l)
	if err := w.Append(t.Context(), feed.Events(adaptertest.Command(0, 0), 100, 1, 3000)); !errors.Is(err, kafka.ErrTooLarge) {
		t.Fatalf("%v, want ErrTooLarge", err)
	}
	mustAppend(t, w, adaptertest.NewFeed(w.Claim()).Events(adaptertest.Command(0, 1), 2, 1, 3000))
	if n := len(all(t, l)); n != 3 {
		t.Fatalf("%d events, want 3", n)
	}
}
