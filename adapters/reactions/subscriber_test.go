package reactions

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"

	"dendro/domain"
)

// shelf is Positions in memory, which fail when told to.
type shelf struct {
	mu   sync.Mutex
	cuts map[string]domain.Cut
	down bool
}

func (s *shelf) Load(name string) (domain.Cut, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, found := s.cuts[name]
	return at, found, nil
}

func (s *shelf) Save(name string, at domain.Cut) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errors.New("the disk is full")
	}
	if old, had := s.cuts[name]; had && !old.Within(at) {
		panic("a position goes back")
	}
	s.cuts[name] = at
	return nil
}

func wantsReports(t domain.EventType) bool { return t == "message.reported" }

// TestLogSubscriberDeliversAtLeastOnceInOrder lets a reader take, refuse and
// stop at random while the log grows and positions fail to be saved, and holds
// what it saw to the log: every report taken at least once, a partition's for
// the first time in their order.
func TestLogSubscriberDeliversAtLeastOnceInOrder(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			w := &subscription{t: t, d: newDiary(t, 3), dice: domain.NewDice(seed), kept: &shelf{cuts: map[string]domain.Cut{}}, taken: map[domain.Position]bool{}}
			for range 1 + w.dice.Below(4) {
				w.write()
				w.kept.down = w.dice.Chance(1, 2)
				w.take(w.dice.Below(20))
				w.write()
			}
			w.kept.down = false
			w.take(1000)
			if diff := cmp.Diff(w.want, w.order); diff != "" {
				t.Errorf("taken for the first time, -want +got:\n%s", diff)
			}
			if end, _ := w.d.End(t.Context()); !w.kept.cuts["probe"].Equal(end) {
				t.Errorf("all is done, and the position is %v, not %v", w.kept.cuts["probe"], end)
			}
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// subscription is a log, a subscriber's position in it, and what was taken.
type subscription struct {
	t     *testing.T
	d     *diary
	dice  *domain.Dice
	kept  *shelf
	want  [3][]domain.Seq
	taken map[domain.Position]bool
	order [3][]domain.Seq // taken for the first time
}

func (w *subscription) write() {
	for range w.dice.Below(12) {
		p := w.dice.Below(len(w.want))
		if w.dice.Chance(1, 2) {
			w.d.noise(p)
			continue
		}
		w.want[p] = append(w.want[p], w.d.report(p, 1).Position.Seq)
	}
}

// take answers up to n messages, refuses some, and closes the subscriber, also
// while messages wait.
func (w *subscription) take(n int) {
	s := NewLogSubscriber(LogSubscriberConfig{
		Log: w.d, Positions: w.kept, Name: "probe", Wants: wantsReports, Lanes: 2, Queue: 1,
		Failed: func(err error) { w.t.Error(err) },
	})
	messages, err := s.Subscribe(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	for more := true; more && n > 0; n-- {
		select {
		case msg := <-messages:
			w.answer(msg)
		case <-time.After(time.Hour):
			more = false
		}
	}
	if err := s.Close(); err != nil {
		w.t.Error(err)
	}
	if _, open := <-messages; open {
		w.t.Error("a closed subscriber delivers")
	}
}

func (w *subscription) answer(msg *message.Message) {
	at, err := positionOf(msg)
	if err != nil {
		w.t.Fatal(err)
	}
	if w.dice.Chance(1, 4) {
		msg.Nack()
		return
	}
	if !w.taken[at] {
		w.taken[at] = true
		w.order[at.Partition] = append(w.order[at.Partition], at.Seq)
	}
	msg.Ack()
	if synctest.Wait(); msg.Context().Err() == nil {
		w.t.Error("a message that was taken still has its context")
	}
}

// A message that is out when the subscriber closes may still be answered, and
// counts.
func TestLogSubscriberWaitsForWhatIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(t, 1)
		kept := &shelf{cuts: map[string]domain.Cut{}}
		for n := range 20 {
			d.report(0, n)
		}
		s := NewLogSubscriber(LogSubscriberConfig{Log: d, Positions: kept, Name: "probe", Wants: wantsReports})
		ctx, cancel := context.WithCancel(t.Context())
		messages, err := s.Subscribe(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		msg := <-messages
		cancel()
		synctest.Wait()
		if msg.Context().Err() == nil {
			t.Error("the message does not learn of the end")
		}
		msg.Ack()
		if _, open := <-messages; open {
			t.Error("more is delivered behind the end")
		}
		if at := kept.cuts["probe"]; at.End[0] != 3 {
			t.Errorf("with the first report taken, the position is %v", at)
		}
		if _, err := s.Subscribe(t.Context(), ""); err == nil {
			t.Error("a second subscription is given")
		}
	})
}

func TestLogSubscriberRefusesAForeignPosition(t *testing.T) {
	d := newDiary(t, 1)
	foreign := domain.Identity{ID: domain.LogID{1}, Partitions: 1}.Start()
	s := NewLogSubscriber(LogSubscriberConfig{Log: d, Positions: &shelf{cuts: map[string]domain.Cut{"probe": foreign}}, Name: "probe"})
	if _, err := s.Subscribe(t.Context(), ""); !errors.Is(err, domain.ErrForeignCut) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestFilePositions(t *testing.T) {
	p := FilePositions{t.TempDir()}
	if _, found, err := p.Load("probe"); found || err != nil {
		t.Fatalf("an empty directory has a position (%v)", err)
	}
	id := domain.Identity{ID: domain.LogID{1}, Partitions: 3}
	for _, seq := range []domain.Seq{1, 77} {
		at := id.Start()
		at.End[1] = seq
		if err := p.Save("probe", at); err != nil {
			t.Fatal(err)
		}
		if got, found, err := p.Load("probe"); !found || err != nil || !got.Equal(at) {
			t.Fatalf("saved %v, loaded %v (%v)", at, got, err)
		}
	}
	if err := replaceFile(p.path("probe"), []byte("nonsense")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Load("probe"); err == nil {
		t.Error("nonsense is a position")
	}
}
