package reactions

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"dendro/domain"
)

// attempts notes what a handler was told.
type attempts struct {
	mu  sync.Mutex
	all []domain.Position
}

func (a *attempts) note(r *domain.Recorded) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, r.Position)
	n := 0
	for _, at := range a.all {
		if at == r.Position {
			n++
		}
	}
	return n
}

func (a *attempts) of(seq domain.Seq) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, at := range a.all {
		if at.Seq == seq {
			n++
		}
	}
	return n
}

// later lets all that is due within the time happen.
func later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// What a handler meets, and what becomes of its message: tries, and whether it
// is kept aside. The one behind it is always done.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name   string
		do     func(ctx context.Context, n int) error // the n-th try
		tries  int
		poison string // what is told of it
	}{
		{"fine", func(context.Context, int) error { return nil }, 1, ""},
		{"fails three times", func(_ context.Context, n int) error {
			if n <= 3 {
				return errProbe
			}
			return nil
		}, 4, ""},
		{"fails always", func(context.Context, int) error { return errProbe }, 8, "the probe fails"},
		{"fails for good", func(context.Context, int) error { return forGood("no use: %w", errProbe) }, 1, "no use: the probe fails"},
		{"panics", func(context.Context, int) error { panic("of all things") }, 8, `panic occurred: "of all things", stacktrace:`},
		{"takes too long", func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }, 8, "context deadline exceeded"},
		{"engine busy for long", func(_ context.Context, n int) error {
			if n <= 50 {
				return busyError{fmt.Errorf("a queue: %w", domain.ErrOverloaded)}
			}
			return nil
		}, 51, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDiary(t, 1)
				var a attempts
				first := d.report(0, 1).Position.Seq
				x := newReactions(t, d, t.TempDir(), func(ctx context.Context, r *domain.Recorded) error {
					if n := a.note(r); r.Position.Seq == first {
						return c.do(ctx, n)
					}
					return nil
				}, nil)
				behind := d.report(0, 2).Position.Seq
				stop := started(t, x)
				later(24 * time.Hour)
				if got := a.of(first); got != c.tries {
					t.Errorf("%d tries, want %d", got, c.tries)
				}
				if a.of(behind) != 1 || a.all[len(a.all)-1].Seq != behind {
					t.Errorf("the message behind it: %v", a.all)
				}
				list := x.poison.List()
				switch {
				case c.poison == "" && len(list) > 0:
					t.Errorf("kept aside: %+v", list)
				case c.poison != "" && (len(list) != 1 || list[0].Error != c.poison || list[0].Attempts != c.tries || list[0].ID != "probe@0/2"):
					t.Errorf("kept aside: %+v, want %q", list, c.poison)
				}
				stop()
			})
		})
	}
}

// gauge reads a metric of the probe.
func gauge(t *testing.T, v *prometheus.GaugeVec) float64 {
	t.Helper()
	var m dto.Metric
	if err := v.WithLabelValues("probe").Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetGauge().GetValue()
}

// A handler stands still when no more poison can be kept, loses nothing, and
// goes on when there is room again.
func TestFullPoisonHoldsTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(t, 1)
		var a attempts
		var mended atomic.Bool
		registry := prometheus.NewRegistry()
		x := newReactions(t, d, t.TempDir(), func(_ context.Context, r *domain.Recorded) error {
			a.note(r)
			if mended.Load() {
				return nil
			}
			return forGood("broken")
		}, func(c *Config) { c.MaxPoisoned, c.Registry = 2, registry })
		for n := range 5 {
			d.report(0, n)
		}
		stop := started(t, x)
		later(time.Hour)
		held := func() float64 { return gauge(t, x.metrics.held) }
		if len(a.all) != 2 || held() != 1 || gauge(t, x.metrics.poison) != 2 {
			t.Errorf("with two kept aside and no more room, the handler was told of %v (held: %v)", a.all, held())
		}
		mended.Store(true)
		again, err := x.Retry(t.Context())
		if err != nil || len(again) != 2 || again[0].Failed != nil || again[1].Failed != nil {
			t.Errorf("retried: %+v, %v", again, err)
		}
		later(time.Hour)
		if len(a.all) != 7 || held() != 0 || len(x.poison.List()) != 0 {
			t.Errorf("mended, the handler was told of %v (held: %v)", a.all, held())
		}
		stop()
	})
}

func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		d := newDiary(t, 2)
		var refuse sync.Map // positions that fail
		do := func(_ context.Context, r *domain.Recorded) error {
			if why, bad := refuse.Load(r.Position.String()); bad {
				return why.(error)
			}
			return nil
		}
		for _, p := range []int{0, 1, 0} {
			refuse.Store(d.report(p, 1).Position.String(), forGood("at first"))
		}
		stop := started(t, newReactions(t, d, dir, do, nil))
		later(time.Minute)
		stop()
		refuse.Delete("0/2")
		refuse.Store("1/2", fmt.Errorf("still down"))
		refuse.Store("0/3", busyError{domain.ErrOverloaded})

		x := newReactions(t, d, dir, do, nil) // as a later process finds it
		if _, err := x.Retry(t.Context(), "probe@9/9"); err == nil {
			t.Error("an unknown id is retried")
		}
		one, err := x.Retry(t.Context(), "probe@0/2")
		if err != nil || len(one) != 1 || one[0].Failed != nil {
			t.Errorf("one: %+v, %v", one, err)
		}
		rest, err := x.Retry(t.Context())
		if err != nil || len(rest) != 2 {
			t.Fatalf("the rest: %+v, %v", rest, err)
		}
		for _, r := range rest {
			switch {
			case r.ID == "probe@1/2" && r.Failed != nil && r.Failed.Error() == "still down" && r.Attempts == 9 && r.Last.Sub(r.First) == 0:
			case r.ID == "probe@0/3" && r.Failed != nil && strings.Contains(r.Failed.Error(), "later") && r.Attempts == 1:
			default:
				t.Errorf("retried: %+v", r)
			}
		}
		left, err := ReadPoison(dir)
		if err != nil || len(left) != 2 {
			t.Errorf("left: %+v, %v", left, err)
		}
		none := newReactions(t, d, dir, nil, nil)
		for _, r := range must(none.Retry(t.Context()))(t) {
			if r.Failed == nil || r.Failed.Error() != "probe is not set up" {
				t.Errorf("without its handler: %+v", r)
			}
		}
	})
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Closing does not wait out the tries of a message, and does not poison it; the
// try under way comes to its end.
func TestCloseWhileTrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		d := newDiary(t, 1)
		d.report(0, 1)
		var ended atomic.Int64
		fails := true
		do := func(ctx context.Context, _ *domain.Recorded) error {
			time.Sleep(10 * time.Second)
			if err := ctx.Err(); err != nil {
				return err
			}
			ended.Add(1)
			if fails {
				return errProbe
			}
			return nil
		}
		stop := started(t, newReactions(t, d, dir, do, nil))
		later(5 * time.Second)
		before := time.Now()
		stop()
		if took := time.Since(before); ended.Load() != 1 || took != 5*time.Second {
			t.Errorf("%d tries came to their end, in %v", ended.Load(), took)
		}
		fails = false
		x := newReactions(t, d, dir, do, nil)
		stop = started(t, x)
		later(time.Minute)
		if ended.Load() != 2 || len(x.poison.List()) != 0 {
			t.Errorf("%d tries, poison %+v", ended.Load(), x.poison.List())
		}
		stop()
	})
}

// A crash between an answer and the saving of the position: told again, and
// nothing behind it is lost.
func TestCrashBeforeThePositionIsSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(t, 2)
		kept := &shelf{cuts: map[string]domain.Cut{}, down: true}
		var a attempts
		run := func() (stop func()) {
			x := newReactions(t, d, t.TempDir(), func(_ context.Context, r *domain.Recorded) error { a.note(r); return nil }, nil)
			h := x.handlers[0]
			x.c.Subscribe = func(string) (message.Subscriber, error) {
				return NewLogSubscriber(LogSubscriberConfig{Log: d, Positions: kept, Name: h.name, Wants: h.wants}), nil
			}
			return started(t, x)
		}
		first, second := d.report(0, 1), d.report(1, 2)
		stop := run()
		later(time.Minute)
		stop() // nothing was saved
		kept.down = false
		third := d.report(0, 3)
		stop = run()
		later(time.Minute)
		stop()
		for _, c := range []struct {
			at   domain.Position
			want int
		}{{first.Position, 2}, {second.Position, 2}, {third.Position, 1}} {
			n := 0
			for _, at := range a.all {
				if at == c.at {
					n++
				}
			}
			if n != c.want {
				t.Errorf("%s: told %d times, want %d", c.at, n, c.want)
			}
		}
		run()()
		if len(a.all) != 5 {
			t.Errorf("with the position saved, all is told again: %v", a.all)
		}
	})
}

// While one partition waits for its handler, the others go on; each in order.
func TestPartitionsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(t, 3)
		gate := make(chan struct{})
		var a attempts
		var working, most atomic.Int64
		x := newReactions(t, d, t.TempDir(), func(_ context.Context, r *domain.Recorded) error {
			if n := working.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer working.Add(-1)
			if r.Position.Partition == 0 {
				<-gate
			}
			a.note(r)
			time.Sleep(time.Second)
			return nil
		}, func(c *Config) { c.Lanes = 3 })
		for n := range 10 {
			for p := range 3 {
				d.report(p, n)
			}
		}
		stop := started(t, x)
		later(30 * time.Second)
		if len(a.all) != 20 {
			t.Errorf("with partition 0 waiting, %d of 20 others are done", len(a.all))
		}
		close(gate)
		later(time.Minute)
		if len(a.all) != 30 || most.Load() > 3 {
			t.Errorf("%d of 30 are done, up to %d at once", len(a.all), most.Load())
		}
		for p := range domain.Partition(3) {
			var seqs []domain.Seq
			for _, at := range a.all {
				if at.Partition == p {
					seqs = append(seqs, at.Seq)
				}
			}
			if !slices.IsSorted(seqs) {
				t.Errorf("partition %d is done in the order %v", p, seqs)
			}
		}
		stop()
	})
}

// brokenLog cannot be followed for long.
type brokenLog struct{ *diary }

func (l brokenLog) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		end, _ := l.End(ctx)
		for r, err := range l.Read(ctx, from, end) {
			if !yield(r, err) {
				return
			}
		}
		yield(domain.Recorded{}, &domain.Damage{Place: "here", Why: "a test"})
	}
}

// Reactions that cannot follow the log say so, and end.
func TestDamageEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(t, 1)
		d.report(0, 1)
		var a attempts
		x := newReactions(t, d, t.TempDir(), func(_ context.Context, r *domain.Recorded) error { a.note(r); return nil }, func(c *Config) { c.Log = brokenLog{d} })
		if err := x.Run(t.Context()); !errors.As(err, new(*domain.Damage)) || len(a.all) != 1 {
			t.Errorf("told of %v, then %v", a.all, err)
		}
	})
}
