package tree

import (
	"slices"
	"time"

	"dendro/domain"
)

// Evolve folds one event. The states before and after share what did not
// change.
func Evolve(s State, event domain.Event, at time.Time) State {
	switch e := event.(type) {
	case TaskAssigned:
		s.Language = e.Language
		e.Labels, e.Mandatory = shared(e.Labels), shared(e.Mandatory)
		s.Tasks = add(s.Tasks, &Task{TaskAssigned: e})
	case TaskAcknowledged:
		s.task(e.Task, func(t *Task) { t.Status, t.FrontendID = Acknowledged, e.FrontendID })
	case TaskDeclined:
		s.task(e.Task, func(t *Task) { t.Status = Declined })
	case TaskClosed:
		s.task(e.Task, func(t *Task) { t.Status = Closed })
	case Opened:
		s.Language, s.Limits, s.State = e.Language, e.Limits, domain.InitialPromptReview
	case MessagePosted:
		s.posted(e, at)
	case LabelsSubmitted:
		s.labelled(e)
	case RankingSubmitted:
		s.voted(e)
	case Imported:
		s.imported(e)
	case StateChanged:
		emptied := domain.DeletionID{}
		if e.To == domain.HaltedByModerator && e.Rule == allDeleted {
			emptied = s.Deletion
		}
		s.State, s.Deletion, s.Emptied = e.To, domain.DeletionID{}, emptied
	case LotteryWon:
		s.Won = true
	case VotesDiscounted:
		s.Discounted = add(s.Discounted, e.Contributor)
	case VotesReinstated:
		s.Discounted = slices.DeleteFunc(slices.Clone(s.Discounted), func(c domain.ContributorID) bool { return c == e.Contributor })
	default:
		s.changed(event)
	}
	return s
}

// shared gives the one copy of the usual label lists, which most tasks hold.
func shared(labels []domain.Label) []domain.Label {
	for _, usual := range [][]domain.Label{domain.LabelsAsked(domain.Prompter), domain.LabelsAsked(domain.Assistant), justSpam} {
		if slices.Equal(labels, usual) {
			return usual
		}
	}
	return labels
}

var justSpam = []domain.Label{domain.LabelSpam}

// changed folds the events that touch existing messages only.
func (s *State) changed(event domain.Event) {
	switch e := event.(type) {
	case MessageAccepted:
		s.message(e.Message, func(m *Message) { m.Result = Accepted })
	case MessageRejected:
		s.message(e.Message, func(m *Message) { m.Result = Rejected })
	case MessageReopened:
		s.message(e.Message, func(m *Message) { m.Result = Undecided })
	case RepliesRanked:
		s.ranked(e)
	case EmojiAdded:
		s.message(e.Message, func(m *Message) { m.react(e.Contributor, e.Emoji, true) })
	case EmojiRemoved:
		s.message(e.Message, func(m *Message) { m.react(e.Contributor, e.Emoji, false) })
	case MessageReported:
		s.message(e.Message, func(m *Message) { m.Reported = true })
	case ReportResolved:
		s.message(e.Message, func(m *Message) { m.Reported = false })
	case MessageEdited:
		s.message(e.Message, func(m *Message) { m.edited(e) })
	case MessageDeleted:
		s.Deletion = e.Deletion
		for _, id := range e.Messages {
			s.message(id, func(m *Message) { m.Deletion = e.Deletion })
		}
	case MessageRestored:
		for _, id := range e.Messages {
			s.message(id, func(m *Message) { m.Deletion = domain.DeletionID{} })
		}
	case MessageScored:
		s.message(e.Message, func(m *Message) { m.Scores = digestScores(e.Model, e.Scores) })
	}
}

// add appends without ever writing behind what an earlier state holds.
func add[T any](list []T, item T) []T { return append(list[:len(list):len(list)], item) }

// message replaces a message by a changed copy.
func (s *State) message(id domain.MessageID, change func(*Message)) {
	i := s.Find(id)
	if i < 0 {
		return
	}
	m := *s.Messages[i]
	change(&m)
	s.Messages = slices.Clone(s.Messages)
	s.Messages[i] = &m
}

// task replaces a task by a changed copy.
func (s *State) task(id domain.TaskID, change func(*Task)) {
	i := s.findTask(id)
	if i < 0 {
		return
	}
	t := *s.Tasks[i]
	change(&t)
	s.Tasks = slices.Clone(s.Tasks)
	s.Tasks[i] = &t
}

// take records a submission to a task; only a collective one stays open.
func (s *State) take(id domain.TaskID, by domain.ContributorID, d Digest) {
	s.task(id, func(t *Task) {
		t.Taken = add(t.Taken, Taken{By: by, Digest: d})
		if !t.Collective {
			t.Status = Done
		}
	})
}

func (s *State) posted(e MessagePosted, at time.Time) {
	parent, depth := s.under(e.Message, e.Parent)
	s.Messages = add(s.Messages, &Message{
		ID: e.Message, Parent: parent, Depth: depth, Role: e.Role, Author: e.Contributor, Task: e.Task,
		Created: at, Text: DigestOf(e.Text), Synthetic: e.Synthetic, Rank: -1,
	})
	s.take(e.Task, e.Contributor, digestText(e.FrontendID, e.Text))
}

// under gives the place of a new message; the root names the tree.
func (s *State) under(id, parent domain.MessageID) (index, depth int) {
	index = s.Find(parent)
	if index < 0 {
		s.ID = domain.TreeID(id)
		return index, 0
	}
	return index, s.Messages[index].Depth + 1
}

func (s *State) labelled(e LabelsSubmitted) {
	digest := digestLabels(e.Labels)
	s.message(e.Message, func(m *Message) {
		if e.Task.IsZero() {
			m.Free = slices.DeleteFunc(slices.Clone(m.Free), func(f FreeLabels) bool { return f.By == e.Contributor })
			m.Free = append(m.Free, FreeLabels{By: e.Contributor, Digest: digest})
			return
		}
		r := Review{By: e.Contributor}
		for _, l := range e.Labels {
			switch l.Label {
			case domain.LabelSpam:
				r.Spam = l.Value
			case domain.LabelLangMismatch:
				r.LangMismatch = l.Value
			}
		}
		m.Reviews = add(m.Reviews, r)
	})
	if !e.Task.IsZero() {
		s.take(e.Task, e.Contributor, digest)
	}
}

func (s *State) voted(e RankingSubmitted) {
	s.message(e.Parent, func(m *Message) {
		m.Votes = add(m.Votes, Vote{By: e.Contributor, Order: e.Order, NotRankable: e.NotRankable})
	})
	s.take(e.Task, e.Contributor, digestRanking(e.Order, e.NotRankable))
}

func (s *State) ranked(e RepliesRanked) {
	for _, id := range e.Replies {
		s.message(id, func(m *Message) { m.Rank = -1 })
	}
	for rank, i := range e.Order {
		s.message(e.Replies[i], func(m *Message) { m.Rank = rank })
	}
}

func (m *Message) react(by domain.ContributorID, emoji domain.Emoji, on bool) {
	bit := uint16(1) << max(emoji.Index(), 0)
	m.Reactions = slices.Clone(m.Reactions)
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.By == by })
	if i < 0 {
		m.Reactions = append(m.Reactions, Reaction{By: by})
		i = len(m.Reactions) - 1
	}
	if on {
		m.Reactions[i].Now |= bit
		m.Reactions[i].Ever |= bit
	} else {
		m.Reactions[i].Now &^= bit
	}
}

func (m *Message) edited(e MessageEdited) {
	m.Text, m.Revision = DigestOf(e.Text), e.Revision
	m.Reviews = slices.Clone(m.Reviews)
	for i := range m.Reviews {
		m.Reviews[i].Stale = true
	}
	m.Free = nil
}

func (s *State) imported(e Imported) {
	s.Language, s.State, s.ImportedAs, s.Won = e.Language, e.State, e.State, true
	accepted := 0
	for _, im := range e.Messages {
		parent, depth := s.under(im.Message, im.Parent)
		m := &Message{
			ID: im.Message, Parent: parent, Depth: depth, Role: im.Role, Author: im.Contributor, Created: im.Created,
			Text: DigestOf(im.Text), Synthetic: im.Synthetic, Result: im.Result, Rank: -1,
		}
		if im.Ranked {
			m.Rank = im.Rank
		}
		if im.Deleted {
			m.Deletion = domain.DeletionID(im.Message)
		} else if im.Result == Accepted {
			accepted++
		}
		s.Limits.MaxDepth = max(s.Limits.MaxDepth, depth)
		s.Messages = add(s.Messages, m)
	}
	s.Limits.Goal = max(accepted, 1)
}
