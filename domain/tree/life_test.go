package tree

import (
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
)

// From the prompt to the export, every state in its turn (spec: collection §4).
func TestLifeOfATree(t *testing.T) {
	p := newPlay(t)
	p.p.GoalTreeSize = 4
	root := p.prompt()
	p.expect("tree.opened message.posted ")
	p.state(domain.InitialPromptReview)
	p.review(root, person(51), "0", "")
	p.review(root, person(52), "0", "")
	p.state(domain.InitialPromptReview)
	p.review(root, person(53), "0", "")
	p.expect("labels.submitted message.accepted tree.state_changed ")
	p.state(domain.PromptLotteryWaiting)
	p.do(Win{})
	p.expect("lottery.won tree.state_changed ")
	a, b, c := p.reply(root, person(2)), p.reply(root, person(3)), p.reply(root, person(4))
	p.accept(a)
	p.accept(b)
	p.state(domain.Growing)
	p.accept(c)
	p.expect("labels.submitted message.accepted tree.state_changed ")
	p.state(domain.Ranking)
	p.rank(root, person(61), b, a, c)
	p.rank(root, person(62), b, c, a)
	p.state(domain.Ranking)
	p.rank(root, person(63), a, b, c)
	p.expect("ranking.submitted tree.state_changed replies.ranked tree.state_changed ")
	p.state(domain.ReadyForExport)
	if got := []int{p.s.Message(a).Rank, p.s.Message(b).Rank, p.s.Message(c).Rank}; got[0] != 1 || got[1] != 0 || got[2] != 2 {
		t.Errorf("ranks %v, want 1 0 2", got)
	}
}

// The score must be strictly above the threshold, in exact arithmetic.
func TestAcceptanceScore(t *testing.T) {
	for _, tc := range []struct {
		name   string
		each   [3][2]string // spam, lang_mismatch ("" = not given)
		result Result
	}{
		{"one of three says spam", [3][2]string{{"1", ""}, {"0", ""}, {"0", ""}}, Accepted},
		{"two of three say spam", [3][2]string{{"1", ""}, {"1", ""}, {"0", ""}}, Rejected},
		{"exactly 0.6", [3][2]string{{"0.4", ""}, {"0.4", ""}, {"0.4", ""}}, Rejected},
		{"a hair above 0.6", [3][2]string{{"0.4", ""}, {"0.4", ""}, {"0.39999999999999999", ""}}, Accepted},
		{"spam and another language add up", [3][2]string{{"1", ""}, {"0", "1"}, {"0", "0"}}, Rejected},
		{"a missing lang_mismatch is 0", [3][2]string{{"0", "1"}, {"0", ""}, {"0", ""}}, Accepted},
	} {
		p := newPlay(t)
		root := p.prompt()
		for i, e := range tc.each {
			p.review(root, person(51+i), e[0], e[1])
		}
		if got := p.s.Root().Result; got != tc.result {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.result)
		}
	}
}

func TestRejectedPromptAborts(t *testing.T) {
	p := newPlay(t)
	root := p.prompt()
	for i := range 3 {
		p.review(root, person(51+i), "1", "")
	}
	p.state(domain.AbortedLowGrade)
	p.refused(Resume{Reason: "again"}, domain.Conflict)
}

// A rejected reply may be accepted by reviews that were under way; what is
// accepted stays accepted.
func TestReviewsUnderWay(t *testing.T) {
	p, root := growing(t, 3)
	a, b := p.reply(root, person(2)), p.reply(root, person(3))
	late := p.task(domain.TaskLabelAssistantReply, person(71), a)
	later := p.task(domain.TaskLabelAssistantReply, person(72), a)
	for i, spam := range []string{"1", "1", "0"} {
		p.review(a, person(51+i), spam, "")
	}
	if p.s.Message(a).Result != Rejected {
		t.Fatal("not rejected")
	}
	p.do(SubmitLabels{Task: late, Message: a, By: person(71), Labels: labels("0", "")})
	p.do(SubmitLabels{Task: later, Message: a, By: person(72), Labels: labels("0", "")})
	p.expect("labels.submitted ")
	if p.s.Message(a).Result != Rejected {
		t.Fatal("3 of 5: 0.6 is not above 0.6")
	}
	accepted := p.task(domain.TaskLabelAssistantReply, person(73), b)
	p.accept(b)
	p.do(SubmitLabels{Task: accepted, Message: b, By: person(73), Labels: labels("1", "1")})
	if p.s.Message(b).Result != Accepted {
		t.Error("an accepted message was rejected by a later review")
	}
}

// Nobody's work is thrown away: replies to a tree that moved on are kept, and
// refused only where the tree is out of the running.
func TestLateReplies(t *testing.T) {
	p, root := growing(t, 3)
	late := p.task(domain.TaskAssistantReply, person(9), root)
	later := p.task(domain.TaskAssistantReply, person(10), root)
	a, b := p.reply(root, person(2)), p.reply(root, person(3))
	p.accept(a)
	p.accept(b)
	p.state(domain.Ranking)
	p.do(p.text(late, person(9)))
	p.state(domain.Ranking)
	if w := p.s.Work(&p.p); len(w.Slots) != 1 || w.Slots[0].Kind != domain.TaskRankAssistant {
		t.Errorf("a late reply is to be reviewed: %+v", w.Slots)
	}
	p.do(Halt{Reason: "enough"})
	p.refused(p.text(later, person(10)), domain.TreeClosed)
}

func TestNothingToRankIsReady(t *testing.T) {
	p, root := growing(t, 2)
	p.accept(p.reply(root, person(2)))
	p.state(domain.ReadyForExport)
}

// Every way in which a submission can be wrong has its own kind (spec §6).
func TestRefusals(t *testing.T) {
	p, root := growing(t, 3)
	mine := p.task(domain.TaskAssistantReply, person(2), root)
	good := p.text(mine, person(2))
	with := func(change func(*SubmitText)) SubmitText { c := good; change(&c); return c }
	p.refused(with(func(c *SubmitText) { c.Task = domain.TaskID{1} }), domain.UnknownTask)
	p.refused(with(func(c *SubmitText) { c.Client = domain.ClientID{1} }), domain.UnknownTask)
	p.refused(with(func(c *SubmitText) { c.By = person(3) }), domain.TaskOfOther)
	p.refused(with(func(c *SubmitText) { c.Text = " \n\t " }), domain.TextEmpty)
	p.refused(with(func(c *SubmitText) { c.Duplicate = true }), domain.TextDuplicate)
	p.refused(with(func(c *SubmitText) { c.FrontendID = "" }), domain.BadFrontendID)
	p.refused(with(func(c *SubmitText) { c.Text = long(2001) }), domain.TextTooLong)
	p.refused(SubmitRanking{Task: mine, By: person(2)}, domain.TaskOfOtherKind)
	p.refused(SubmitLabels{Task: mine, Message: root, By: person(2)}, domain.TaskOfOtherKind)
	p.refused(Acknowledge{Task: mine, FrontendID: "another"}, domain.TaskBoundOtherwise)
	p.refused(Close{Task: mine}, domain.TaskOfOther)
	p.do(with(func(c *SubmitText) { c.Text = long(2000) }))
	second := p.task(domain.TaskAssistantReply, person(2), root)
	p.refused(p.text(second, person(2)), domain.SecondReply)
	p.do(Decline{Task: second})
	p.refused(p.text(second, person(2)), domain.TaskDone)
	p.refused(Acknowledge{Task: second, FrontendID: "x"}, domain.TaskDone)

	unbound := domain.TaskID{0: 0x7a, 1: 1}
	p.do(Assign{Task: unbound, Kind: domain.TaskAssistantReply, Contributor: person(4), Message: root})
	p.refused(p.text(unbound, person(4)), domain.TaskNotAcknowledged)
	p.now = p.now.Add(p.p.TaskValidity)
	p.refused(Acknowledge{Task: unbound, FrontendID: "x"}, domain.TaskExpired)
	p.refused(p.text(unbound, person(4)), domain.TaskExpired)
}

func long(n int) string {
	b := make([]rune, n)
	for i := range b {
		b[i] = 'ß'
	}
	return string(b)
}

func TestLabelRefusals(t *testing.T) {
	p := newPlay(t)
	root := p.prompt()
	task := p.task(domain.TaskLabelInitialPrompt, person(51), root)
	with := func(l ...LabelValue) SubmitLabels {
		return SubmitLabels{Task: task, Message: root, By: person(51), Labels: l}
	}
	spam := LabelValue{domain.LabelSpam, decimal.Int(0)}
	p.refused(with(), domain.LabelMissing)
	p.refused(with(LabelValue{"helpfulness", decimal.Int(1)}, spam), domain.LabelNotAllowed)
	p.refused(with(LabelValue{"nonsense", decimal.Int(1)}, spam), domain.LabelNotAllowed)
	p.refused(with(spam, spam), domain.LabelNotAllowed)
	p.refused(with(LabelValue{domain.LabelSpam, decimal.MustParse("1.001")}), domain.LabelNotAllowed)
	other := with(spam)
	other.Message = domain.MessageID{1}
	p.refused(other, domain.LabelsOfOther)
	own := p.task(domain.TaskLabelInitialPrompt, person(1), root)
	p.refused(SubmitLabels{Task: own, Message: root, By: person(1), Labels: labels("0", "")}, domain.LabelsRepeated)
	p.do(with(spam))
	twice := p.task(domain.TaskLabelInitialPrompt, person(51), root)
	p.refused(SubmitLabels{Task: twice, Message: root, By: person(51), Labels: labels("1", "")}, domain.LabelsRepeated)
}

func TestRankingRefusals(t *testing.T) {
	p, root := growing(t, 3)
	a, b := p.reply(root, person(2)), p.reply(root, person(3))
	p.accept(a)
	p.accept(b)
	task := p.task(domain.TaskRankAssistant, person(61), root)
	for _, order := range [][]int{nil, {0}, {0, 0}, {0, 2}, {-1, 0}, {0, 1, 2}} {
		p.refused(SubmitRanking{Task: task, By: person(61), Order: order}, domain.BadRanking)
	}
	own := p.task(domain.TaskRankAssistant, person(2), root)
	p.refused(SubmitRanking{Task: own, By: person(2), Order: []int{0, 1}}, domain.BadRanking)
	p.do(SubmitRanking{Task: task, By: person(61), Order: []int{0, 1}})
	p.do(SubmitRanking{Task: task, By: person(61), Order: []int{0, 1}})
	p.expect("")
	p.refused(SubmitRanking{Task: task, By: person(61), Order: []int{1, 0}}, domain.TaskDone)
}

// "Not rankable" by the majority leaves the replies without rank (spec §9).
func TestNotRankable(t *testing.T) {
	p, root := growing(t, 3)
	a, b := p.reply(root, person(2)), p.reply(root, person(3))
	p.accept(a)
	p.accept(b)
	for i := range 2 {
		id := p.task(domain.TaskRankAssistant, person(61+i), root)
		p.do(SubmitRanking{Task: id, By: person(61 + i), NotRankable: true})
	}
	p.rank(root, person(63), b, a)
	p.state(domain.ReadyForExport)
	if p.s.Message(a).Rank != -1 || p.s.Message(b).Rank != -1 {
		t.Errorf("ranks %d, %d; want none", p.s.Message(a).Rank, p.s.Message(b).Rank)
	}
}

// A ranking that comes late is kept, and merged again in a new event.
func TestLateRanking(t *testing.T) {
	p, root := growing(t, 3)
	a, b := p.reply(root, person(2)), p.reply(root, person(3))
	p.accept(a)
	p.accept(b)
	late1, late2 := p.task(domain.TaskRankAssistant, person(71), root), p.task(domain.TaskRankAssistant, person(72), root)
	p.rank(root, person(61), a, b)
	p.rank(root, person(62), a, b)
	p.rank(root, person(63), b, a)
	p.state(domain.ReadyForExport)
	p.do(SubmitRanking{Task: late1, By: person(71), Order: p.indexes(late1, b, a)})
	p.expect("ranking.submitted replies.ranked ")
	p.do(SubmitRanking{Task: late2, By: person(72), Order: p.indexes(late2, b, a)})
	if p.s.Message(b).Rank != 0 {
		t.Error("3 of 5 put b first, and it is not")
	}
}

func TestExpiredTasksAreForgotten(t *testing.T) {
	p := newPlay(t)
	p.prompt()
	if kept := p.s.Forget(p.now.Add(p.p.TaskValidity - time.Hour)); len(kept.Tasks) != 1 {
		t.Error("a task was forgotten before its time")
	}
	if kept := p.s.Forget(p.now.Add(p.p.TaskValidity)); len(kept.Tasks) != 0 {
		t.Error("an expired task is kept")
	}
}

// Limits are the tree's own: a later policy does not reach it, but the number
// of reviews and rankings does, at once.
func TestPolicyChange(t *testing.T) {
	p, root := growing(t, 3)
	a, b := p.reply(root, person(2)), p.reply(root, person(3))
	for i := range 2 {
		p.review(a, person(51+i), "0", "")
		p.review(b, person(51+i), "0", "")
	}
	p.p.GoalTreeSize, p.p.NumReviewsReply, p.p.NumRequiredRankings = 12, 2, 1
	p.do(Settle{})
	p.expect("message.accepted message.accepted tree.state_changed ")
	p.state(domain.Ranking)
	p.rank(root, person(61), a, b)
	p.state(domain.ReadyForExport)
}
