package boardstest

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

var values = []decimal.Decimal{
	decimal.MustParse("0"), decimal.MustParse("0.25"), decimal.MustParse("0.5"), decimal.MustParse("0.75"), decimal.MustParse("1"),
	decimal.MustParse("0.4999999999"), decimal.MustParse("0.333333333333"),
}

// writer plays one tree.
type writer struct {
	*history
	root       domain.MessageID
	events     []domain.Event
	messages   []*message
	open       []assigned
	votes      []tree.RankingSubmitted
	deletions  []tree.MessageDeleted
	discounted []domain.ContributorID
	state      domain.TreeState
}

// assigned is a label task that waits to be done.
type assigned struct {
	tree.TaskAssigned
	of *message
}

type message struct {
	id, parent domain.MessageID
	role       domain.Role
	author     domain.ContributorID
	reviewers  []domain.ContributorID
	reactions  []tree.EmojiAdded
	result     tree.Result
	revision   int
	deleted    bool
}

func newWriter(h *history) *writer {
	w := &writer{history: h, root: newID[domain.MessageID](h)}
	if w.rare() {
		w.importTree()
	} else {
		w.add(tree.TaskAssigned{Task: domain.TaskID(w.root), Kind: domain.TaskInitialPrompt, Language: "en"})
		w.add(tree.Opened{Language: "en"})
		w.state = domain.InitialPromptReview
		w.post(w.root, nil)
	}
	for range 1 + h.Below(2*h.Steps) {
		if w.rare() {
			w.rareStep()
		} else {
			w.step()
		}
	}
	return w
}

func (w *writer) add(e domain.Event) { w.events = append(w.events, e) }

func (w *writer) pick() *message { return w.messages[w.Below(len(w.messages))] }

func (w *writer) step() {
	m := w.pick()
	if w.Chance(1, 3) {
		m = w.messages[0] // so that some message gets replies to rank
	}
	switch w.Weighted([]int{20, 35, 5, 12, 20, 8}) {
	case 0:
		w.post(newID[domain.MessageID](w.history), m)
	case 1:
		w.review(m)
	case 2:
		w.add(tree.LabelsSubmitted{Message: m.id, Contributor: w.person(), Labels: w.labels()})
	case 3:
		w.react(m)
	case 4:
		w.vote(m)
	case 5:
		w.merge(m.id)
	}
}

func (w *writer) rareStep() {
	m := w.pick()
	switch w.Below(9) {
	case 0:
		m.revision++
		w.add(tree.MessageEdited{Message: m.id, Text: "Better.", Revision: m.revision})
	case 1:
		w.delete(m)
	case 2, 3:
		w.restore()
	case 4:
		w.judge(m, tree.Result(w.Below(3)-1))
	case 5, 6:
		w.discount(w.person())
	case 7:
		w.move([]domain.TreeState{domain.AbortedLowGrade, domain.AbortedLowGrade, domain.Growing, domain.HaltedByModerator}[w.Below(4)])
	case 8:
		w.idleTask(m)
	}
}

func (w *writer) importTree() {
	w.state = domain.ReadyForExport
	e := tree.Imported{Language: "en", State: w.state, Origin: "elsewhere"}
	for i := range 1 + w.Below(4) {
		m := &message{id: w.root, role: domain.Prompter, author: w.person(), result: tree.Accepted}
		if i > 0 {
			m.id, m.parent, m.role = newID[domain.MessageID](w.history), w.root, domain.Assistant
		}
		w.messages = append(w.messages, m)
		e.Messages = append(e.Messages, tree.ImportedMessage{Message: m.id, Parent: m.parent, Contributor: m.author, Role: m.role, Result: m.result})
	}
	w.add(e)
}

func (w *writer) post(id domain.MessageID, parent *message) {
	m := &message{id: id, role: domain.Prompter, author: w.person()}
	if parent != nil {
		m.parent, m.role = parent.id, parent.role.Other()
	}
	w.messages = append(w.messages, m)
	w.add(tree.MessagePosted{Message: id, Parent: m.parent, Task: domain.TaskID(id), Contributor: m.author, Role: m.role, Language: "en"})
	if parent != nil && parent.deleted {
		w.delete(m)
	}
}

// review assigns a label task, and lets it or an earlier one be done; a
// collective one by some.
func (w *writer) review(m *message) {
	w.open = append(w.open, assigned{w.labelTask(m, Began.AddDate(10, 0, 0)), m})
	if w.Chance(1, 3) {
		return
	}
	i := w.Below(len(w.open))
	task, m := w.open[i].TaskAssigned, w.open[i].of
	w.open = slices.Delete(w.open, i, i+1)
	for i := 0; i == 0 || task.Collective && i < 3; i++ {
		by := w.person()
		if by == m.author || slices.Contains(m.reviewers, by) {
			continue
		}
		m.reviewers = append(m.reviewers, by)
		w.add(tree.LabelsSubmitted{Message: m.id, Task: task.Task, Contributor: by, Labels: w.labels()})
	}
	if task.Collective {
		w.add(tree.TaskClosed{Task: task.Task})
	}
	if len(m.reviewers) >= 3 && m.result == tree.Undecided {
		w.judge(m, []tree.Result{tree.Accepted, tree.Accepted, tree.Accepted, tree.Rejected}[w.Below(4)])
	}
}

func (w *writer) labelTask(m *message, expires time.Time) tree.TaskAssigned {
	e := tree.TaskAssigned{
		Task: newID[domain.TaskID](w.history), Kind: domain.LabelTask(m.role, m.parent.IsZero()), Language: "en",
		Message: m.id, Full: w.Chance(1, 2), Collective: w.Chance(1, 10), Expires: expires,
	}
	w.add(e)
	return e
}

// idleTask assigns a label task that nobody does.
func (w *writer) idleTask(m *message) {
	if task := w.labelTask(m, Began); w.Chance(1, 2) {
		w.add(tree.TaskDeclined{Task: task.Task})
	}
}

func (w *writer) judge(m *message, result tree.Result) {
	if m.result == result {
		return
	}
	switch m.result = result; result {
	case tree.Accepted:
		w.add(tree.MessageAccepted{Message: m.id})
	case tree.Rejected:
		w.add(tree.MessageRejected{Message: m.id})
	default:
		w.add(tree.MessageReopened{Message: m.id})
	}
}

// labels gives values to a half of all labels.
func (w *writer) labels() (out []tree.LabelValue) {
	for _, l := range domain.Labels {
		if w.Chance(1, 2) {
			out = append(out, tree.LabelValue{Label: l.Name, Value: values[w.Below(len(values))]})
		}
	}
	return out
}

func (w *writer) react(m *message) {
	if len(m.reactions) > 0 && w.Chance(1, 3) {
		i := w.Below(len(m.reactions))
		w.add(tree.EmojiRemoved(m.reactions[i]))
		m.reactions = slices.Delete(m.reactions, i, i+1)
		return
	}
	e := tree.EmojiAdded{Message: m.id, Contributor: w.person(), Emoji: domain.Emojis[w.Below(4)]}
	if !slices.Contains(m.reactions, e) {
		m.reactions = append(m.reactions, e)
		w.add(e)
	}
}

func (w *writer) replies(parent domain.MessageID) (ids []domain.MessageID) {
	for _, m := range w.messages {
		if m.parent == parent && !m.deleted && m.id != w.root {
			ids = append(ids, m.id)
		}
	}
	return ids
}

func (w *writer) vote(parent *message) {
	e := tree.RankingSubmitted{Parent: parent.id, Task: newID[domain.TaskID](w.history), Contributor: w.person(), NotRankable: w.Chance(1, 6)}
	e.Order = w.replies(parent.id)
	voted := slices.ContainsFunc(w.votes, func(v tree.RankingSubmitted) bool {
		return v.Parent == e.Parent && v.Contributor == e.Contributor
	})
	if voted || len(e.Order) < 2 {
		return
	}
	w.Shuffle(len(e.Order), func(i, j int) { e.Order[i], e.Order[j] = e.Order[j], e.Order[i] })
	w.votes = append(w.votes, e)
	w.add(e)
	if w.Chance(1, 2) {
		w.merge(parent.id)
	}
}

// merge makes a consensus that some of the rankings agree with.
func (w *writer) merge(parent domain.MessageID) {
	e := tree.RepliesRanked{Parent: parent, Replies: w.replies(parent)}
	for _, v := range w.votes {
		b := tree.Ballot{Contributor: v.Contributor, NotRankable: v.NotRankable}
		for _, id := range v.Order {
			if k := slices.Index(e.Replies, id); k >= 0 {
				b.Order = append(b.Order, k)
			}
		}
		if v.Parent == parent && len(b.Order) > 0 && !slices.Contains(w.discounted, v.Contributor) {
			e.Ballots = append(e.Ballots, b)
		}
	}
	if len(e.Replies) < 2 {
		return
	}
	if w.Chance(5, 6) {
		for i := range e.Replies {
			e.Order = append(e.Order, i)
		}
		if len(e.Ballots) > 0 && w.Chance(1, 2) {
			e.Order = slices.Clone(e.Ballots[0].Order)
		} else {
			w.Shuffle(len(e.Order), func(i, j int) { e.Order[i], e.Order[j] = e.Order[j], e.Order[i] })
		}
	}
	w.add(e)
}

func (w *writer) delete(m *message) {
	e := tree.MessageDeleted{Deletion: newID[domain.DeletionID](w.history), Message: m.id}
	taken := map[domain.MessageID]bool{m.id: true}
	for _, x := range w.messages { // parents stand before children
		if (x == m || taken[x.parent]) && !x.deleted {
			taken[x.id], x.deleted = true, true
			e.Messages = append(e.Messages, x.id)
		}
	}
	if len(e.Messages) > 0 {
		w.deletions = append(w.deletions, e)
		w.add(e)
	}
}

func (w *writer) restore() {
	if len(w.deletions) == 0 {
		return
	}
	i := w.Below(len(w.deletions))
	d := w.deletions[i]
	w.deletions = slices.Delete(w.deletions, i, i+1)
	for _, m := range w.messages {
		if slices.Contains(d.Messages, m.id) {
			m.deleted = false
		}
	}
	w.add(tree.MessageRestored{Deletion: d.Deletion, Message: d.Message, Messages: d.Messages})
}

func (w *writer) discount(who domain.ContributorID) {
	if i := slices.Index(w.discounted, who); i >= 0 {
		w.discounted = slices.Delete(w.discounted, i, i+1)
		w.add(tree.VotesReinstated{Contributor: who})
		return
	}
	w.discounted = append(w.discounted, who)
	w.add(tree.VotesDiscounted{Contributor: who})
}

func (w *writer) move(to domain.TreeState) {
	if to != w.state {
		w.add(tree.StateChanged{From: w.state, To: to})
		w.state = to
	}
}
