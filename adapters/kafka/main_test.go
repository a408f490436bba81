package kafka_test

import (
	"context"
	"os"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"
)

func TestMain(m *testing.M) {
	if os.Getenv(childTopic) != "" {
		childOwner()
		return
	}
	os.Exit(kafkatest.Main(m))
}

var testID = domain.LogID{0x01, 0x90, 15: 1}

// realTime is the clock: how long brokers remember hangs on their own.
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

// own takes partition 0 over, as an engine does.
func own(t testing.TB, l *kafka.Log) (domain.Writer, *adaptertest.Feed) {
	t.Helper()
	w, err := l.Own(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	to := l.Identity().Start()
	to.End[0] = w.Claim().Position.Seq
	past, err := collect(t.Context(), l, to)
	if err != nil {
		t.Fatal(err)
	}
	return w, adaptertest.NewFeed(w.Claim(), past...)
}

func mustAppend(t testing.TB, w domain.Writer, events []domain.Recorded) {
	t.Helper()
	if err := w.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

func collect(ctx context.Context, l *kafka.Log, to domain.Cut) ([]domain.Recorded, error) {
	var out []domain.Recorded
	for r, err := range l.Read(ctx, l.Identity().Start(), to) {
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

// all reads the whole log, which must be sound.
func all(t testing.TB, l *kafka.Log) []domain.Recorded {
	t.Helper()
	end, err := l.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events, err := collect(t.Context(), l, end)
	if err == nil {
		err = adaptertest.CheckDense(events)
	}
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// count tells how many events a command has.
func count(events []domain.Recorded, command domain.CommandID) int {
	n := 0
	for _, e := range events {
		if e.Command == command {
			n++
		}
	}
	return n
}
