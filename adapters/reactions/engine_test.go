package reactions

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/domaintest"
	"dendro/domain/policy"
	"dendro/domain/tree"
)

// TestReactionsDoWhatTheReactorDoes lets the same people do the same on two
// engines, one with its own reactor, one followed by reactions: both logs hold
// the same events in the same order. Begun anew, each finds the same left to do,
// and after that nothing.
func TestReactionsDoWhatTheReactorDoes(t *testing.T) {
	seen := map[domain.EventType]int{}
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			own := newTown(t, seed, false)
			own.live()
			followed := newTown(t, seed, true)
			followed.live()
			if diff := cmp.Diff(own.log.All(), followed.log.All()); diff != "" {
				t.Errorf("seed %d: the reactor's log, and that with reactions:\n%s", seed, clip(diff, 5000))
			}
			for _, r := range own.log.All() {
				seen[r.Payload.Type()]++
			}
		})
	}
	for _, needed := range []domain.EventType{"votes.discounted", "votes.reinstated", "pool.configured", "contributor.erased", "replies.ranked"} {
		if seen[needed] == 0 {
			t.Errorf("nothing of the type %s ever happened: %v", needed, seen)
		}
	}
}

// town is an engine and the people who work with it, at random but from a seed.
type town struct {
	t       *testing.T
	log     *domaintest.Log
	clock   *domain.ManualClock
	engine  *commands.Engine
	dice    *domain.Dice
	n       int
	members []domain.ContributorID
	dir     string
	follow  bool   // with reactions, instead of the reactor
	stop    func() // ends the reactions
}

const townPartitions = 3

func newTown(t *testing.T, seed uint64, follow bool) *town {
	clock := domain.NewManualClock(t0)
	w := &town{t: t, clock: clock, log: domaintest.NewLog(townPartitions, clock), dice: domain.NewDice(seed), dir: t.TempDir(), follow: follow}
	w.open()
	return w
}

func (w *town) open() {
	var err error
	w.engine, err = commands.Open(w.t.Context(), w.log, commands.Options{
		Clock: w.clock, Dice: func(id domain.CommandID) uint64 { return binary.BigEndian.Uint64(id[8:]) }, Partial: true, NoReactions: w.follow,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for p := range domain.Partition(townPartitions) {
		if err := w.engine.Acquire(w.t.Context(), p); err != nil {
			w.t.Fatal(err)
		}
	}
	w.stop = func() {}
	if !w.follow {
		return
	}
	x, err := New(Config{
		Log: w.log, Engine: w.engine, Clock: w.clock, Dir: w.dir, Registry: prometheus.NewRegistry(), Consequences: w.engine.Consequences,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.stop = started(w.t, x)
}

func (w *town) close() {
	w.stop()
	if err := w.engine.Close(); err != nil {
		w.t.Error(err)
	}
}

// live lets people work, and moderators meddle, and all that follows follow.
func (w *town) live() {
	for i := range 8 {
		w.members = append(w.members, domain.ContributorID(domain.Derive(domain.CommandID{1}, "member", i)))
		w.do(commands.OnContributor{Contributor: w.members[i], Do: contributor.Register{}})
		w.do(commands.OnContributor{Contributor: w.members[i], Do: contributor.Consent{Terms: "v1"}})
	}
	for range 250 {
		w.clock.Advance(time.Duration(w.dice.Below(30)) * time.Second)
		if w.dice.Chance(1, 12) {
			w.meddle()
		} else {
			w.work(w.members[w.dice.Below(len(w.members))])
		}
	}
	w.again()
	if n := w.again(); n != townPartitions {
		w.t.Errorf("begun anew for the second time, %d events follow beside the claims", n-townPartitions)
	}
	w.close()
}

// again begins anew, reactions with no position, as after a crash. It gives how
// many events that adds.
func (w *town) again() int {
	before := len(w.log.All())
	w.close()
	for _, name := range []string{"policy", "standing"} {
		if err := os.Remove(filepath.Join(w.dir, name+".cut")); err != nil && w.follow {
			w.t.Error(err)
		}
	}
	w.open()
	later(time.Minute)
	return len(w.log.All()) - before
}

func (w *town) do(b commands.Body) commands.Result {
	w.n++
	var entropy [10]byte
	binary.BigEndian.PutUint64(entropy[2:], uint64(w.n)*0x9e3779b97f4a7c15)
	res, err := w.engine.Do(context.Background(), commands.Command{
		ID: domain.CommandID(domain.NewID(w.clock.Now(), entropy)), Actor: domain.ByModerator("test"), Body: b,
	})
	if err != nil && domain.RefusalKind(err) == "" {
		w.t.Fatalf("%T: %v", b, err)
	}
	synctest.Wait()
	return res
}

// work does a whole task.
func (w *town) work(by domain.ContributorID) {
	res := w.do(commands.RequestTask{Contributor: by, Language: []string{"en", "de"}[w.dice.Below(2)], Kind: domain.TaskRandom})
	task, ok := res.Task()
	if !ok {
		return
	}
	w.do(commands.OnTree{Do: tree.Acknowledge{Task: task.Task, FrontendID: task.Task.String()}})
	var do tree.Command
	switch {
	case task.Kind.IsText():
		do = tree.SubmitText{Task: task.Task, By: by, FrontendID: fmt.Sprint("m", w.n), Text: fmt.Sprint("text ", w.n)}
	case task.Kind.IsLabel():
		do = tree.SubmitLabels{Task: task.Task, Message: task.Message, By: by, Labels: []tree.LabelValue{{Label: "spam", Value: decimal.Int(0)}}}
	default:
		order := make([]int, len(task.Replies))
		for i := range order {
			order[i] = i
		}
		do = tree.SubmitRanking{Task: task.Task, By: by, Order: order}
	}
	w.do(commands.OnTree{Do: do})
}

// meddle changes somebody's standing, or the policy.
func (w *town) meddle() {
	who := w.members[w.dice.Below(5)] // the others may always work
	var do contributor.Command
	switch w.dice.Below(6) {
	case 0, 1:
		do = contributor.Disable{Reason: "r", Discount: w.dice.Chance(2, 3)}
	case 2, 3:
		do = contributor.Enable{Reason: "r"}
	case 4:
		p := policy.Default()
		p.MaxActiveTrees = 1 + w.dice.Below(9)
		w.do(commands.OnCampaign{Do: campaign.Configure{Policy: p}})
		return
	default:
		if w.dice.Chance(3, 4) {
			return
		}
		do = contributor.Erase{Reason: "r"}
	}
	w.do(commands.OnContributor{Contributor: who, Do: do})
}
