package tree

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
)

// steps are the legal moves of spec collection §4, and those that follow from
// "conditions are tested again": a prompt whose decision was taken back goes
// back to review, and one that had won the lottery need not win it again.
var steps = map[domain.TreeState][]domain.TreeState{
	"":                          {domain.InitialPromptReview, domain.ReadyForExport, domain.BacklogRanking},
	domain.InitialPromptReview:  {domain.PromptLotteryWaiting, domain.Growing, domain.AbortedLowGrade, domain.HaltedByModerator},
	domain.PromptLotteryWaiting: {domain.Growing, domain.InitialPromptReview, domain.AbortedLowGrade, domain.HaltedByModerator},
	domain.Growing:              {domain.Ranking, domain.InitialPromptReview, domain.AbortedLowGrade, domain.HaltedByModerator},
	domain.Ranking:              {domain.ReadyForScoring, domain.HaltedByModerator},
	domain.ReadyForScoring:      {domain.ReadyForExport, domain.ScoringFailed, domain.HaltedByModerator},
	domain.ReadyForExport:       {domain.HaltedByModerator},
	domain.ScoringFailed:        {domain.ReadyForExport, domain.Ranking, domain.HaltedByModerator},
	domain.BacklogRanking:       {domain.Ranking, domain.AbortedLowGrade, domain.HaltedByModerator},
	domain.HaltedByModerator:    {domain.InitialPromptReview, domain.Growing, domain.ReadyForExport, domain.BacklogRanking},
	domain.AbortedLowGrade:      {domain.InitialPromptReview, domain.Growing, domain.BacklogRanking, domain.HaltedByModerator},
}

// anyCommand draws a command that mostly makes sense in the state.
func anyCommand(t *rapid.T, p *play, calm bool) Command {
	who := person(rapid.IntRange(1, 12).Draw(t, "who"))
	message := domain.MessageID{9}
	if n := len(p.s.Messages); n > 0 {
		message = p.s.Messages[rapid.IntRange(0, n-1).Draw(t, "message")].ID
	}
	if calm || rapid.IntRange(0, 9).Draw(t, "work") < 7 {
		return anyWork(t, p, who)
	}
	bit := rapid.SampledFrom([]string{"0", "0.25", "1"})
	switch rapid.IntRange(0, 13).Draw(t, "kind") {
	case 0:
		return SetLabels{Message: message, By: who, Report: rapid.Bool().Draw(t, "report"), Labels: labels(bit.Draw(t, "v"), "")}
	case 1, 2:
		return React{Message: message, By: who, Emoji: rapid.SampledFrom(domain.Emojis[:]).Draw(t, "emoji"), Op: rapid.SampledFrom([]EmojiOp{EmojiAdd, EmojiRemove}).Draw(t, "op")}
	case 3:
		return Delete{Message: message}
	case 4, 5:
		return Restore{Message: message}
	case 6:
		return Edit{Message: message, Text: fmt.Sprint("edit ", rapid.IntRange(0, 99).Draw(t, "text"))}
	case 7:
		return Halt{}
	case 8, 9:
		return Resume{}
	case 10:
		return Discount{Contributor: who}
	case 11:
		return Reinstate{Contributor: who}
	case 12:
		return DeleteAuthored{Author: who, KeepPrompts: rapid.Bool().Draw(t, "keep")}
	default:
		return rapid.SampledFrom([]Command{HaltPrompt{Author: who}, ResolveReport{Message: message}, RetryScoring{}, Activate{}, Settle{}, Win{}}).Draw(t, "other")
	}
}

// anyWork takes a task that the tree offers, or goes on with one it gave.
func anyWork(t *rapid.T, p *play, who domain.ContributorID) Command {
	if p.s.State == domain.PromptLotteryWaiting && rapid.Bool().Draw(t, "win") {
		return Win{}
	}
	var open []*Task
	for _, task := range p.s.Tasks {
		if task.Status < Done {
			open = append(open, task)
		}
	}
	if len(open) > 0 && rapid.IntRange(0, 2).Draw(t, "go on") > 0 {
		task := open[rapid.IntRange(0, len(open)-1).Draw(t, "task")]
		if task.Status == Assigned {
			return Acknowledge{Task: task.TaskAssigned.Task, FrontendID: "f"}
		}
		return anySubmission(t, task)
	}
	slots := p.s.Work(&p.p).Slots
	a := Assign{Task: domain.TaskID{7, 15: byte(p.n)}, Language: "en", Contributor: who, Kind: domain.TaskInitialPrompt, Collective: rapid.IntRange(0, 9).Draw(t, "collective") == 0}
	if p.s.Root() == nil {
		a.Collective = false
		return a
	}
	if len(slots) == 0 {
		return Settle{}
	}
	slot := slots[rapid.IntRange(0, len(slots)-1).Draw(t, "slot")]
	a.Kind, a.Message, a.Full = slot.Kind, slot.Message, true
	return a
}

func anySubmission(t *rapid.T, task *Task) Command {
	id, by := task.TaskAssigned.Task, task.Contributor
	if task.Collective {
		by = person(rapid.IntRange(1, 12).Draw(t, "by"))
	}
	switch {
	case rapid.IntRange(0, 14).Draw(t, "decline") == 0:
		return Decline{Task: id}
	case task.Kind.IsText():
		return SubmitText{Task: id, By: by, FrontendID: "m", Text: fmt.Sprint("t ", id)}
	case task.Kind.IsLabel():
		return SubmitLabels{Task: id, Message: task.Message, By: by, Labels: labels(rapid.SampledFrom([]string{"0", "0", "0", "1"}).Draw(t, "spam"), "")}
	default:
		order := rapid.Permutation(indexesUpTo(len(task.Replies))).Draw(t, "order")
		return SubmitRanking{Task: id, By: by, Order: order, NotRankable: rapid.IntRange(0, 5).Draw(t, "nr") == 0}
	}
}

func indexesUpTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Every command on every reachable state either emits events that evolve or
// refuses with a kind; repeating it emits nothing; the state that was decided
// upon is left as it was; and what must hold of every tree holds.
func TestEveryCommandOnEveryState(t *testing.T) {
	reached := map[domain.TreeState]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		p := newPlay(t)
		p.p.GoalTreeSize = rapid.IntRange(1, 4).Draw(rt, "goal")
		p.p.NumReviewsReply, p.p.NumReviewsInitialPrompt = rapid.IntRange(1, 3).Draw(rt, "reviews"), rapid.IntRange(1, 2).Draw(rt, "prompt reviews")
		p.p.NumRequiredRankings = rapid.IntRange(1, 2).Draw(rt, "rankings")
		p.p.RankPrompterReplies, p.p.NumPrompterReplies = rapid.Bool().Draw(rt, "rank prompter"), 2
		p.p.AutoModRedFlags, p.p.AutoModMaxSkipReply = 2, 3
		if rapid.Bool().Draw(rt, "begin with a grown tree") {
			p.grow()
		}
		calm := rapid.IntRange(0, 80).Draw(rt, "calm steps")
		for step := range rapid.IntRange(20, 150).Draw(rt, "length") {
			before, shown := p.s, ""
			if p.n%8 == 0 {
				shown = cmp.Diff(State{}, before)
			}
			c := anyCommand(rt, p, step < calm)
			ctx := p.context()
			p.now = p.now.Add(time.Second)
			events, err := Decide(before, c, ctx)
			if err != nil && (domain.RefusalKind(err) == "" || len(events) > 0) {
				rt.Fatalf("%#v: %v, events %v", c, err, events)
			}
			for _, e := range events {
				checkStep(rt, p.s, e)
				p.s = Evolve(p.s, e, p.now)
			}
			if shown != "" && cmp.Diff(State{}, before) != shown {
				rt.Fatalf("%#v changed the state that it was decided upon", c)
			}
			reached[p.s.State] = true
			if again, _ := Decide(p.s, c, p.context()); len(again) > 0 && len(events) > 0 {
				rt.Fatalf("%#v emitted %s, and again %s", c, types(events), types(again))
			}
			checkTree(rt, p)
		}
	})
	for _, s := range domain.TreeStates {
		switch s {
		case domain.ReadyForScoring, domain.ScoringFailed, domain.BacklogRanking: // passed through; too many replies; imported
		default:
			if !reached[s] {
				t.Errorf("no run reached %s", s)
			}
		}
	}
}

// grow brings a new tree to where its two replies are to be ranked.
func (p *play) grow() {
	policy := p.p
	p.p.GoalTreeSize, p.p.NumReviewsReply, p.p.NumReviewsInitialPrompt = 3, 3, 3
	root := p.prompt()
	p.accept(root)
	p.do(Win{})
	a, b := p.reply(root, person(2)), p.reply(root, person(3))
	p.accept(a)
	p.accept(b)
	p.p = policy
	p.do(Settle{})
}

func checkStep(t *rapid.T, s State, e domain.Event) {
	if c, ok := e.(StateChanged); ok {
		if c.From != s.State || !slices.Contains(steps[c.From], c.To) {
			t.Fatalf("the tree, %s, moved from %s to %s", s.State, c.From, c.To)
		}
	}
}

func checkTree(t *rapid.T, p *play) {
	if rest, err := Decide(p.s, Settle{}, p.context()); len(rest) > 0 || err != nil {
		t.Fatalf("a condition still held: %s, %v", types(rest), err)
	}
	for _, m := range p.s.Messages {
		if m.Parent >= 0 && p.s.Messages[m.Parent].Deleted() && !m.Deleted() {
			t.Fatalf("%s is not deleted, its parent is", m.ID)
		}
		if n, penalty := p.s.reviews(m); p.s.reviewableNow() && n >= p.p.NumReviews(m.Parent < 0) && m.Result == Undecided && n > 0 {
			t.Fatalf("in %s, %s has %d reviews (%s) and no result", p.s.State, m.ID, n, penalty)
		}
	}
	w := p.s.Work(&p.p)
	if len(w.Slots) > 0 && !w.State.Active() {
		t.Fatalf("a tree that is %s offers %v", w.State, w.Slots)
	}
	for _, slot := range w.Slots {
		m := p.s.Message(slot.Message)
		if slot.Places < 1 || m.Deleted() || slot.Kind.IsLabel() && !slices.Contains(slot.Barred, m.Author) {
			t.Fatalf("slot %+v", slot)
		}
		if slot.Kind.IsReply() && (m.Depth >= p.s.Limits.MaxDepth || m.Result != Accepted) {
			t.Fatalf("slot %+v on %+v", slot, m)
		}
	}
	if w.State == domain.Ranking && len(w.Slots) == 0 {
		t.Fatalf("the tree is stuck in ranking")
	}
}

func (s *State) reviewableNow() bool {
	return s.State == domain.InitialPromptReview || s.State == domain.Growing
}
