package tree

import (
	"slices"

	"dendro/domain"
)

func (d *decision) reasoned(reason string) error {
	if len(reason) > MaxReason {
		return domain.Refuse(domain.Invalid, "the reason is longer than %d bytes; shorten it", MaxReason)
	}
	return nil
}

// hide deletes the message at i with everything below it, in one deletion.
func (d *decision) hide(i int, reason, rule string) {
	top := d.s.Messages[i].ID
	var taken []domain.MessageID
	for _, j := range d.s.below(i) {
		if m := d.s.Messages[j]; !m.Deleted() {
			taken = append(taken, m.ID)
		}
	}
	if len(taken) == 0 {
		return
	}
	d.emit(MessageDeleted{Deletion: deletionOf(d.ctx.Command, top), Message: top, Messages: taken, Reason: reason, Rule: rule})
}

func (d *decision) delete(c Delete) error {
	i, m, err := d.message(c.Message)
	if err != nil {
		return err
	}
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	if !m.Deleted() {
		d.hide(i, c.Reason, "")
	}
	return nil
}

func (d *decision) deleteAuthored(c DeleteAuthored) error {
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	for i, m := range d.s.Messages {
		switch {
		case m.Author != c.Author, d.s.Messages[i].Deleted(), c.KeepPrompts && m.Parent < 0,
			!c.From.IsZero() && m.Created.Before(c.From), !c.To.IsZero() && m.Created.After(c.To):
			continue
		}
		d.hide(i, c.Reason, "")
	}
	return nil
}

// restore brings back exactly what one deletion took, up and down.
func (d *decision) restore(c Restore) error {
	_, m, err := d.message(c.Message)
	if err != nil {
		return err
	}
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	if !m.Deleted() {
		return nil
	}
	back, blocked := d.back(m.Deletion, c.Reason)
	if blocked != nil {
		return domain.Refuse(domain.Conflict, "message %s above it was deleted by itself; restore that one first", blocked.ID)
	}
	d.emit(back)
	return nil
}

// back gives what restores a deletion, and the message above that is in the way,
// if there is one.
func (d *decision) back(deletion domain.DeletionID, reason string) (back MessageRestored, blocked *Message) {
	back = MessageRestored{Deletion: deletion, Reason: reason}
	for _, o := range d.s.Messages {
		if o.Deletion != deletion {
			continue
		}
		if back.Message.IsZero() {
			back.Message = o.ID
		}
		if p := o.Parent; p >= 0 && d.s.Messages[p].Deleted() && d.s.Messages[p].Deletion != o.Deletion {
			return back, d.s.Messages[p]
		}
		back.Messages = append(back.Messages, o.ID)
	}
	return back, nil
}

// restoreAuthored goes from parents to children: what one restoration brings
// back, others may hang from.
func (d *decision) restoreAuthored(c RestoreAuthored) error {
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	for i := range d.s.Messages {
		m := d.s.Messages[i]
		if !m.Deleted() || m.Deletion != deletionOf(c.Command, m.ID) {
			continue
		}
		if back, blocked := d.back(m.Deletion, c.Reason); blocked == nil {
			d.emit(back)
		}
	}
	if d.s.emptiedBy(c.Command) && !d.s.Root().Deleted() {
		return d.resume(Resume{Reason: c.Reason})
	}
	return nil
}

// emptiedBy reports whether the tree is halted because a command deleted what was
// left of it.
func (s *State) emptiedBy(c domain.CommandID) bool {
	return !s.Emptied.IsZero() && slices.ContainsFunc(s.Messages, func(m *Message) bool { return s.Emptied == deletionOf(c, m.ID) })
}

// allDeleted is the rule by which a tree comes to a halt of which nothing is
// left.
const allDeleted = "all_deleted"

// deletionOf is the deletion of a message, with what is below it, by a command.
func deletionOf(c domain.CommandID, top domain.MessageID) domain.DeletionID {
	return domain.DeletionID(domain.Derive(c, "deletion/"+top.String(), 0))
}

// edit replaces the text. While the tree can be reviewed the message is
// reviewed anew; later the moderator who edits answers for it.
func (d *decision) edit(c Edit) error {
	_, m, err := d.message(c.Message)
	if err != nil {
		return err
	}
	if err := d.textFits(c.Text); err != nil {
		return err
	}
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	if m.Text == DigestOf(c.Text) {
		return nil
	}
	d.emit(MessageEdited{Message: m.ID, Text: c.Text, Revision: m.Revision + 1, Reason: c.Reason})
	d.judgeAgain(m.ID)
	return nil
}

func (d *decision) resolveReport(c ResolveReport) error {
	_, m, err := d.message(c.Message)
	if err != nil {
		return err
	}
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	if m.Reported {
		d.emit(ReportResolved{Message: m.ID, Reason: c.Reason})
	}
	return nil
}

func (d *decision) planted() error {
	if d.s.Root() == nil {
		return domain.Refuse(domain.UnknownTree, "there is no such tree")
	}
	return nil
}

func (d *decision) halt(c Halt) error {
	if err := d.planted(); err != nil {
		return err
	}
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	if d.s.State != domain.HaltedByModerator {
		d.emit(StateChanged{From: d.s.State, To: domain.HaltedByModerator, Reason: c.Reason})
	}
	return nil
}

func (d *decision) haltPrompt(c HaltPrompt) error {
	root := d.s.Root()
	if root == nil || root.Author != c.Author {
		return nil
	}
	switch d.s.State {
	case domain.InitialPromptReview, domain.PromptLotteryWaiting:
		d.emit(StateChanged{From: d.s.State, To: domain.HaltedByModerator, Reason: c.Reason, Rule: "contributor_disabled"})
	}
	return nil
}

func (d *decision) resume(c Resume) error {
	if err := d.planted(); err != nil {
		return err
	}
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	switch d.s.State {
	case domain.HaltedByModerator, domain.AbortedLowGrade:
	case domain.ScoringFailed:
		return domain.Refuse(domain.Conflict, "the tree's scoring failed; try the scoring again instead")
	default:
		return nil // it goes on already
	}
	to := domain.InitialPromptReview
	switch {
	case d.s.ImportedAs != "":
		to = d.s.ImportedAs
	case d.s.Won:
		to = domain.Growing
	}
	d.emit(StateChanged{From: d.s.State, To: to, Reason: c.Reason})
	return nil
}

func (d *decision) win() error {
	if d.s.Won {
		return nil
	}
	if d.s.State != domain.PromptLotteryWaiting {
		return domain.Refuse(domain.Conflict, "the tree is %s and takes no part in the lottery", d.s.State)
	}
	d.emit(LotteryWon{})
	d.move(domain.Growing, "it won the lottery", "lottery")
	return nil
}

func (d *decision) activate(c Activate) error {
	if d.s.State != domain.BacklogRanking {
		return nil
	}
	for i := range d.s.Messages {
		if d.missingRankings(i) > 0 {
			d.move(domain.Ranking, c.Reason, "backlog")
			return nil
		}
	}
	d.move(domain.AbortedLowGrade, "it has nothing to rank", "backlog")
	return nil
}

func (d *decision) recordScores(c RecordScores) error {
	_, m, err := d.message(c.Message)
	if err != nil {
		return err
	}
	if m.Scores != digestScores(c.Model, c.Scores) {
		d.emit(MessageScored{Message: m.ID, Model: c.Model, Scores: c.Scores})
	}
	return nil
}

func (d *decision) discount(c Discount) error {
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	if d.s.discounted(c.Contributor) || !d.voted(c.Contributor) {
		return nil
	}
	d.emit(VotesDiscounted(c))
	d.judgeVotes(c.Contributor)
	return nil
}

func (d *decision) reinstate(c Reinstate) error {
	if err := d.reasoned(c.Reason); err != nil {
		return err
	}
	if !d.s.discounted(c.Contributor) {
		return nil
	}
	d.emit(VotesReinstated(c))
	d.judgeVotes(c.Contributor)
	return nil
}

func (d *decision) voted(by domain.ContributorID) bool {
	return slices.ContainsFunc(d.s.Messages, func(m *Message) bool { return m.reviewedBy(by) || m.rankedBy(by) })
}

func (m *Message) reviewedBy(by domain.ContributorID) bool {
	return slices.ContainsFunc(m.Reviews, func(r Review) bool { return r.By == by && !r.Stale })
}

func (m *Message) rankedBy(by domain.ContributorID) bool {
	return slices.ContainsFunc(m.Votes, func(v Vote) bool { return v.By == by })
}

// judgeVotes tests again what rested on the contributor's votes.
func (d *decision) judgeVotes(by domain.ContributorID) {
	for _, m := range d.s.Messages {
		if m.reviewedBy(by) {
			d.judgeAgain(m.ID)
		}
	}
	for _, m := range d.s.Messages {
		if d.s.State == domain.ReadyForExport && m.rankedBy(by) {
			d.mergeAgain(m.ID)
		}
	}
}
