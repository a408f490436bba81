package kafka_test

import (
	"os"
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"
	"time"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

var testID = domain.LogID{0x01, 0x90, 15: 1}

// realTime is the clock: what brokers forget hangs on their own.
var realTime = domain.ClockFunc(time.Now)

func options(t testing.TB, c *kafkatest.Cluster, partitions int) kafka.Options {
	return kafka.Options{
		Brokers: c.Addresses(), Topic: kafkatest.Topic(t), Clock: realTime, Owner: "tester",
		Create: &domain.Identity{ID: testID, Partitions: partitions},
	}
}

func open(t testing.TB, o kafka.Options) *kafka.Log {
	t.Helper()
	l, err := kafka.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestLog(t *testing.T) {
	c := kafkatest.Shared(t)
	adaptertest.LogSuite(t, func(t *testing.T, partitions int) adaptertest.Harness {
		o := options(t, c, partitions)
		l := open(t, o)
		return adaptertest.Harness{Log: l, Reopen: func(t *testing.T) domain.Log {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = open(t, o)
			return l
		}}
	})
}
