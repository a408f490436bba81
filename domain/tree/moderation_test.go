package tree

import (
	"slices"
	"testing"

	"dendro/domain"
)

// A restoration brings back exactly what that deletion took.
func TestDeleteAndRestore(t *testing.T) {
	p, root := growing(t, 9)
	a := p.reply(root, person(2))
	p.accept(a)
	b := p.reply(a, person(3))
	p.accept(b)
	c := p.reply(b, person(4))
	p.do(Delete{Message: c, Reason: "by itself"})
	p.do(Delete{Message: a, Reason: "with what is below"})
	if e := p.last[0].(MessageDeleted); !slices.Equal(e.Messages, []domain.MessageID{a, b}) {
		t.Errorf("the deletion took %v, want a and b", e.Messages)
	}
	p.refused(Restore{Message: c}, domain.Conflict)
	p.do(Restore{Message: b}) // up and down
	if p.s.Message(a).Deleted() || p.s.Message(b).Deleted() || !p.s.Message(c).Deleted() {
		t.Error("restored otherwise than a and b")
	}
	p.do(Restore{Message: c})
	if p.s.Message(c).Deleted() {
		t.Error("c is not back")
	}
}

func TestBornDeleted(t *testing.T) {
	p, root := growing(t, 9)
	a := p.reply(root, person(2))
	p.accept(a)
	task := p.task(domain.TaskPrompterReply, person(3), a)
	p.do(Delete{Message: a})
	p.do(p.text(task, person(3)))
	p.expect("message.posted message.deleted ")
	p.do(Restore{Message: a})
	if p.s.Messages[2].Deleted() {
		t.Error("what was born deleted did not come back with its parent")
	}
}

// The last open message decided or deleted, the tree moves on (better: after
// every event).
func TestDeletionSettles(t *testing.T) {
	p, root := growing(t, 3)
	a, b, c := p.reply(root, person(2)), p.reply(root, person(3)), p.reply(root, person(4))
	p.accept(a)
	p.accept(b)
	p.state(domain.Growing)
	p.do(Delete{Message: c})
	p.expect("message.deleted tree.state_changed ")
	p.state(domain.Ranking)
	p.do(Delete{Message: b})
	p.state(domain.ReadyForExport)

	p, root = growing(t, 3)
	p.do(Delete{Message: root})
	p.state(domain.HaltedByModerator)
}

func TestRedFlags(t *testing.T) {
	p, root := growing(t, 9)
	a := p.reply(root, person(2))
	p.accept(a)
	b := p.reply(a, person(3))
	for i := range 4 {
		p.do(React{Message: a, By: person(31 + i), Emoji: domain.EmojiRedFlag, Op: EmojiAdd})
	}
	p.expect("emoji.added message.reported message.deleted ")
	if e := p.last[2].(MessageDeleted); e.Rule != "auto_mod_red_flags" || len(e.Messages) != 2 {
		t.Errorf("%+v", e)
	}
	p.do(Restore{Message: b})
	if p.s.Message(a).Deleted() {
		t.Error("a restored message was deleted again by its old flags")
	}
	for i := range 4 {
		p.do(React{Message: root, By: person(31 + i), Emoji: domain.EmojiRedFlag, Op: EmojiAdd})
	}
	p.state(domain.AbortedLowGrade)
	p.do(Resume{})
	p.state(domain.Growing)
}

func TestSkippedTooOften(t *testing.T) {
	p, root := growing(t, 9)
	p.p.AutoModMaxSkipReply = 3
	for i := range 3 {
		id := p.task(domain.TaskAssistantReply, person(31+i), root)
		p.do(Decline{Task: id, Reason: "too hard"})
	}
	p.expect("task.declined emoji.added tree.state_changed ")
	p.state(domain.HaltedByModerator)
}

func TestHaltAndResume(t *testing.T) {
	p := newPlay(t)
	root := p.prompt()
	p.do(Halt{Reason: "to look at"})
	p.do(Halt{Reason: "again"})
	p.expect("")
	p.do(Resume{})
	p.state(domain.InitialPromptReview)
	p.accept(root)
	p.state(domain.PromptLotteryWaiting)
	p.do(Resume{})
	p.expect("") // a waiting prompt stays waiting
	p.do(Halt{})
	p.do(Resume{}) // to review, and there every condition is tested again
	p.state(domain.PromptLotteryWaiting)
	p.do(Win{})
	p.do(Halt{})
	p.do(Resume{})
	p.state(domain.Growing)
}

// Reviews of the old text do not decide the new one.
func TestEdit(t *testing.T) {
	p, root := growing(t, 3)
	a := p.reply(root, person(2))
	p.accept(a)
	p.do(Edit{Message: a, Text: "another text"})
	p.expect("message.edited message.reopened ")
	p.do(Edit{Message: a, Text: "another text"})
	p.expect("")
	if w := p.s.Work(&p.p); !slices.ContainsFunc(w.Slots, func(s domain.Slot) bool {
		return s.Message == a && s.Kind == domain.TaskLabelAssistantReply && s.Places == 3 && slices.Contains(s.Barred, person(51))
	}) {
		t.Errorf("the edited reply is not to be reviewed by others: %+v", w.Slots)
	}
	p.do(Edit{Message: root, Text: "another prompt"})
	p.state(domain.InitialPromptReview)
	for i := range 3 {
		p.review(root, person(81+i), "0", "")
	}
	p.state(domain.Growing) // it had won the lottery
}

// Later the editor answers for the text: no tree loses its prompt by a typo.
func TestLateEdit(t *testing.T) {
	p, root := growing(t, 2)
	p.accept(p.reply(root, person(2)))
	p.state(domain.ReadyForExport)
	p.do(Edit{Message: root, Text: "another prompt"})
	p.expect("message.edited ")
	if p.s.Root().Result != Accepted {
		t.Error("the prompt lost its acceptance")
	}
}

// Decisions that rested on a troll's votes are tested again.
func TestDiscount(t *testing.T) {
	p, root := growing(t, 4)
	a, b, c := p.reply(root, person(2)), p.reply(root, person(3)), p.reply(root, person(4))
	p.review(a, person(51), "1", "")
	p.review(a, person(99), "1", "")
	p.review(a, person(52), "0", "")
	p.do(Discount{Contributor: person(99), Reason: "troll"})
	p.expect("votes.discounted message.reopened ")
	p.do(Discount{Contributor: person(99), Reason: "troll"})
	p.expect("")
	p.review(a, person(53), "0", "")
	if p.s.Message(a).Result != Accepted {
		t.Fatal("2 of 3 find it good, and it is not accepted")
	}
	p.accept(b)
	p.accept(c)
	p.state(domain.Ranking)
	p.rank(root, person(98), c, b, a)
	p.rank(root, person(61), a, b, c)
	p.rank(root, person(62), c, b, a)
	p.state(domain.ReadyForExport)
	p.do(Discount{Contributor: person(98)})
	p.do(Discount{Contributor: person(62)})
	p.expect("votes.discounted replies.ranked ")
	if p.s.Message(a).Rank != 0 {
		t.Error("without the troll's vote a is first")
	}
	p.do(Reinstate{Contributor: person(98)})
	p.do(Reinstate{Contributor: person(62)})
	if p.s.Message(c).Rank != 0 {
		t.Error("with the votes back c is first again")
	}
}

// In the queue again when flagged again.
func TestReports(t *testing.T) {
	p, root := growing(t, 9)
	p.do(SetLabels{Message: root, By: person(7), Report: true, Reason: "rude", Labels: labels("1", "")})
	p.expect("labels.submitted emoji.added message.reported ")
	p.do(SetLabels{Message: root, By: person(7), Report: true, Reason: "rude", Labels: labels("1", "")})
	p.expect("")
	p.do(ResolveReport{Message: root, Reason: "harmless"})
	p.do(ResolveReport{Message: root, Reason: "harmless"})
	p.expect("")
	p.do(React{Message: root, By: person(8), Emoji: domain.EmojiRedFlag, Op: EmojiToggle})
	if !p.s.Root().Reported {
		t.Error("a new flag does not put it into the queue again")
	}
}

func TestBacklog(t *testing.T) {
	im := func(n byte, parent byte, role domain.Role, by int) ImportedMessage {
		m := ImportedMessage{Message: domain.MessageID{15: n}, Role: role, Contributor: person(by), Text: "t", Language: "en", Created: now, Result: Accepted}
		if parent > 0 {
			m.Parent = domain.MessageID{15: parent}
		}
		return m
	}
	tree := Imported{Language: "en", State: domain.BacklogRanking, Messages: []ImportedMessage{
		im(1, 0, domain.Prompter, 1), im(2, 1, domain.Assistant, 2), im(3, 1, domain.Assistant, 3),
	}}
	p := newPlay(t)
	p.do(Import{Tree: tree})
	p.do(Import{Tree: tree})
	p.expect("")
	p.do(Activate{Reason: "tree_ended"})
	p.state(domain.Ranking)
	for i := range 3 {
		p.rank(domain.MessageID{15: 1}, person(61+i), domain.MessageID{15: 3}, domain.MessageID{15: 2})
	}
	p.state(domain.ReadyForExport)

	alone := tree
	alone.Messages = tree.Messages[:2]
	p = newPlay(t)
	p.do(Import{Tree: alone})
	p.do(Activate{})
	p.state(domain.AbortedLowGrade)

	for _, bad := range []func(*Imported){
		func(i *Imported) { i.State = domain.Growing },
		func(i *Imported) { i.Messages = nil },
		func(i *Imported) { i.Messages[1].Role = domain.Prompter },
		func(i *Imported) { i.Messages[2].Parent = domain.MessageID{15: 9} },
		func(i *Imported) { i.Messages[2].Message = i.Messages[1].Message },
	} {
		broken := tree
		broken.Messages = slices.Clone(tree.Messages)
		bad(&broken)
		newPlay(t).refused(Import{Tree: broken}, domain.Invalid)
	}
}

// More replies than ranked pairs takes make the scoring fail, openly.
func TestScoringFails(t *testing.T) {
	big := Imported{Language: "en", State: domain.BacklogRanking, Messages: []ImportedMessage{
		{Message: domain.MessageID{1}, Role: domain.Prompter, Contributor: person(1), Text: "t", Created: now, Result: Accepted},
	}}
	for i := range 70 {
		big.Messages = append(big.Messages, ImportedMessage{
			Message: domain.MessageID{2, byte(i)}, Parent: domain.MessageID{1}, Role: domain.Assistant,
			Contributor: person(2), Text: "t", Created: now, Result: Accepted,
		})
	}
	p := newPlay(t)
	p.do(Import{Tree: big})
	p.do(Activate{})
	for i := range 3 {
		id := p.task(domain.TaskRankAssistant, person(61+i), domain.MessageID{1})
		p.do(SubmitRanking{Task: id, By: person(61 + i), NotRankable: true})
	}
	p.state(domain.ScoringFailed)
	p.refused(RetryScoring{}, domain.Conflict)
	for i := range 10 {
		p.do(Delete{Message: domain.MessageID{2, byte(i)}})
	}
	p.do(RetryScoring{})
	p.state(domain.ReadyForExport)
}

func TestCollective(t *testing.T) {
	p, root := growing(t, 9)
	id := domain.TaskID{0: 0x7a, 1: 7}
	p.do(Assign{Task: id, Kind: domain.TaskAssistantReply, Contributor: person(2), Message: root, Collective: true})
	p.do(Acknowledge{Task: id, FrontendID: "f"})
	for i := range 3 {
		p.do(p.text(id, person(2+i)))
		p.expect("message.posted ")
	}
	p.do(p.text(id, person(3)))
	p.expect("")
	p.do(Close{Task: id})
	p.refused(p.text(id, person(8)), domain.TaskDone)
}

// A reversal lets a tree go on only if its own deletion left nothing of it.
func TestRestoreAuthored(t *testing.T) {
	author := person(1)
	purge := func(p *play) domain.CommandID {
		p.do(DeleteAuthored{Author: author})
		return domain.CommandID{14: byte(p.n >> 8), 15: byte(p.n)}
	}
	p, root := growing(t, 9)
	p.reply(root, person(2))
	act := purge(p)
	p.state(domain.HaltedByModerator)
	p.do(RestoreAuthored{Command: domain.CommandID{1}})
	p.expect("")
	p.do(RestoreAuthored{Command: act})
	p.expect("message.restored tree.state_changed ")
	p.state(domain.Growing)
	p.do(RestoreAuthored{Command: act})
	p.expect("")

	p.do(Delete{Message: root}) // by a moderator, who restores it but leaves the tree halted
	p.do(Restore{Message: root})
	p.state(domain.HaltedByModerator)
	act = purge(p)
	p.do(RestoreAuthored{Command: act})
	p.expect("message.restored ")
	p.state(domain.HaltedByModerator)

	p.do(Resume{})
	act = purge(p)
	p.do(Restore{Message: root}) // somebody was faster
	p.do(RestoreAuthored{Command: act})
	p.expect("tree.state_changed ")
	p.state(domain.Growing)

	act = purge(p)
	p.do(Restore{Message: root})
	p.do(Resume{})
	p.do(Halt{Reason: "for another reason"})
	p.do(RestoreAuthored{Command: act})
	p.expect("")
	p.state(domain.HaltedByModerator)
}
