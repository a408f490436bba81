package commands

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/domaintest"
	"dendro/domain/tree"
)

// lateLog is a log whose followers hear of nothing while held is locked.
type lateLog struct {
	domain.Log
	held sync.RWMutex
}

func (l *lateLog) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for r, err := range l.Log.Follow(ctx, from) {
			l.held.RLock()
			more := yield(r, err)
			l.held.RUnlock()
			if !more {
				return
			}
		}
	}
}

// late is two nodes, the second of which can be kept from hearing of the first.
type late struct {
	*world
	behind *lateLog
	b      *Engine
	turn   func() // when set, called by each command whose turn has come
}

// newLate gives all partitions but that of English to the first node.
func newLate(t *testing.T, reactions bool) *late {
	l := &late{world: &world{t: t, clock: domain.NewManualClock(t0), dice: domain.NewDice(1), refused: map[domain.Kind]int{}, acked: map[domain.CommandID]int{}}}
	l.log = domaintest.NewLog(4, l.clock)
	l.behind = &lateLog{Log: l.log}
	dice := func(id domain.CommandID) uint64 {
		if l.turn != nil {
			l.turn()
		}
		return seedDice(id)
	}
	open := func(log domain.Log, peer **Engine) *Engine {
		e, err := Open(t.Context(), log, Options{Clock: l.clock, Dice: dice, Partial: true, NoReactions: !reactions, Peers: &direct{peer}})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	l.engine, l.b = open(l.log, &l.b), open(l.behind, &l.engine)
	for p := range domain.Partition(4) {
		owner := l.engine
		if p == l.english() {
			owner = l.b
		}
		if err := owner.Acquire(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, e := range []*Engine{l.engine, l.b} {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	l.via = func() *Engine { return l.engine }
	l.join(2)
	return l
}

func (l *late) english() domain.Partition {
	return domain.Place(string(domain.PoolID{Language: "en"}.Stream()), 4)
}

// direct is Peers with one other node.
type direct struct{ to **Engine }

func (d *direct) Do(ctx context.Context, p domain.Partition, c Command) (Result, error) {
	return (*d.to).DoHere(ctx, p, c)
}

func (d *direct) Ask(ctx context.Context, p domain.Partition, q Question) (Answer, error) {
	return (*d.to).AskHere(ctx, p, q)
}

// hold keeps the second node from hearing of anything until release.
func (l *late) hold() (release func(), released *atomic.Bool) {
	if err := l.b.catchUp(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	l.behind.held.Lock()
	released = new(atomic.Bool)
	return func() { released.Store(true); l.behind.held.Unlock() }, released
}

// disable shuts the first member out, and gives the event.
func (l *late) disable() domain.Recorded {
	return l.must(OnContributor{Contributor: l.members[0], Do: contributor.Disable{Reason: "r", Discount: true}}).Events[0]
}

// Consequences rest on all that was in the log when they were asked for, and
// on owners who know of the event: what is not allowed since is not done behind
// the answer.
func TestConsequencesWait(t *testing.T) {
	l := newLate(t, false)
	l.must(RequestTask{Contributor: l.members[0], Language: "en", Kind: domain.TaskInitialPrompt})
	next, _ := l.engine.Policy()
	next.MaxActiveTrees++

	release, _ := l.hold()
	configured := l.must(OnCampaign{Do: campaign.Configure{Policy: next}}).Events[0]
	time.AfterFunc(5*time.Millisecond, release)
	todo, err := l.b.Consequences(t.Context(), configured)
	if err != nil || len(todo) != 1 || todo[0].Cause != configured.ID {
		t.Errorf("a policy asks for %v, %v", todo, err)
	}
	if again, err := l.engine.Consequences(t.Context(), configured); err != nil || len(again) != 1 || again[0].ID != todo[0].ID {
		t.Errorf("asked of another node, for %v, %v", again, err)
	}

	release, released := l.hold()
	disabled := l.disable()
	time.AfterFunc(5*time.Millisecond, release)
	if _, err := l.engine.Consequences(t.Context(), disabled); err != nil || !released.Load() {
		t.Errorf("%v; an owner answered before it knew of the event", err)
	}
	if none, err := l.engine.Consequences(t.Context(), domain.Recorded{Payload: contributor.Consented{}}); err != nil || len(none) != 0 {
		t.Errorf("an event that asks for nothing asks for %v, %v", none, err)
	}
}

// Who takes a partition over knows by then what the log holds.
func TestAcquireWaits(t *testing.T) {
	l := newLate(t, false)
	release, released := l.hold()
	l.disable()
	time.AfterFunc(5*time.Millisecond, release)
	if err := l.b.Acquire(t.Context(), l.b.place(domain.ContributorStream(l.members[1]))); err != nil || !released.Load() {
		t.Errorf("%v; the partition was served without knowing what others decided", err)
	}
}

// What an earlier owner decided is followed in all partitions of the next one,
// which hears of it by taking over.
func TestTakenOverIsFollowed(t *testing.T) {
	l := newLate(t, true)
	if l.b.place(domain.ContributorStream(l.members[0])) == l.english() {
		t.Fatal("the contributor is in the prompt's partition; take another")
	}
	l.prompt()
	release, _ := l.hold()
	l.disable()
	time.AfterFunc(5*time.Millisecond, release)
	if err := l.b.Acquire(t.Context(), l.b.place(domain.ContributorStream(l.members[0]))); err != nil {
		t.Fatal(err)
	}
	if err := l.b.Quiesce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := l.halted(); n != 1 {
		t.Errorf("%d prompts were halted, want 1", n)
	}
}

// prompt makes a prompt of the first member, which waits for its reviews.
func (w *world) prompt() {
	task, _ := w.must(RequestTask{Contributor: w.members[0], Language: "en", Kind: domain.TaskInitialPrompt}).Task()
	w.must(OnTree{Do: tree.Acknowledge{Task: task.Task, FrontendID: "f"}})
	w.must(OnTree{Do: tree.SubmitText{Task: task.Task, By: w.members[0], FrontendID: "m", Text: "What is a ring?"}})
}

// halted counts the trees that were halted.
func (w *world) halted() (n int) {
	for _, r := range w.log.All() {
		if e, ok := r.Payload.(tree.StateChanged); ok && e.To == domain.HaltedByModerator {
			n++
		}
	}
	return n
}

// A command that was let in before its contributor was shut out, and waits, is
// refused when its turn comes.
func TestShutOutWhileWaiting(t *testing.T) {
	l := newLate(t, false)
	release, _ := l.hold()
	l.disable()
	begun, gate := make(chan struct{}, 9), make(chan struct{})
	l.turn = func() { begun <- struct{}{}; <-gate }
	answers := make(chan error, 2)
	send := func(who domain.ContributorID) {
		c := Command{ID: l.id(), Actor: domain.ByRule("test"), Body: RequestTask{Contributor: who, Language: "en", Kind: domain.TaskInitialPrompt}}
		go func() { _, err := l.b.DoHere(context.Background(), l.english(), c); answers <- err }()
	}
	send(l.members[1])
	<-begun
	send(l.members[0])
	for len(l.b.owner(l.english()).queue) != 1 {
		time.Sleep(time.Millisecond)
	}
	release()
	if err := l.b.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(gate)
	kinds := []domain.Kind{domain.RefusalKind(<-answers), domain.RefusalKind(<-answers)}
	if slices.Sort(kinds); !slices.Equal(kinds, []domain.Kind{"", domain.ContributorDisabled}) {
		t.Errorf("answered with %q", kinds)
	}
}

// A command that comes twice in one append is answered alike both times.
func TestRepeatedInOneAppend(t *testing.T) {
	w := newWorld(t, 1, 1, 1, nil)
	defer w.close()
	c := Command{ID: w.id(), Actor: domain.ByRule("test"), Body: RequestTask{Contributor: w.members[0], Language: "en", Kind: domain.TaskInitialPrompt}}
	other := c
	other.ID = w.id()
	out := w.engine.DoAll(t.Context(), []Command{other, c, c})
	first, again := out[1].Result, out[2].Result
	if out[2].Err != nil || !again.Repeated || len(again.Events) == 0 || len(again.Events) != len(first.Events) || again.Events[0].ID != first.Events[0].ID {
		t.Errorf("first %+v, then %+v, %v", first, again, out[2].Err)
	}
}

// What was written without an answer has its consequences too.
func TestUnansweredIsFollowed(t *testing.T) {
	w := newWorld(t, 2, 2, 1, nil)
	defer w.close()
	w.dice = domain.NewDice(3) // no repetition of the helper's own below
	w.prompt()
	var once atomic.Bool
	w.log.Fault = func(domain.Partition, []domain.Recorded) (bool, error) {
		if once.Swap(true) {
			return false, nil
		}
		return true, domain.ErrUnknown
	}
	w.must(OnContributor{Contributor: w.members[0], Do: contributor.Disable{Reason: "spam"}})
	w.quiesce()
	if n := w.halted(); n != 1 {
		t.Errorf("%d prompts were halted, want 1", n)
	}
}

// An append takes no more commands than its bytes allow, by the given measure.
func TestMaxBytes(t *testing.T) {
	w := newWorld(t, 1, 1, 1, nil)
	w.close()
	var err error
	if _, err = Open(t.Context(), w.log, Options{Clock: w.clock, Dice: seedDice, MaxBytes: 1}); err == nil {
		t.Error("bytes are bounded without a measure")
	}
	w.engine, err = Open(t.Context(), w.log, Options{Clock: w.clock, Dice: seedDice, MaxBytes: 250, Size: func(*domain.Recorded) int { return 100 }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	var sizes []int
	w.log.Fault = func(_ domain.Partition, events []domain.Recorded) (bool, error) {
		sizes = append(sizes, len(events))
		return false, nil
	}
	var group []Command
	for i := range byte(7) {
		group = append(group, Command{ID: w.id(), Actor: domain.ByRule("test"), Body: OnContributor{Contributor: domain.ContributorID{1, i}, Do: contributor.Register{}}})
	}
	for _, o := range w.engine.DoAll(t.Context(), group) {
		if o.Err != nil {
			t.Error(o.Err)
		}
	}
	if !slices.Equal(sizes, []int{3, 3, 1}) {
		t.Errorf("appends of %v events", sizes)
	}
}
