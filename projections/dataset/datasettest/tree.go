package datasettest

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

var languages = []string{"en", "de", "no", "pt-BR", "ja", "en"}

var likert = []decimal.Decimal{
	decimal.MustParse("0"), decimal.MustParse("0.25"), decimal.MustParse("0.5"), decimal.MustParse("0.75"), decimal.MustParse("1"),
}

// writer plays one tree.
type writer struct {
	*history
	language  string
	events    []domain.Event
	messages  []*message
	deletions []tree.MessageDeleted
	state     domain.TreeState
}

type message struct {
	id, parent domain.MessageID
	role       domain.Role
	author     domain.ContributorID
	reviewers  []domain.ContributorID // of the present text
	result     tree.Result
	revision   int
	deleted    bool
}

// tree gives one tree's stream, language and events. Some are imported, and of
// some there is no more than the task.
func (h *history) tree() (domain.StreamID, string, []domain.Event) {
	w := &writer{history: h, language: languages[h.Below(len(languages))]}
	id := newID[domain.TreeID](h)
	switch {
	case h.rarer():
		w.task(domain.TaskID(id), domain.TaskInitialPrompt, domain.MessageID{})
		return domain.TreeStream(id), w.language, w.events
	case h.rare():
		w.imported(domain.MessageID(id))
	default:
		w.task(domain.TaskID(id), domain.TaskInitialPrompt, domain.MessageID{})
		w.add(tree.Opened{Language: w.language, Limits: tree.Limits{Goal: 12, MaxDepth: 3, MaxChildren: 3, PrompterReplies: 1}})
		w.state = domain.InitialPromptReview
		w.post(domain.MessageID(id), nil, domain.TaskID(id))
	}
	for range 1 + h.Below(2*h.Steps) {
		w.step()
	}
	if !h.rare() {
		w.move(domain.ReadyForExport)
	}
	return domain.TreeStream(id), w.language, w.events
}

func (w *writer) add(e domain.Event) { w.events = append(w.events, e) }

func (w *writer) pick() *message { return w.messages[w.Below(len(w.messages))] }

func (w *writer) task(id domain.TaskID, kind domain.TaskKind, m domain.MessageID) {
	w.add(tree.TaskAssigned{
		Task: id, Kind: kind, Language: w.language, Contributor: w.person(), Message: m,
		Expires: w.now.Add(48 * time.Hour),
	})
	w.add(tree.TaskAcknowledged{Task: id, FrontendID: id.String()})
}

func (w *writer) step() {
	if w.rare() {
		w.rareStep()
		return
	}
	switch w.Weighted([]int{20, 60, 5, 12, 3}) {
	case 0:
		parent := w.pick()
		id := newID[domain.TaskID](w.history)
		w.task(id, domain.ReplyTask(parent.role.Other()), parent.id)
		w.post(newID[domain.MessageID](w.history), parent, id)
	case 1:
		w.review(w.pick())
	case 2:
		w.add(tree.LabelsSubmitted{Message: w.pick().id, Contributor: w.person(), Labels: w.labels(domain.LabelsOfReport())})
	case 3:
		emoji := domain.Emojis[w.Below(len(domain.Emojis))]
		w.add(tree.EmojiAdded{Message: w.pick().id, Contributor: w.person(), Emoji: emoji})
	case 4:
		w.rank(w.pick())
	}
}

func (w *writer) rareStep() {
	m := w.pick()
	switch w.Below(8) {
	case 0:
		m.revision++
		m.reviewers = nil
		w.add(tree.MessageEdited{Message: m.id, Text: w.text(), Revision: m.revision})
		if m.result != tree.Undecided {
			m.result = tree.Undecided
			w.add(tree.MessageReopened{Message: m.id})
		}
	case 1:
		w.delete(m)
	case 2:
		w.restore()
	case 3:
		w.add(tree.VotesDiscounted{Contributor: w.person()})
	case 4:
		w.add(tree.VotesReinstated{Contributor: w.person()})
	case 5:
		w.add(tree.EmojiRemoved{Message: m.id, Contributor: w.person(), Emoji: domain.Emojis[w.Below(2)]})
	case 6:
		w.add(tree.MessageScored{Message: m.id, Model: "detoxify", Scores: []tree.Score{
			{Name: "obscene", Value: w.value()}, {Name: "toxicity", Value: w.value()}, {Name: "zeal", Value: w.value()},
		}})
	case 7:
		w.move(domain.TreeStates[w.Below(len(domain.TreeStates))])
	}
}

func (w *writer) move(to domain.TreeState) {
	if to != w.state {
		w.add(tree.StateChanged{From: w.state, To: to, Rule: "test"})
		w.state = to
	}
}

func (w *writer) post(id domain.MessageID, parent *message, task domain.TaskID) {
	m := &message{id: id, role: domain.Prompter, author: w.person()}
	if parent != nil {
		m.parent, m.role = parent.id, parent.role.Other()
	}
	w.messages = append(w.messages, m)
	e := tree.MessagePosted{
		Message: id, Parent: m.parent, Task: task, Contributor: m.author, Role: m.role,
		Text: w.text(), Language: w.language, FrontendID: task.String(), Terms: "1",
	}
	if w.rare() {
		e.Synthetic, e.Model = true, "some-model"
	}
	w.add(e)
	if parent != nil && parent.deleted {
		w.delete(m)
	}
}

func (w *writer) review(m *message) {
	by := w.person()
	if by == m.author || slices.Contains(m.reviewers, by) {
		return
	}
	id := newID[domain.TaskID](w.history)
	w.task(id, domain.LabelTask(m.role, m.parent.IsZero()), m.id)
	w.add(tree.LabelsSubmitted{Message: m.id, Task: id, Contributor: by, Labels: w.labels(domain.LabelsAsked(m.role)), Terms: "1"})
	m.reviewers = append(m.reviewers, by)
	if len(m.reviewers) < 3 || m.result == tree.Accepted {
		return
	}
	if w.Chance(9, 10) {
		m.result = tree.Accepted
		w.add(tree.MessageAccepted{Message: m.id, Reviews: len(m.reviewers), Score: decimal.Int(1)})
	} else if m.result == tree.Undecided {
		m.result = tree.Rejected
		w.add(tree.MessageRejected{Message: m.id, Reviews: len(m.reviewers)})
	}
}

// labels gives values to some of the labels: the first always, the others mostly.
func (w *writer) labels(of []domain.Label) []tree.LabelValue {
	var out []tree.LabelValue
	for i, l := range of {
		if i == 0 || w.Chance(9, 10) {
			out = append(out, tree.LabelValue{Label: l, Value: w.value()})
		}
	}
	return out
}

func (w *writer) value() decimal.Decimal {
	if w.rare() {
		return decimal.Int(int64(w.Below(999_984))).Div(999_983)
	}
	return likert[w.Weighted([]int{60, 10, 10, 10, 10})]
}

func (w *writer) rank(parent *message) {
	e := tree.RepliesRanked{Parent: parent.id, TieRule: "test"}
	for _, m := range w.messages {
		if m.parent == parent.id && !m.deleted {
			e.Replies = append(e.Replies, m.id)
			e.Order = append(e.Order, len(e.Order))
		}
	}
	if len(e.Replies) < 2 {
		return
	}
	w.Shuffle(len(e.Order), func(i, j int) { e.Order[i], e.Order[j] = e.Order[j], e.Order[i] })
	if w.rare() {
		e.Order = nil
	}
	w.add(e)
}

func (w *writer) delete(m *message) {
	e := tree.MessageDeleted{Deletion: newID[domain.DeletionID](w.history), Message: m.id}
	taken := map[domain.MessageID]bool{m.id: true}
	for _, x := range w.messages { // parents stand before children
		if (x == m || taken[x.parent]) && !x.deleted {
			taken[x.id] = true
			x.deleted = true
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

func (w *writer) imported(root domain.MessageID) {
	e := tree.Imported{Language: w.language, State: domain.ReadyForExport, Origin: "elsewhere"}
	w.state = e.State
	for i := range 1 + w.Below(6) {
		m := &message{id: root, role: domain.Prompter, author: w.person()}
		if i > 0 {
			parent := w.pick()
			m.id, m.parent, m.role = newID[domain.MessageID](w.history), parent.id, parent.role.Other()
		}
		m.result = tree.Result(w.Below(3) - 1)
		w.messages = append(w.messages, m)
		e.Messages = append(e.Messages, tree.ImportedMessage{
			Message: m.id, Parent: m.parent, Contributor: m.author, Role: m.role, Text: w.text(), Language: w.language,
			Created: w.now.Add(-time.Duration(w.Below(1_000_000)) * time.Second), ReviewCount: w.Below(5), Result: m.result,
			Ranked: i%2 == 1, Rank: i / 2 * (i % 2),
			Emojis: []tree.EmojiCount{{Emoji: domain.EmojiUp, Count: 1 + w.Below(9)}},
			Labels: []tree.LabelMean{{Label: domain.LabelSpam, Mean: w.value(), Count: 1 + w.Below(5)}},
			Scores: []tree.Score{{Name: "toxicity", Value: w.value()}},
		})
	}
	w.add(e)
}
