package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// Appends fail at random in every way that the log's contract allows; each
// command is sent until it is answered. All of them are in the log, once.
func TestFailedAppends(t *testing.T) {
	for seed := range uint64(8) {
		w := newWorld(t, 2, 6, seed, nil)
		faults := domain.NewDice(seed + 1000)
		var mu sync.Mutex
		w.log.Fault = func(domain.Partition, []domain.Recorded) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			switch faults.Below(6) {
			case 0:
				return true, domain.ErrUnknown
			case 1:
				return false, domain.ErrUnknown
			case 2:
				return false, domain.ErrOverloaded
			}
			return false, nil
		}
		acked := map[domain.CommandID]int{}
		for i := range 150 {
			c := Command{ID: w.id(), Actor: domain.ByRule("test"), Body: RequestTask{Contributor: w.members[i%6], Language: "en", Kind: domain.TaskInitialPrompt}}
			for {
				res, err := w.engine.Do(context.Background(), c)
				if err == nil {
					acked[c.ID] = len(res.Events)
					break
				}
				if domain.RefusalKind(err) == domain.TooManyPending {
					break
				}
				if !errors.Is(err, domain.ErrOverloaded) && !errors.Is(err, domain.ErrUnknown) {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
		}
		w.log.Fault = nil
		w.close()
		stored := map[domain.CommandID]int{}
		ids := map[domain.EventID]bool{}
		for _, r := range w.log.All() {
			stored[r.Command]++
			if ids[r.ID] {
				t.Fatalf("seed %d: event %s is there twice", seed, r.ID)
			}
			ids[r.ID] = true
		}
		for id, n := range acked {
			if stored[id] != n || n == 0 {
				t.Errorf("seed %d: command %s was acknowledged with %d events; %d are stored", seed, id, n, stored[id])
			}
		}
		folded(t, w.log)
	}
}

// Once another owner has come, nothing is written, and who asks is told.
func TestFenced(t *testing.T) {
	w := newWorld(t, 1, 2, 1, nil)
	if _, err := w.log.Own(context.Background(), 0); err != nil {
		t.Fatal(err)
	}
	before := len(w.log.All())
	for range 3 {
		_, err := w.engine.Do(context.Background(), Command{ID: w.id(), Actor: domain.ByRule("test"), Body: OnContributor{Contributor: domain.ContributorID{1}, Do: contributor.Register{}}})
		if !errors.Is(err, domain.ErrFenced) {
			t.Errorf("a fenced engine answers %v", err)
		}
	}
	if n := len(w.log.All()); n != before {
		t.Errorf("%d events were written by a fenced engine", n-before)
	}
	w.close()
}

// A command id is known after a restart too, and brings the old answer.
func TestRepeatedAfterRestart(t *testing.T) {
	w := newWorld(t, 2, 3, 1, nil)
	c := Command{ID: w.id(), Actor: domain.ByRule("test"), Body: RequestTask{Contributor: w.members[0], Language: "en", Kind: domain.TaskInitialPrompt}}
	first, err := w.engine.Do(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	w.close()
	w.open(nil)
	again, err := w.engine.Do(context.Background(), c)
	if err != nil || !again.Repeated || len(again.Events) != len(first.Events) {
		t.Fatalf("again: %+v, %v", again, err)
	}
	task, _ := first.Task()
	if same, _ := again.Task(); same.Task != task.Task {
		t.Errorf("the repeated command was given task %s, first %s", same.Task, task.Task)
	}
	w.close()
}

// The same submission under another command id is answered as done, and adds
// nothing (spec: collection §6).
func TestSubmissionRepeatedWordForWord(t *testing.T) {
	w := newWorld(t, 1, 1, 1, nil)
	defer w.close()
	w.dice = domain.NewDice(3) // no repetition of the helper's own below
	res := w.must(RequestTask{Contributor: w.members[0], Language: "en", Kind: domain.TaskInitialPrompt})
	task, _ := res.Task()
	w.must(OnTree{Do: tree.Acknowledge{Task: task.Task, FrontendID: "f"}})
	submit := OnTree{Do: tree.SubmitText{Task: task.Task, By: w.members[0], FrontendID: "m", Text: "What is a ring?"}}
	w.must(submit)
	before := len(w.log.All())
	if res := w.must(submit); len(res.Events) != 0 || len(w.log.All()) != before {
		t.Errorf("the repetition added %d events", len(w.log.All())-before)
	}
	submit.Do = tree.SubmitText{Task: task.Task, By: w.members[0], FrontendID: "m", Text: "Another text"}
	if _, err := w.do(submit); domain.RefusalKind(err) != domain.TaskDone {
		t.Errorf("another text for the same task: %v", err)
	}
}

type cache struct {
	mu   sync.Mutex
	data map[string][]byte
}

func (c *cache) Save(name string, revision int, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data[fmt.Sprint(name, revision)] = slices.Clone(data)
	return nil
}

func (c *cache) Load(name string, revision int) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.data[fmt.Sprint(name, revision)], nil
}

// Checkpoint and tail give the state that the whole log gives; a checkpoint of
// another log, or a damaged one, is passed over.
func TestCheckpoint(t *testing.T) {
	kept := &cache{data: map[string][]byte{}}
	w := newWorld(t, 2, 8, 5, nil)
	w.close()
	reopen := func() {
		var err error
		if w.engine, err = Open(context.Background(), w.log, Options{Clock: w.clock, Dice: seedDice, Checkpoints: kept}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		reopen()
		for range 1500 {
			w.step()
		}
		w.quiesce()
		w.close()
		if len(kept.data) == 0 {
			t.Fatal("no checkpoint was kept")
		}
	}
	reopen()
	restored := 0
	for p, s := range folded(t, w.log) {
		if w.engine.writers[p].kept > 0 {
			restored++
		}
		agree(t, w, w.engine.writers[p].s, s)
	}
	if restored != len(kept.data) {
		t.Errorf("%d partitions were restored from %d checkpoints", restored, len(kept.data))
	}
	w.close()
	for name, data := range kept.data {
		kept.data[name] = data[:len(data)/2]
	}
	reopen()
	w.close()
}

// Beyond the queue's bound commands are turned away at once, and none is lost.
func TestOverload(t *testing.T) {
	w := newWorld(t, 1, 1, 1, nil)
	w.close()
	var err error
	w.engine, err = Open(context.Background(), w.log, Options{Clock: w.clock, Dice: seedDice, QueueSize: 2, MaxBatch: 1})
	if err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	w.log.Fault = func(domain.Partition, []domain.Recorded) (bool, error) { <-gate; return false, nil }
	const many = 50
	results := make(chan error, many)
	for i := range many {
		id := domain.ContributorID{15: byte(i), 1: 1}
		c := Command{ID: w.id(), Actor: domain.ByRule("test"), Body: OnContributor{Contributor: id, Do: contributor.Register{}}}
		go func() { _, err := w.engine.Do(context.Background(), c); results <- err }()
	}
	turnedAway, done := 0, 0
	for range many - 3 { // one under way and two queued at most
		if err := <-results; !errors.Is(err, domain.ErrOverloaded) {
			t.Fatal(err)
		}
		turnedAway++
	}
	close(gate)
	for range many - turnedAway {
		if err := <-results; err == nil {
			done++
		}
	}
	w.close()
	stored := 0
	for _, r := range w.log.All() {
		if _, ok := r.Payload.(contributor.Registered); ok {
			stored++
		}
	}
	if stored != done+1 { // and the member that the world began with
		t.Errorf("%d were acknowledged, %d stored", done, stored-1)
	}
}

// A preview tells what a purge of a contributor's messages will do, and changes
// nothing; the purge does that, once.
func TestPurgeOnce(t *testing.T) {
	w := newWorld(t, 3, 8, 7, nil)
	defer w.close()
	for range 800 {
		w.step()
	}
	w.quiesce()
	ctx, author := context.Background(), w.members[1]
	do := contributor.OrderPurge{Act: w.id(), Reason: "asked for it"}
	purge := func() (Effect, error) {
		ordered, err := w.engine.Do(ctx, Command{ID: w.id(), Actor: domain.ByModerator("m"), Body: OnContributor{Contributor: author, Do: do}})
		if err != nil {
			return Effect{}, err
		}
		return w.engine.CarryOut(ctx, author, do.Act, ordered)
	}
	before := len(w.log.All())
	foreseen, err := w.engine.Preview(ctx, []domain.ContributorID{author}, do)
	if err != nil || foreseen.Messages == 0 || len(w.log.All()) != before {
		t.Fatalf("the preview: %+v, %v, %d events added", foreseen, err, len(w.log.All())-before)
	}
	done, err := purge()
	if len(done.At) < foreseen.Trees {
		t.Errorf("the effect names %d positions, of %d trees", len(done.At), foreseen.Trees)
	}
	done.At = nil
	if diff := cmp.Diff(foreseen, done); err != nil || diff != "" {
		t.Errorf("%v; done otherwise than foreseen (-foreseen +done):\n%s", err, diff)
	}
	for _, s := range folded(t, w.log) {
		for id, tr := range s.trees {
			for _, m := range tr.Messages {
				if m.Author == author && !m.Deleted() {
					t.Errorf("message %s of tree %s is still there", m.ID, id)
				}
			}
		}
	}
	after := len(w.log.All())
	if again, err := purge(); err != nil || again.Messages+again.Trees+again.Halted+len(again.Deleted) != 0 || len(w.log.All()) != after {
		t.Errorf("again: %+v, %v, %d events added", again, err, len(w.log.All())-after)
	}
}

// Asking what is available changes nothing, in a language never heard of too.
func TestAvailable(t *testing.T) {
	w := newWorld(t, 2, 2, 1, nil)
	defer w.close()
	before := len(w.log.All())
	got, err := w.engine.Available(context.Background(), w.members[0], "sv")
	if want := 110; err != nil || got[domain.TaskInitialPrompt.Index()] != want || len(w.log.All()) != before {
		t.Errorf("%v, %v; want %d prompts and no events", got, err, want)
	}
	if _, err := w.engine.Available(context.Background(), w.members[0], "not a tag"); domain.RefusalKind(err) != domain.UnknownLanguage {
		t.Errorf("%v", err)
	}
}

// What an event asks for elsewhere follows after a restart too, if the engine
// was stopped in between.
func TestReactionsCatchUp(t *testing.T) {
	w := newWorld(t, 2, 2, 1, nil)
	task, _ := w.must(RequestTask{Contributor: w.members[0], Language: "en", Kind: domain.TaskInitialPrompt}).Task()
	w.must(OnTree{Do: tree.Acknowledge{Task: task.Task, FrontendID: "f"}})
	w.must(OnTree{Do: tree.SubmitText{Task: task.Task, By: w.members[0], FrontendID: "m", Text: "What is a ring?"}})
	w.close()

	stream := domain.ContributorStream(w.members[0])
	own, err := w.log.Own(context.Background(), domain.Place(string(stream), 2))
	if err != nil {
		t.Fatal(err)
	}
	claim := own.Claim()
	disabled := domain.Recorded{
		ID: domain.EventID{1}, Stream: stream, Version: 3, Schema: 1, Time: claim.Time, Epoch: claim.Epoch, Command: w.id(),
		Position: domain.Position{Partition: claim.Position.Partition, Seq: claim.Position.Seq + 1},
		Actor:    domain.ByModerator("m"), Payload: contributor.Disabled{Reason: "spam"},
	}
	if err := own.Append(context.Background(), []domain.Recorded{disabled}); err != nil {
		t.Fatal(err)
	}
	w.open(nil)
	w.close()
	halted := 0
	for _, r := range w.log.All() {
		if e, ok := r.Payload.(tree.StateChanged); ok && e.To == domain.HaltedByModerator {
			halted++
			if r.Cause != disabled.ID {
				t.Errorf("the prompt was halted because of event %s, want %s", r.Cause, disabled.ID)
			}
		}
	}
	if halted != 1 {
		t.Errorf("%d prompts were halted, want 1", halted)
	}
	before := len(w.log.All())
	w.open(nil)
	w.close()
	if after := len(w.log.All()); after != before+2 { // the claims
		t.Errorf("the next start added %d events beside its claims", after-before-2)
	}
}

func TestClosed(t *testing.T) {
	w := newWorld(t, 1, 1, 1, nil)
	w.close()
	if _, err := w.engine.Do(context.Background(), Command{ID: w.id(), Actor: domain.ByRule("test"), Body: OnCampaign{}}); !errors.Is(err, domain.ErrClosed) {
		t.Errorf("a closed engine answers %v", err)
	}
}
