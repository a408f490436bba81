package commands

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/domaintest"
	"dendro/domain/policy"
	"dendro/domain/tree"
)

var t0 = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// world is an engine on a log in memory, with a small crowd that acts at
// random but from a seed.
type world struct {
	t       testing.TB
	log     *domaintest.Log
	clock   *domain.ManualClock
	engine  *Engine
	dice    *domain.Dice
	n       int
	members []domain.ContributorID
	tasks   []tree.TaskAssigned
	seen    []domain.MessageID
	trees   []domain.TreeID
	refused map[domain.Kind]int

	// Of worlds that share a log: the engine for the next command, and a number from 1.
	via    func() *Engine
	number byte
	acked  map[domain.CommandID]int // events of each command answered
}

func seedDice(id domain.CommandID) uint64 { return binary.BigEndian.Uint64(id[8:]) }

func newWorld(t testing.TB, partitions, members int, seed uint64, change func(*policy.Policy)) *world {
	t.Helper()
	w := &world{t: t, clock: domain.NewManualClock(t0), dice: domain.NewDice(seed), refused: map[domain.Kind]int{}, acked: map[domain.CommandID]int{}}
	w.via = func() *Engine { return w.engine }
	w.log = domaintest.NewLog(partitions, w.clock)
	p := policy.Default()
	if change != nil {
		change(&p)
	}
	w.open(&p)
	w.join(members)
	return w
}

// join makes members of the crowd.
func (w *world) join(members int) {
	for i := range members {
		id := domain.ContributorID(domain.Derive(domain.CommandID{1, 15: w.number}, "member", i))
		w.members = append(w.members, id)
		w.must(OnContributor{Contributor: id, Do: contributor.Register{}})
		w.must(OnContributor{Contributor: id, Do: contributor.Consent{Terms: "v1"}})
	}
}

func (w *world) open(p *policy.Policy) {
	w.t.Helper()
	var err error
	w.engine, err = Open(context.Background(), w.log, Options{Clock: w.clock, Dice: seedDice, Policy: p})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	if err := w.engine.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) id() domain.CommandID {
	w.n++
	var entropy [10]byte
	binary.BigEndian.PutUint64(entropy[:8], uint64(w.n))
	entropy[9] = w.number
	return domain.CommandID(domain.NewID(w.clock.Now(), entropy))
}

func (w *world) do(b Body) (Result, error) {
	c := Command{ID: w.id(), Actor: domain.Actor{Kind: domain.ActorClient, ID: "test"}, Body: b}
	res, err := w.send(c)
	if k := domain.RefusalKind(err); k != "" {
		w.refused[k]++
	} else if err != nil {
		w.t.Fatalf("%T: %v", b, err)
	}
	if w.dice.Below(20) == 0 && err == nil {
		again, err := w.send(c)
		if err != nil || len(again.Events) != len(res.Events) || len(res.Events) > 0 && !again.Repeated {
			w.t.Fatalf("%T again: %d events (repeated: %t), %v; first %d", b, len(again.Events), again.Repeated, err, len(res.Events))
		}
	}
	if err == nil {
		w.acked[c.ID] = len(res.Events)
	}
	return res, err
}

// send sends the command until it is answered for good.
func (w *world) send(c Command) (Result, error) {
	for {
		res, err := w.via().Do(context.Background(), c)
		if w.number == 0 || !errors.Is(err, domain.ErrUnknown) && !errors.Is(err, domain.ErrOverloaded) && !errors.Is(err, domain.ErrClosed) && !isElsewhere(err) {
			return res, err
		}
	}
}

func (w *world) must(b Body) Result {
	w.t.Helper()
	res, err := w.do(b)
	if err != nil {
		w.t.Fatalf("%T: %v", b, err)
	}
	return res
}

func pickOf[T any](d *domain.Dice, list []T) T { return list[d.Below(len(list))] }

// step is one act of somebody.
func (w *world) step() {
	w.clock.Advance(time.Duration(w.dice.Below(60)) * time.Second)
	switch x := w.dice.Below(100); {
	case x < 55 || len(w.tasks) == 0:
		w.request(pickOf(w.dice, w.members))
	case x < 88:
		w.work()
	case x < 94 && len(w.seen) > 0:
		w.react()
	case len(w.seen) > 0:
		w.moderate()
	}
}

func (w *world) request(who domain.ContributorID) {
	lang := pickOf(w.dice, []string{"en", "en", "de", "pt-BR"})
	kind := domain.TaskRandom
	if w.dice.Below(3) == 0 {
		kind = pickOf(w.dice, domain.TaskKinds[:])
	}
	res, err := w.do(RequestTask{Contributor: who, Language: lang, Kind: kind, Collective: w.dice.Below(30) == 0 && kind != domain.TaskInitialPrompt})
	if err != nil {
		return
	}
	if t, ok := res.Task(); ok {
		w.tasks = append(w.tasks, t)
		if !t.Message.IsZero() {
			w.seen = append(w.seen, t.Message)
		}
	}
}

func (w *world) work() {
	if len(w.tasks) == 0 {
		return
	}
	i := w.dice.Below(len(w.tasks))
	t := w.tasks[i]
	if !t.Collective || w.dice.Below(3) == 0 {
		w.tasks = append(w.tasks[:i:i], w.tasks[i+1:]...)
	}
	if w.dice.Below(12) == 0 {
		_, _ = w.do(OnTree{Do: tree.Decline{Task: t.Task, Reason: "no idea"}})
		return
	}
	_, _ = w.do(OnTree{Do: tree.Acknowledge{Task: t.Task, FrontendID: t.Task.String()}})
	by := t.Contributor
	if t.Collective {
		by = pickOf(w.dice, w.members)
	}
	switch {
	case t.Kind.IsText():
		w.n++
		res, err := w.do(OnTree{Do: tree.SubmitText{Task: t.Task, By: by, FrontendID: fmt.Sprint("m", w.n), Text: fmt.Sprint("text ", w.n)}})
		if id, ok := res.Message(); ok && err == nil {
			w.seen = append(w.seen, id)
			if t.Kind == domain.TaskInitialPrompt {
				w.trees = append(w.trees, domain.TreeID(id))
			}
		}
	case t.Kind.IsLabel():
		spam := "0"
		if w.dice.Below(6) == 0 {
			spam = "1"
		}
		_, _ = w.do(OnTree{Do: tree.SubmitLabels{Task: t.Task, Message: t.Message, By: by, Labels: []tree.LabelValue{{Label: "spam", Value: decimal.MustParse(spam)}}}})
	default:
		order := make([]int, len(t.Replies))
		for k := range order {
			order[k] = k
		}
		w.dice.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		_, _ = w.do(OnTree{Do: tree.SubmitRanking{Task: t.Task, By: by, Order: order, NotRankable: w.dice.Below(8) == 0}})
	}
}

func (w *world) react() {
	m, by := pickOf(w.dice, w.seen), pickOf(w.dice, w.members)
	switch w.dice.Below(4) {
	case 0:
		_, _ = w.do(OnTree{Do: tree.SetLabels{Message: m, By: by, Report: w.dice.Below(4) == 0, Labels: []tree.LabelValue{{Label: "quality", Value: decimal.MustParse("0.75")}}}})
	default:
		_, _ = w.do(OnTree{Do: tree.React{Message: m, By: by, Emoji: pickOf(w.dice, domain.Emojis[:]), Op: tree.EmojiToggle}})
	}
}

func (w *world) moderate() {
	m, who := pickOf(w.dice, w.seen), pickOf(w.dice, w.members)
	switch w.dice.Below(9) {
	case 0, 1:
		_, _ = w.do(OnTree{Do: tree.Delete{Message: m, Reason: "r"}})
	case 2, 3:
		_, _ = w.do(OnTree{Do: tree.Restore{Message: m}})
	case 4:
		w.n++
		_, _ = w.do(OnTree{Do: tree.Edit{Message: m, Text: fmt.Sprint("edited ", w.n)}})
	case 5:
		_, _ = w.do(OnTree{Do: tree.ResolveReport{Message: m}})
	case 6:
		if len(w.trees) > 0 {
			_, _ = w.do(OnTree{Tree: pickOf(w.dice, w.trees), Do: tree.Halt{}})
		}
	case 7:
		if len(w.trees) > 0 {
			_, _ = w.do(OnTree{Tree: pickOf(w.dice, w.trees), Do: tree.Resume{}})
		}
	default:
		_, _ = w.do(OnContributor{Contributor: who, Do: contributor.Disable{Reason: "troll", Discount: true}})
		w.quiesce()
		_, _ = w.do(OnContributor{Contributor: who, Do: contributor.Enable{}})
		w.quiesce()
	}
}

func (w *world) quiesce() {
	if err := w.via().Quiesce(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}
