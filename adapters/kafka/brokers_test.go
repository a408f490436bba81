package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"
)

// Three brokers, of which one at a time is lost.
func TestThreeBrokers(t *testing.T) {
	c := kafkatest.Start(t, 3)
	t.Run("killed in the middle of commits", func(t *testing.T) { killedLeader(t, c) })
	t.Run("a frozen leader", func(t *testing.T) { frozenLeader(t, c) })
	t.Run("the coordinator restarted", func(t *testing.T) { restartedCoordinator(t, c) })
	t.Run("too few in-sync replicas", func(t *testing.T) { tooFewReplicas(t, c) })
}

// appending appends until it is told to stop, and recovers as an engine does.
type appending struct {
	l      *kafka.Log
	number atomic.Int64
	acked  map[domain.CommandID]bool // false: refused, and not to be there
	stop   chan struct{}
	done   chan error
}

func startAppending(l *kafka.Log) *appending {
	a := &appending{l: l, acked: make(map[domain.CommandID]bool), stop: make(chan struct{}), done: make(chan error, 1)}
	go func() { a.done <- a.run() }()
	return a
}

// end stops it and holds the log to what it was told.
func (a *appending) end(t *testing.T) {
	t.Helper()
	close(a.stop)
	if err := <-a.done; err != nil {
		t.Fatal(err)
	}
	events := make(map[domain.CommandID]int)
	for _, e := range all(t, a.l) {
		events[e.Command]++
	}
	for command, acked := range a.acked {
		if n := events[command]; acked && n != 3 || !acked && n != 0 {
			t.Errorf("command %s, acknowledged: %v, has %d events", command, acked, n)
		}
	}
	t.Logf("%d appends", len(a.acked))
}

// progress waits for so many more appends.
func (a *appending) progress(t *testing.T, n int64) {
	t.Helper()
	want := a.number.Load() + n
	for a.number.Load() < want {
		select {
		case err := <-a.done:
			t.Fatalf("the appends ended: %v", err)
		case <-t.Context().Done():
			t.Fatal("the test ended")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (a *appending) run() error {
	ctx := context.Background()
	for {
		w, err := a.l.Own(ctx, 0)
		if err != nil {
			return fmt.Errorf("Own: %w", err)
		}
		to := a.l.Identity().Start()
		to.End[0] = w.Claim().Position.Seq
		past, err := collect(ctx, a.l, to)
		if err != nil {
			return err
		}
		feed := adaptertest.NewFeed(w.Claim(), past...)
		for err == nil {
			select {
			case <-a.stop:
				return w.Close()
			default:
			}
			command := adaptertest.Command(1, int(a.number.Add(1)))
			events := feed.Events(command, 3, 2, 300)
			for err = w.Append(ctx, events); errors.Is(err, domain.ErrOverloaded); {
				err = w.Append(ctx, events)
			}
			if err == nil {
				a.acked[command] = true
			}
		}
		if !errors.Is(err, domain.ErrUnknown) {
			return err
		}
		_ = w.Close()
	}
}

func killedLeader(t *testing.T, c *kafkatest.Cluster) {
	o := options(t, c, 1)
	l := open(t, o)
	a := startAppending(l)
	a.progress(t, 50)
	leader := c.Leader(t, o.Topic, 0)
	c.Kill(t, leader)
	a.progress(t, 100) // while it is down: two are enough
	c.Restart(t, leader)
	a.progress(t, 50)
	a.end(t)
}

func frozenLeader(t *testing.T, c *kafkatest.Cluster) {
	o := options(t, c, 1)
	l := open(t, o)
	a := startAppending(l)
	a.progress(t, 50)
	leader := c.Leader(t, o.Topic, 0)
	c.Pause(t, leader)
	a.progress(t, 50)
	c.Resume(t, leader)
	a.progress(t, 50)
	a.end(t)
}

// The coordinator's epochs outlast it.
func restartedCoordinator(t *testing.T, c *kafkatest.Cluster) {
	o := options(t, c, 1)
	l := open(t, o)
	before, feed := own(t, l)
	mustAppend(t, before, feed.Events(adaptertest.Command(0, 0), 2, 1, 100))
	coordinator := c.Coordinator(t, fmt.Sprintf("dendro.%s.%s.0", o.Topic, testID))
	c.Kill(t, coordinator)
	now, after := own(t, l)
	mustAppend(t, now, after.Events(adaptertest.Command(0, 1), 2, 1, 100))
	c.Restart(t, coordinator)
	if err := before.Append(t.Context(), feed.Events(adaptertest.Command(0, 2), 2, 1, 100)); !errors.Is(err, domain.ErrFenced) {
		t.Fatalf("the owner before answers %v, want ErrFenced", err)
	}
	own(t, l)
	if n := len(all(t, l)); n != 7 {
		t.Fatalf("%d events, want 7", n)
	}
}

// Without enough replicas appends are refused and nothing is lost; the same
// writer goes on when they are back.
func tooFewReplicas(t *testing.T, c *kafkatest.Cluster) {
	o := options(t, c, 1)
	l := open(t, o)
	w, feed := own(t, l)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, 0), 2, 1, 100))
	down := (c.Leader(t, o.Topic, 0) + 1) % 3
	c.Kill(t, down)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, 1), 2, 1, 100)) // two are enough
	c.SetTopic(t, o.Topic, map[string]string{"min.insync.replicas": "3"})
	refused := feed.Events(adaptertest.Command(0, 2), 2, 1, 100)
	err := w.Append(t.Context(), refused)
	if !errors.Is(err, domain.ErrOverloaded) {
		t.Fatalf("with two of three replicas the append answers %v, want ErrOverloaded", err)
	}
	if n := len(all(t, l)); n != 5 {
		t.Fatalf("%d events, want 5", n)
	}
	c.Restart(t, down)
	for err = domain.ErrOverloaded; errors.Is(err, domain.ErrOverloaded); {
		err = w.Append(t.Context(), refused)
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := len(all(t, l)); n != 7 {
		t.Fatalf("%d events, want 7", n)
	}
}
