package reactions

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/domaintest"
	"dendro/domain/tree"
)

var t0 = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// diary is a log that tests write events into.
type diary struct {
	*domaintest.Log
	t       testing.TB
	clock   *domain.ManualClock
	writers []domain.Writer
	next    []domain.Seq
}

func newDiary(t testing.TB, partitions int) *diary {
	t.Helper()
	clock := domain.NewManualClock(t0)
	d := &diary{Log: domaintest.NewLog(partitions, clock), t: t, clock: clock}
	for p := range partitions {
		w, err := d.Own(context.Background(), domain.Partition(p))
		if err != nil {
			t.Fatal(err)
		}
		d.writers, d.next = append(d.writers, w), append(d.next, 2)
	}
	return d
}

// put appends an event to a partition.
func (d *diary) put(p int, stream domain.StreamID, payload domain.Event) domain.Recorded {
	d.t.Helper()
	r := domain.Recorded{
		Position: domain.Position{Partition: domain.Partition(p), Seq: d.next[p]}, Stream: stream,
		Version: domain.Version(d.next[p]), Schema: 1, Time: d.clock.Now(), Actor: domain.ByRule("test"), Epoch: 1, Payload: payload,
	}
	r.Command = domain.CommandID(domain.NewID(r.Time, [10]byte{byte(p), byte(r.Position.Seq >> 8), byte(r.Position.Seq)}))
	r.ID = domain.EventID(domain.Derive(r.Command, "event", 0))
	if err := d.writers[p].Append(context.Background(), []domain.Recorded{r}); err != nil {
		d.t.Fatal(err)
	}
	d.next[p]++
	return r
}

// report puts a report about the message with the number.
func (d *diary) report(p, n int) domain.Recorded {
	id := domain.MessageID{14: byte(n >> 8), 15: byte(n)}
	return d.put(p, domain.TreeStream(domain.TreeID(id)), tree.MessageReported{Message: id, Contributor: domain.ContributorID{15: 9}, Reason: "rude: my words"})
}

// noise puts an event that no handler follows.
func (d *diary) noise(p int) domain.Recorded {
	return d.put(p, domain.TreeStream(domain.TreeID{15: 7}), tree.TaskClosed{Task: domain.TaskID{15: 7}})
}

// clerk is an Engine that notes the commands it was sent.
type clerk struct {
	mu      sync.Mutex
	sent    []commands.Command
	fail    func(n int, c commands.Command) error // the n-th call, from 0
	calls   int
	related []domain.TreeID
}

func (c *clerk) Do(_ context.Context, cmd commands.Command) (commands.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.calls
	c.calls++
	if c.fail != nil {
		if err := c.fail(n, cmd); err != nil {
			return commands.Result{}, err
		}
	}
	c.sent = append(c.sent, cmd)
	return commands.Result{}, nil
}

func (c *clerk) Involved(context.Context, domain.ContributorID) ([]domain.TreeID, error) {
	return c.related, nil
}

func (c *clerk) log() []commands.Command {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sent)
}

// newReactions makes reactions over the diary with one handler for reports of
// the test's own.
func newReactions(t testing.TB, d *diary, dir string, do func(ctx context.Context, r *domain.Recorded) error, change func(*Config)) *Reactions {
	t.Helper()
	c := Config{Log: d, Engine: &clerk{}, Clock: d.clock, Dir: dir, Registry: prometheus.NewRegistry()}
	if change != nil {
		change(&c)
	}
	x, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if do != nil {
		x.handlers = append(x.handlers, &handler{name: "probe", follows: []domain.EventType{"message.reported"}, within: time.Minute, do: do})
	}
	return x
}

// started runs reactions; the answer stops them, and fails the test if they had
// stopped by themselves.
func started(t testing.TB, x *Reactions) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

var errProbe = errors.New("the probe fails")
