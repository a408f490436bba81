package pool

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/policy"
)

var now = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func person(n int) domain.ContributorID { return domain.ContributorID{0: 0xc0, 15: byte(n)} }

func message(n int) domain.MessageID {
	return domain.MessageID{0: byte(n * 37), 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
}

// The set is a sorted list that knows its ranks, whatever came and went; its
// shape hangs on its members alone.
func TestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s set
		model := map[domain.MessageID]bool{}
		for range rapid.IntRange(0, 80).Draw(t, "n") {
			id := message(rapid.IntRange(0, 40).Draw(t, "id"))
			if rapid.IntRange(0, 2).Draw(t, "op") > 0 {
				s.add(id)
				model[id] = true
			} else {
				s.remove(id)
				delete(model, id)
			}
		}
		var want []domain.MessageID
		for id := range model {
			want = append(want, id)
		}
		slices.SortFunc(want, domain.MessageID.Compare)
		if s.len() != len(want) {
			t.Fatalf("%d members, want %d", s.len(), len(want))
		}
		var fresh set
		for i, id := range want {
			fresh.add(id)
			if s.at(i) != id {
				t.Fatalf("at(%d) is %s, want %s", i, s.at(i), id)
			}
			if rank, ok := s.rank(id); !ok || rank != i {
				t.Fatalf("rank(%s) is %d, %t; want %d", id, rank, ok, i)
			}
		}
		if a, b := shape(s.root), shape(fresh.root); a != b {
			t.Fatalf("the shape hangs on the history: %s, %s", a, b)
		}
	})
}

func shape(n *node) string {
	if n == nil {
		return "."
	}
	return "(" + shape(n.left) + fmt.Sprintf("%x", n.key[15]) + shape(n.right) + ")"
}

func opened(change func(*policy.Policy)) *State {
	s := New(domain.PoolID{Language: "en"})
	p := policy.Default()
	if change != nil {
		change(&p)
	}
	s.Evolve(Opened{Language: "en", Revision: 1, Policy: p})
	return s
}

func with(seed uint64) *policy.Context { return &policy.Context{Now: now, Dice: domain.NewDice(seed)} }

func label(n, places int, barred ...domain.ContributorID) domain.Slot {
	return domain.Slot{Kind: domain.TaskLabelAssistantReply, Message: message(n), Places: places, Barred: barred}
}

func growing(tree byte, slots ...domain.Slot) domain.Work {
	return domain.Work{Tree: domain.TreeID{tree}, State: domain.Growing, Author: person(1), Slots: slots}
}

// Whatever is open and whoever asks: nobody is offered what is barred to them
// or has no place left; nothing that is open for them is left out; and asking
// for the number changes nothing.
func TestOffersRespectBars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := opened(func(p *policy.Policy) { p.MaxPendingTasksPerUser = 1000; p.RecentTasksSpan = time.Minute })
		at, tasks := now, 0
		slots := map[int]domain.Slot{}
		type hold struct {
			task  domain.TaskID
			n     int
			by    int
			until time.Time
		}
		var holds []hold
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "wait")) * time.Second)
			s.Advance(at)
			holds = slices.DeleteFunc(holds, func(h hold) bool { return !h.until.After(at) })
			switch rapid.IntRange(0, 2).Draw(t, "act") {
			case 0:
				n := rapid.IntRange(1, 6).Draw(t, "slot")
				var barred []domain.ContributorID
				for _, b := range rapid.SliceOfN(rapid.IntRange(1, 5), 0, 3).Draw(t, "barred") {
					barred = append(barred, person(b))
				}
				slots[n] = label(n, rapid.IntRange(1, 3).Draw(t, "places"), barred...)
				s.Observe(growing(byte(n), slots[n]))
			case 1:
				n := rapid.IntRange(1, 6).Draw(t, "gone")
				delete(slots, n)
				s.Observe(growing(byte(n)))
			case 2:
				by := rapid.IntRange(1, 5).Draw(t, "who")
				open := map[domain.MessageID]bool{}
				for n, slot := range slots {
					held, mine := 0, slices.Contains(slot.Barred, person(by))
					for _, h := range holds {
						if h.n == n {
							held++
							mine = mine || h.by == by
						}
					}
					if held < slot.Places && !mine {
						open[slot.Message] = true
					}
				}
				if got := s.Available(person(by))[domain.TaskLabelAssistantReply.Index()]; got != len(open) {
					t.Fatalf("%d available, want %d", got, len(open))
				}
				a, err := s.Offer(Request{Kind: domain.TaskLabelAssistantReply, Contributor: person(by)}, with(rapid.Uint64().Draw(t, "seed")))
				if (err == nil) != (len(open) > 0) || err == nil && !open[a.Message] {
					t.Fatalf("offered %v, %v; open: %v", a, err, open)
				}
				if err == nil {
					tasks++
					id := domain.TaskID{15: byte(tasks)}
					s.Reserve(Reservation{Task: id, Kind: a.Kind, Message: a.Message, By: person(by), At: at})
					holds = append(holds, hold{id, int(a.Tree[0]), by, at.Add(time.Minute)})
				}
			}
		}
	})
}

// The draw among what is open is uniform, also past what is barred.
func TestPickIsUniform(t *testing.T) {
	s := opened(nil)
	for n := range 60 {
		var barred []domain.ContributorID
		if n >= 4 {
			barred = append(barred, person(2))
		}
		s.Observe(growing(byte(n+1), label(n, 1, barred...)))
	}
	for who, open := range map[int]int{2: 4, 3: 60} {
		count := map[domain.MessageID]int{}
		const draws = 12000
		for seed := range uint64(draws) {
			a, err := s.Offer(Request{Kind: domain.TaskLabelAssistantReply, Contributor: person(who)}, with(seed))
			if err != nil {
				t.Fatal(err)
			}
			count[a.Message]++
		}
		if len(count) != open {
			t.Errorf("%d different messages were offered, want %d", len(count), open)
		}
		for id, n := range count {
			if want := draws / open; n < want*7/10 || n > want*13/10 {
				t.Errorf("message %s was drawn %d times of %d, want about %d", id, n, draws, want)
			}
		}
	}
}

func TestLonelyParentsAreExtended(t *testing.T) {
	s := opened(nil)
	reply := func(n int, lonely bool) domain.Slot {
		return domain.Slot{Kind: domain.TaskAssistantReply, Message: message(n), Places: 1, Lonely: lonely}
	}
	s.Observe(growing(1, reply(1, true), reply(2, false), reply(3, false), reply(4, false)))
	lonely := 0
	for seed := range uint64(4000) {
		a, _ := s.Offer(Request{Kind: domain.TaskAssistantReply, Contributor: person(9)}, with(seed))
		if a.Message == message(1) {
			lonely++
		}
	}
	// 0.75 + 0.25/4 = 0.8125
	if lonely < 3100 || lonely > 3400 {
		t.Errorf("the lonely parent was drawn %d times of 4000, want about 3250", lonely)
	}
}

func TestInitialPrompts(t *testing.T) {
	s := opened(func(p *policy.Policy) {
		p.MaxActiveTrees, p.MaxInitialPromptReview, p.MaxPromptLotteryWaiting = 2, 3, 4
	})
	ask := func() error {
		_, err := s.Offer(Request{Kind: domain.TaskInitialPrompt, Contributor: person(1)}, with(1))
		return err
	}
	put := func(n byte, state domain.TreeState) { s.Observe(domain.Work{Tree: domain.TreeID{n}, State: state}) }
	if got := s.Available(person(1))[0]; got != 4 {
		t.Errorf("%d prompts are wanted, want min(2+3, 4)", got)
	}
	for n := byte(1); n <= 2; n++ {
		put(n, domain.Growing)
	}
	for n := byte(3); n <= 8; n++ {
		put(n, domain.InitialPromptReview)
	}
	if domain.RefusalKind(ask()) != domain.NoTask { // both differences are at least 0
		t.Errorf("growing and review are full: %v", ask())
	}
	put(1, domain.ReadyForExport)
	if err := ask(); err != nil {
		t.Errorf("there is room for a tree: %v", err)
	}
	for n := byte(11); n <= 14; n++ {
		put(n, domain.PromptLotteryWaiting)
	}
	if domain.RefusalKind(ask()) != domain.NoTask {
		t.Errorf("enough prompts wait: %v", ask())
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	s := opened(func(p *policy.Policy) { p.MaxPendingTasksPerUser = 2; p.InitPromptDisabledLangs = []string{"en"} })
	ask := func(k domain.TaskKind) domain.Kind {
		_, err := s.Offer(Request{Kind: k, Contributor: person(1)}, with(1))
		return domain.RefusalKind(err)
	}
	for kind, want := range map[domain.TaskKind]domain.Kind{
		"nonsense": domain.BadTaskKind, "": domain.BadTaskKind, "summarize_story": domain.NoTask,
		"rank_initial_prompts": domain.NoTask, domain.TaskRandom: domain.NoTask, domain.TaskInitialPrompt: domain.NoTask,
	} {
		if got := ask(kind); got != want {
			t.Errorf("%q: %q, want %q", kind, got, want)
		}
	}
	s.Reserve(Reservation{Task: domain.TaskID{1}, Kind: domain.TaskInitialPrompt, By: person(1), At: now})
	s.Reserve(Reservation{Task: domain.TaskID{2}, Kind: domain.TaskInitialPrompt, By: person(1), At: now.Add(time.Minute)})
	if got := ask(domain.TaskRandom); got != domain.TooManyPending {
		t.Errorf("two of two pending: %q", got)
	}
	s.Advance(now.Add(5 * time.Minute)) // the first has cooled
	if got := ask(domain.TaskRandom); got != domain.NoTask {
		t.Errorf("one of two pending: %q", got)
	}
}

// A random request draws the type by weight among those that are available,
// and asks for all labels with the policy's chance.
func TestRandomRequests(t *testing.T) {
	s := opened(func(p *policy.Policy) { p.FullReviewPrompter = decimal.MustParse("0.25") })
	s.Observe(growing(1,
		domain.Slot{Kind: domain.TaskLabelPrompterReply, Message: message(1), Places: 1},
		domain.Slot{Kind: domain.TaskAssistantReply, Message: message(2), Places: 1}))
	s.Observe(domain.Work{Tree: domain.TreeID{2}, State: domain.Ranking, Slots: []domain.Slot{{Kind: domain.TaskRankAssistant, Message: message(3), Places: 1}}})
	const draws = 20000
	count, full := map[domain.TaskKind]int{}, 0
	for seed := range uint64(draws) {
		a, err := s.Offer(Request{Kind: domain.TaskRandom, Contributor: person(9)}, with(seed))
		if err != nil {
			t.Fatal(err)
		}
		count[a.Kind]++
		if a.Full {
			full++
		}
	}
	for kind, weight := range map[domain.TaskKind]int{domain.TaskRankAssistant: 1000, domain.TaskLabelPrompterReply: 500, domain.TaskAssistantReply: 200} {
		if want := draws * weight / 1701; count[kind] < want*9/10 || count[kind] > want*11/10 {
			t.Errorf("%s was drawn %d times, want about %d", kind, count[kind], want)
		}
	}
	if want := count[domain.TaskLabelPrompterReply] / 4; full < want*8/10 || full > want*12/10 {
		t.Errorf("%d of %d label tasks ask for all, want about a quarter", full, count[domain.TaskLabelPrompterReply])
	}
}

func waiting(tree byte, author int) domain.Work {
	return domain.Work{Tree: domain.TreeID{tree}, State: domain.PromptLotteryWaiting, Author: person(author), Drawable: true}
}

// Anyone can check a draw from what its event holds; an author's weight is one
// and the first places of the last month.
func TestLottery(t *testing.T) {
	s := opened(func(p *policy.Policy) { p.MaxActiveTrees = 1 })
	s.Observe(waiting(1, 1))
	s.Observe(waiting(2, 2))
	s.Observe(waiting(3, 2))
	s.Won(person(1), now.Add(-29*24*time.Hour))
	for range 3 {
		s.Won(person(2), now)
	}
	s.Advance(now)
	wins := map[domain.ContributorID]int{}
	for seed := range uint64(6000) {
		events, err := Decide(s, Draw{}, with(seed))
		if err != nil || len(events) != 1 {
			t.Fatal(events, err)
		}
		e := events[0].(LotteryDrawn)
		list := s.Candidates()
		author, tree := DrawAmong(list, e.Seed)
		if author.Author != e.Author || tree != e.Tree || e.Digest != DigestCandidates(list) || e.Weight != 6 || e.Authors != 2 {
			t.Fatalf("the draw can't be checked: %+v", e)
		}
		wins[e.Author]++
	}
	if got := wins[person(2)]; got < 3800 || got > 4200 { // 4 of 6
		t.Errorf("the author of weight 4 of 6 won %d of 6000", got)
	}
	s.Advance(now.Add(2 * 24 * time.Hour))
	if got := s.Candidates()[0].Weight; got != 1 {
		t.Errorf("a first place of 31 days ago still weighs: %d", got)
	}
	s.Observe(domain.Work{Tree: domain.TreeID{9}, State: domain.Growing})
	if events, _ := Decide(s, Draw{}, with(1)); len(events) > 0 {
		t.Errorf("drawn though there is no room: %v", events)
	}
}

func TestBacklog(t *testing.T) {
	s := opened(nil)
	for n := byte(1); n <= 3; n++ {
		s.Observe(domain.Work{Tree: domain.TreeID{n}, State: domain.BacklogRanking})
	}
	if events, _ := Decide(s, Replenish{}, with(1)); len(events) > 0 {
		t.Errorf("activated without need: %v", events)
	}
	active := 0
	for seed := range uint64(5000) {
		if events, _ := Decide(s, Replenish{Ended: true}, with(seed)); len(events) > 0 {
			active++
		}
	}
	if active < 400 || active > 600 {
		t.Errorf("activated %d of 5000 times, want about 0.1", active)
	}
	s.Policy.MinActiveRankings = 1
	events, _ := Decide(s, Replenish{}, with(1))
	if len(events) != 1 || events[0].(BacklogActivated).Reason != "few_rankings" {
		t.Fatalf("no ranking is open: %v", events)
	}
	s.Observe(domain.Work{Tree: events[0].(BacklogActivated).Tree, State: domain.Ranking, Slots: []domain.Slot{{Kind: domain.TaskRankAssistant, Message: message(1), Places: 3}}})
	if again, _ := Decide(s, Replenish{}, with(1)); len(again) > 0 {
		t.Errorf("one ranking is open and one wanted: %v", again)
	}
}

func TestRepeatedTexts(t *testing.T) {
	s := opened(nil)
	s.Wrote(person(1), [16]byte{1}, now)
	s.Wrote(person(2), [16]byte{2}, now.Add(time.Minute))
	s.Advance(now.Add(119 * time.Minute))
	if !s.Repeats(person(1), [16]byte{1}) || s.Repeats(person(2), [16]byte{1}) {
		t.Error("the same text of the same contributor within two hours is a repetition, and no other")
	}
	s.Advance(now.Add(120 * time.Minute))
	if s.Repeats(person(1), [16]byte{1}) || !s.Repeats(person(2), [16]byte{2}) {
		t.Error("after two hours it is none")
	}
}

// The policy is an event of the pool; an older one changes nothing.
func TestConfigure(t *testing.T) {
	s := New(domain.PoolID{Language: "en"})
	if events, _ := Decide(s, Configure{Revision: 2}, with(1)); len(events) > 0 {
		t.Error("a pool that is not open was configured")
	}
	for i, c := range []Command{Open{Revision: 2}, Open{Revision: 2}, Configure{Revision: 2}, Configure{Revision: 1}, Configure{Revision: 3}} {
		events, err := Decide(s, c, with(1))
		if err != nil || (len(events) == 1) != (i == 0 || i == 4) {
			t.Errorf("%d %T: %v, %v", i, c, events, err)
		}
		for _, e := range events {
			s.Evolve(e)
		}
	}
}
