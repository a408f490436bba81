package tree

import (
	"slices"
	"strings"
	"unicode/utf8"

	"dendro/domain"
)

func (d *decision) submitText(c SubmitText) error {
	t, again, err := d.open(c.Task, c.Client, c.By, digestText(c.FrontendID, c.Text), domain.TaskKind.IsText)
	if err != nil || again {
		return err
	}
	if err := d.textFits(c.Text); err != nil {
		return err
	}
	switch {
	case c.FrontendID == "" || len(c.FrontendID) > MaxFrontendID:
		return domain.Refuse(domain.BadFrontendID, "the frontend's message id must have 1 to %d bytes", MaxFrontendID)
	case c.Duplicate:
		return domain.Refuse(domain.TextDuplicate, "you handed in the same text a short while ago; write another")
	case c.Synthetic != (c.Model != ""):
		return domain.Refuse(domain.Invalid, "a synthetic message names its model, and no other does")
	}
	e := MessagePosted{
		Parent: t.Message, Task: t.Task, Contributor: c.By, Client: c.Client, Text: c.Text, Language: c.Language,
		FrontendID: c.FrontendID, Synthetic: c.Synthetic, Model: c.Model, Terms: c.Terms,
	}
	if e.Language == "" {
		e.Language = t.Language
	}
	if t.Kind == domain.TaskInitialPrompt {
		return d.plant(t, e)
	}
	return d.reply(e)
}

func (d *decision) textFits(text string) error {
	limit := d.ctx.Policy.MessageSizeLimit
	switch {
	case !utf8.ValidString(text):
		return domain.Refuse(domain.Invalid, "the text is not valid UTF-8")
	case strings.TrimSpace(text) == "":
		return domain.Refuse(domain.TextEmpty, "the text is empty; write something")
	case utf8.RuneCountInString(text) > limit:
		return domain.Refuse(domain.TextTooLong, "the text has %d characters; %d are allowed", utf8.RuneCountInString(text), limit)
	}
	return nil
}

// plant opens the tree with its prompt; the root has the id of its task.
func (d *decision) plant(t *Task, e MessagePosted) error {
	if d.s.Root() != nil {
		return domain.Refuse(domain.Conflict, "the tree has its prompt already")
	}
	if e.Language != t.Language {
		return domain.Refuse(domain.UnknownLanguage, "the task was for a prompt in %q, not in %q; ask for a task in that language", t.Language, e.Language)
	}
	p := d.ctx.Policy
	limits := Limits{Goal: p.GoalTreeSize, MaxDepth: p.MaxTreeDepth, MaxChildren: p.MaxChildrenCount, PrompterReplies: p.NumPrompterReplies}
	if p.RandomGoalTreeSize {
		limits.Goal = p.MinGoalTreeSize + d.ctx.Dice.Below(p.GoalTreeSize-p.MinGoalTreeSize+1)
	}
	d.emit(Opened{Language: t.Language, Limits: limits})
	e.Message, e.Role = domain.MessageID(t.Task), domain.Prompter
	d.emit(e)
	return nil
}

// reply adds a reply, also to a tree that has moved on meanwhile: nobody's
// work is thrown away.
func (d *decision) reply(e MessagePosted) error {
	i, parent, err := d.message(e.Parent)
	if err != nil {
		return err
	}
	switch d.s.State {
	case domain.Growing, domain.Ranking, domain.ReadyForScoring, domain.ReadyForExport:
	default:
		return domain.Refuse(domain.TreeClosed, "the conversation takes no more replies: it is %s; ask for a new task", d.s.State)
	}
	for _, m := range d.s.Messages[i+1:] {
		if m.Parent == i && m.Author == e.Contributor {
			return domain.Refuse(domain.SecondReply, "you replied to this message before; ask for a new task")
		}
	}
	e.Message, e.Role = domain.MessageID(domain.Derive(d.ctx.Command, "message", 0)), parent.Role.Other()
	d.emit(e)
	if parent.Deleted() {
		d.emit(MessageDeleted{
			Deletion: parent.Deletion, Message: e.Message, Messages: []domain.MessageID{e.Message},
			Reason: "its parent is deleted", Rule: "born_deleted",
		})
	}
	return nil
}

func (d *decision) submitLabels(c SubmitLabels) error {
	labels := canonical(c.Labels)
	t, again, err := d.open(c.Task, c.Client, c.By, digestLabels(labels), domain.TaskKind.IsLabel)
	if err != nil || again {
		return err
	}
	if c.Message != t.Message {
		return domain.Refuse(domain.LabelsOfOther, "the task asks for labels of message %s, not of %s", t.Message, c.Message)
	}
	_, m, err := d.message(t.Message)
	if err != nil {
		return err
	}
	if m.Author == c.By || slices.ContainsFunc(m.Reviews, func(r Review) bool { return r.By == c.By }) {
		return domain.Refuse(domain.LabelsRepeated, "nobody reviews an own message, or one message twice; ask for a new task")
	}
	if err := checkLabels(labels, t.Labels); err != nil {
		return err
	}
	for _, name := range t.Mandatory {
		if !slices.ContainsFunc(labels, func(l LabelValue) bool { return l.Label == name }) {
			return domain.Refuse(domain.LabelMissing, "the label %q is missing; the task asks for it", name)
		}
	}
	d.emit(LabelsSubmitted{Message: m.ID, Task: t.Task, Contributor: c.By, Client: c.Client, Labels: labels, Terms: c.Terms})
	d.review(m.ID)
	return nil
}

// canonical sorts labels into their order in domain.Labels; unknown ones last.
func canonical(labels []LabelValue) []LabelValue {
	place := func(l LabelValue) int {
		if i := l.Label.Index(); i >= 0 {
			return i
		}
		return len(domain.Labels)
	}
	out := slices.Clone(labels)
	slices.SortStableFunc(out, func(a, b LabelValue) int { return place(a) - place(b) })
	return out
}

func checkLabels(labels []LabelValue, allowed []domain.Label) error {
	for i, l := range labels {
		switch {
		case !slices.Contains(allowed, l.Label):
			return domain.Refuse(domain.LabelNotAllowed, "the label %q is not asked for here", l.Label)
		case i > 0 && labels[i-1].Label == l.Label:
			return domain.Refuse(domain.LabelNotAllowed, "the label %q is given twice", l.Label)
		case !l.Value.Within01():
			return domain.Refuse(domain.LabelNotAllowed, "the label %q has the value %s; give a number from 0 to 1", l.Label, l.Value)
		}
	}
	return nil
}

func (d *decision) submitRanking(c SubmitRanking) error {
	shown := d.s.Task(c.Task)
	if shown == nil {
		shown = &Task{}
	}
	order, bad := arranged(shown.Replies, c.Order, c.NotRankable)
	t, again, err := d.open(c.Task, c.Client, c.By, digestRanking(order, c.NotRankable), domain.TaskKind.IsRank)
	if err != nil || again {
		return err
	}
	if bad {
		return domain.Refuse(domain.BadRanking, "give each of the %d replies exactly once, by its index from 0", len(t.Replies))
	}
	i, parent, err := d.message(t.Message)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(parent.Votes, func(v Vote) bool { return v.By == c.By }) {
		return domain.Refuse(domain.BadRanking, "you ranked these replies before; ask for a new task")
	}
	for _, m := range d.s.Messages {
		if m.Parent == i && m.Author == c.By && slices.Contains(t.Replies, m.ID) {
			return domain.Refuse(domain.BadRanking, "nobody ranks an own reply; ask for a new task")
		}
	}
	d.emit(RankingSubmitted{
		Parent: parent.ID, Task: t.Task, Contributor: c.By, Client: c.Client,
		Order: order, NotRankable: c.NotRankable, Terms: c.Terms,
	})
	if d.s.State == domain.ReadyForExport {
		d.mergeAgain(parent.ID)
	}
	return nil
}

// arranged turns indexes into the replies that they stand for; a verdict of
// "not rankable" may leave them out. bad: not each index exactly once.
func arranged(replies []domain.MessageID, order []int, notRankable bool) (ids []domain.MessageID, bad bool) {
	if notRankable && len(order) == 0 {
		return replies, false
	}
	if len(order) != len(replies) {
		return nil, true
	}
	seen := make([]bool, len(replies))
	for _, i := range order {
		if i < 0 || i >= len(replies) || seen[i] {
			return nil, true
		}
		seen[i] = true
		ids = append(ids, replies[i])
	}
	return ids, false
}

func (d *decision) setLabels(c SetLabels) error {
	_, m, err := d.message(c.Message)
	if err != nil {
		return err
	}
	labels := canonical(c.Labels)
	switch err := checkLabels(labels, domain.LabelsFree()); {
	case err != nil:
		return err
	case len(c.Reason) > MaxReason:
		return domain.Refuse(domain.Invalid, "the reason is longer than %d bytes; shorten it", MaxReason)
	case len(labels) == 0 && !c.Report:
		return domain.Refuse(domain.LabelMissing, "no labels are given")
	}
	if len(labels) > 0 && !slices.Contains(m.Free, FreeLabels{By: c.By, Digest: digestLabels(labels)}) {
		d.emit(LabelsSubmitted{Message: m.ID, Contributor: c.By, Client: c.Client, Labels: labels, Terms: c.Terms})
	}
	if c.Report {
		d.report(m.ID, c.By, c.Reason)
	}
	return nil
}

// report raises the red flag, once per contributor.
func (d *decision) report(id domain.MessageID, by domain.ContributorID, reason string) {
	if d.s.Message(id).Has(by, domain.EmojiRedFlag) {
		return
	}
	d.emit(EmojiAdded{Message: id, Contributor: by, Emoji: domain.EmojiRedFlag})
	d.emit(MessageReported{Message: id, Contributor: by, Reason: reason})
	d.autoModerate(id, domain.EmojiRedFlag)
}

// Has reports whether the contributor's emoji is on the message.
func (m *Message) Has(by domain.ContributorID, emoji domain.Emoji) bool {
	for _, r := range m.Reactions {
		if r.By == by {
			return r.Now>>emoji.Index()&1 == 1
		}
	}
	return false
}

func (d *decision) react(c React) error {
	_, m, err := d.message(c.Message)
	if err != nil {
		return err
	}
	if c.Emoji.Index() < 0 {
		return domain.Refuse(domain.BadEmoji, "there is no emoji %q", c.Emoji)
	}
	has := m.Has(c.By, c.Emoji)
	switch c.Op {
	case EmojiAdd, EmojiRemove, EmojiToggle:
	default:
		return domain.Refuse(domain.BadEmoji, "an emoji is to be added, removed or toggled, not %q", c.Op)
	}
	switch adding := c.Op == EmojiAdd || c.Op == EmojiToggle && !has; {
	case adding && c.Emoji == domain.EmojiRedFlag:
		d.report(m.ID, c.By, "")
	case adding:
		d.addEmoji(m.ID, c.By, c.Emoji)
	case has:
		d.emit(EmojiRemoved{Message: m.ID, Contributor: c.By, Emoji: c.Emoji})
	}
	return nil
}

var opposite = map[domain.Emoji]domain.Emoji{domain.EmojiUp: domain.EmojiDown, domain.EmojiDown: domain.EmojiUp}

// addEmoji ignores what is there already and votes on one's own message.
func (d *decision) addEmoji(id domain.MessageID, by domain.ContributorID, emoji domain.Emoji) {
	m := d.s.Message(id)
	other, vote := opposite[emoji]
	if m == nil || m.Has(by, emoji) || vote && m.Author == by {
		return
	}
	if vote && m.Has(by, other) {
		d.emit(EmojiRemoved{Message: id, Contributor: by, Emoji: other})
	}
	d.emit(EmojiAdded{Message: id, Contributor: by, Emoji: emoji})
	d.autoModerate(id, emoji)
}
