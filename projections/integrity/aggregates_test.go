package integrity_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"

	"pgregory.net/rapid"
)

// language lets the aggregates themselves write the history of one pool: what
// they decide, whatever they are asked, must be valid.
type language struct {
	t      *rapid.T
	policy policy.Policy
	now    time.Time
	steps  int // commands so far
	trees  map[domain.TreeID]tree.State
	events []domain.Recorded

	versions map[domain.StreamID]domain.Version
	command  domain.CommandID
	index    int // events of the command so far
}

const crowd = 5 // contributors

func newLanguage(t *rapid.T) *language {
	p := policy.Default()
	p.MaxActiveTrees = rapid.IntRange(0, 2).Draw(t, "max active")
	p.NumReviewsInitialPrompt, p.NumReviewsReply, p.NumRequiredRankings = 1, 1, 1
	p.GoalTreeSize, p.MaxChildrenCount = 3, 2
	p.AutoModRedFlags = 2
	l := &language{
		t: t, policy: p, now: began, trees: map[domain.TreeID]tree.State{}, versions: map[domain.StreamID]domain.Version{},
	}
	l.begin()
	l.append(domain.PartitionStream(0), domain.Claimed{Owner: "test"})
	l.append(poolStream("en"), pool.Opened{Language: "en", Revision: 1, Policy: p})
	for n := range byte(crowd) {
		l.append(domain.ContributorStream(who(n)), contributor.Registered{Contributor: who(n)})
	}
	return l
}

// begin starts the next command.
func (l *language) begin() {
	l.steps++
	l.now = l.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(l.t, "seconds")) * time.Second)
	l.command = domain.CommandID(domain.NewID(l.now, [10]byte{byte(l.steps >> 8), byte(l.steps)}))
	l.index = 0
}

func (l *language) append(s domain.StreamID, e domain.Event) {
	l.versions[s]++
	l.events = append(l.events, domain.Recorded{
		ID: domain.EventID(domain.Derive(l.command, "event", l.index)), Position: domain.Position{Seq: domain.Seq(len(l.events) + 1)},
		Stream: s, Version: l.versions[s], Schema: 1, Time: l.now, Command: l.command, Epoch: 1, Payload: e,
	})
	l.index++
}

// do asks a tree; a refusal is an answer like any other.
func (l *language) do(id domain.TreeID, c tree.Command) bool {
	s := l.trees[id]
	ctx := &policy.Context{Now: l.now, Policy: &l.policy, Dice: domain.NewDice(uint64(l.steps)), Command: l.command}
	events, err := tree.Decide(s, c, ctx)
	if err != nil {
		if domain.RefusalKind(err) == "" {
			l.t.Fatalf("%T: %v", c, err)
		}
		return false
	}
	for _, e := range events {
		l.append(domain.TreeStream(id), e)
		s = tree.Evolve(s, e, l.now)
	}
	l.trees[id] = s
	return len(events) > 0
}

// draw fills the room that there is for growing trees.
func (l *language) draw() {
	growing, waiting := 0, []domain.TreeID(nil)
	for _, id := range l.ids() {
		switch s := l.trees[id]; s.State {
		case domain.Growing:
			growing++
		case domain.PromptLotteryWaiting:
			waiting = append(waiting, id)
		}
	}
	for ; growing < l.policy.MaxActiveTrees && len(waiting) > 0; growing++ {
		l.append(poolStream("en"), pool.LotteryDrawn{Tree: waiting[0], Growing: growing, MaxActive: l.policy.MaxActiveTrees})
		l.do(waiting[0], tree.Win{})
		waiting = waiting[1:]
	}
}

func (l *language) ids() []domain.TreeID {
	return slices.SortedFunc(maps.Keys(l.trees), domain.TreeID.Compare)
}

func (l *language) anyone() domain.ContributorID {
	return who(byte(rapid.IntRange(0, crowd-1).Draw(l.t, "contributor")))
}

// step runs one command, or a task from its assignment to its end.
func (l *language) step() {
	l.begin()
	defer l.draw()
	if len(l.trees) == 0 || rapid.IntRange(0, 7).Draw(l.t, "begin a tree") == 0 {
		l.plant()
		return
	}
	id := rapid.SampledFrom(l.ids()).Draw(l.t, "tree")
	s := l.trees[id]
	if work := s.Work(&l.policy); len(work.Slots) > 0 && rapid.IntRange(0, 5).Draw(l.t, "work") > 0 {
		l.work(id, rapid.SampledFrom(work.Slots).Draw(l.t, "slot"))
		return
	}
	if s.Root() == nil {
		return
	}
	m := rapid.SampledFrom(s.Messages).Draw(l.t, "message").ID
	l.do(id, rapid.SampledFrom([]tree.Command{
		tree.React{Message: m, By: l.anyone(), Emoji: domain.EmojiRedFlag, Op: tree.EmojiToggle},
		tree.SetLabels{Message: m, By: l.anyone(), Labels: []tree.LabelValue{{Label: domain.LabelSpam}}, Report: true},
		tree.Delete{Message: m}, tree.Restore{Message: m}, tree.Restore{Message: m},
		tree.DeleteAuthored{Author: l.anyone()},
		tree.Edit{Message: m, Text: fmt.Sprintf("Edited %d.", l.steps)},
		tree.Halt{}, tree.Resume{}, tree.Resume{}, tree.HaltPrompt{Author: l.anyone()},
		tree.Activate{}, tree.RetryScoring{}, tree.ResolveReport{Message: m},
		tree.Discount{Contributor: l.anyone()}, tree.Reinstate{Contributor: l.anyone()},
	}).Draw(l.t, "command"))
}

// plant begins a tree: by a prompt, or an import.
func (l *language) plant() {
	id := domain.TreeID(domain.Derive(l.command, "task", 0))
	if rapid.IntRange(0, 3).Draw(l.t, "import") == 0 {
		root, reply := domain.MessageID(id), domain.MessageID(domain.Derive(l.command, "message", 0))
		other := domain.MessageID(domain.Derive(l.command, "message", 1))
		l.do(id, tree.Import{Tree: tree.Imported{
			Language: "en", State: rapid.SampledFrom([]domain.TreeState{domain.ReadyForExport, domain.BacklogRanking}).Draw(l.t, "imported as"),
			Messages: []tree.ImportedMessage{
				{Message: root, Role: domain.Prompter, Text: "Prompt?", Created: l.now, Result: tree.Accepted},
				{Message: reply, Parent: root, Role: domain.Assistant, Text: "One.", Created: l.now, Result: tree.Accepted},
				{Message: other, Parent: root, Role: domain.Assistant, Text: "Two.", Created: l.now, Result: tree.Accepted, Deleted: rapid.Bool().Draw(l.t, "deleted")},
			},
		}})
		return
	}
	by := l.anyone()
	l.do(id, tree.Assign{Task: domain.TaskID(id), Kind: domain.TaskInitialPrompt, Language: "en", Contributor: by})
	l.finish(id, domain.TaskID(id), by, tree.SubmitText{
		Task: domain.TaskID(id), By: by, FrontendID: "f", Text: fmt.Sprintf("Prompt %d?", l.steps),
	})
}

// work takes a task, and does or declines it.
func (l *language) work(id domain.TreeID, slot domain.Slot) {
	task, by := domain.TaskID(domain.Derive(l.command, "task", 0)), l.anyone()
	collective := rapid.Bool().Draw(l.t, "collective")
	if !l.do(id, tree.Assign{Task: task, Kind: slot.Kind, Contributor: by, Message: slot.Message, Collective: collective}) {
		return
	}
	var hands tree.Command
	switch {
	case slot.Kind.IsText():
		hands = tree.SubmitText{Task: task, By: by, FrontendID: "f", Text: fmt.Sprintf("Reply %d.", l.steps)}
	case slot.Kind.IsLabel():
		spam := tree.LabelValue{Label: domain.LabelSpam, Value: decimal.Int(int64(rapid.IntRange(0, 3).Draw(l.t, "spam") / 3))}
		hands = tree.SubmitLabels{Task: task, Message: slot.Message, By: by, Labels: []tree.LabelValue{spam}}
	default:
		s := l.trees[id]
		order := make([]int, len(s.Task(task).Replies))
		for i := range order {
			order[i] = i
		}
		hands = tree.SubmitRanking{
			Task: task, By: by, Order: rapid.Permutation(order).Draw(l.t, "order"), NotRankable: rapid.IntRange(0, 2).Draw(l.t, "not rankable") == 0,
		}
	}
	l.finish(id, task, by, hands)
	if collective {
		l.begin()
		l.do(id, tree.Close{Task: task})
	}
}

func (l *language) finish(id domain.TreeID, task domain.TaskID, by domain.ContributorID, hands tree.Command) {
	l.begin()
	l.do(id, tree.Acknowledge{Task: task, FrontendID: "f"})
	l.begin()
	if rapid.IntRange(0, 9).Draw(l.t, "decline") == 0 {
		l.do(id, tree.Decline{Task: task, By: by})
		return
	}
	l.do(id, hands)
}

// TestWhatTheAggregatesDecideIsValid also counts what the histories held, so
// that it can't pass on histories in which nothing happens.
func TestWhatTheAggregatesDecideIsValid(t *testing.T) {
	seen := map[domain.EventType]int{}
	rapid.Check(t, func(t *rapid.T) {
		l := newLanguage(t)
		for range rapid.IntRange(100, 200).Draw(t, "commands") {
			l.step()
		}
		check := newCheck(1)
		for _, r := range l.events {
			if err := check.Apply(r); err != nil {
				t.Fatal(err)
			}
			seen[r.Payload.Type()]++
		}
	})
	for _, e := range []domain.Event{
		tree.MessagePosted{}, tree.LabelsSubmitted{}, tree.MessageAccepted{}, tree.MessageRejected{}, tree.MessageReopened{},
		tree.RankingSubmitted{}, tree.RepliesRanked{}, tree.MessageDeleted{}, tree.MessageRestored{}, tree.MessageEdited{},
		tree.LotteryWon{}, tree.StateChanged{}, tree.Imported{}, tree.TaskDeclined{}, tree.TaskClosed{}, tree.VotesDiscounted{},
	} {
		if seen[e.Type()] == 0 {
			t.Errorf("no history held a %s", e.Type())
		}
	}
}
