package boardstest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/domain/tree"
	"dendro/projections/boards"
)

// Counted is everything that counts, each thing with its time.
type Counted []counted

type counted struct {
	kind   boards.Kind
	by     domain.ContributorID
	at     time.Time
	labels *reward.Labels
}

// Recount finds from nothing what of the events counts. It is slow and plain
// on purpose.
func Recount(events []domain.Recorded) Counted {
	n := counter{}
	for _, stream := range byStream(events) {
		n.stream = stream
		for i, r := range stream {
			n.count(i, r)
		}
	}
	return n.found
}

// Since adds up what counts since then, sorted by contributor.
func (c Counted) Since(since time.Time) []boards.Tally {
	tallies := map[domain.ContributorID]boards.Tally{}
	for _, x := range c {
		if x.at.Before(since) {
			continue
		}
		t := tallies[x.by]
		t.Contributor = x.by
		t.Counts[x.kind]++
		if x.labels != nil {
			t.Labels.Add(x.labels, 1)
		}
		tallies[x.by] = t
	}
	return Sorted(slices.Collect(maps.Values(tallies)))
}

// Sorted sorts tallies by contributor.
func Sorted(tallies []boards.Tally) []boards.Tally {
	slices.SortFunc(tallies, func(a, b boards.Tally) int { return a.Contributor.Compare(b.Contributor) })
	return tallies
}

func byStream(events []domain.Recorded) map[domain.StreamID][]domain.Recorded {
	out := map[domain.StreamID][]domain.Recorded{}
	for _, r := range events {
		out[r.Stream] = append(out[r.Stream], r)
	}
	return out
}

// Recent counts the completed tasks of the accounts together.
func Recent(events []domain.Recorded, accounts []domain.ContributorID) (a boards.Activity) {
	days := map[time.Time]bool{}
	for _, r := range events {
		var by domain.ContributorID
		switch e := r.Payload.(type) {
		case tree.MessagePosted:
			by = e.Contributor
		case tree.RankingSubmitted:
			by = e.Contributor
		case tree.LabelsSubmitted:
			if !e.Task.IsZero() {
				by = e.Contributor
			}
		}
		if slices.Contains(accounts, by) {
			days[reward.DayOf(r.Time)] = true
			if r.Time.After(a.Last) {
				a.Last, a.Day = r.Time, reward.DayOf(r.Time)
			}
		}
	}
	for day := a.Day; days[day]; day = day.AddDate(0, 0, -1) {
		a.Run++
	}
	return a
}

type counter struct {
	stream []domain.Recorded // all of one tree
	found  Counted
}

func (n *counter) add(kind boards.Kind, by domain.ContributorID, at time.Time, labels *reward.Labels) {
	n.found = append(n.found, counted{kind, by, at, labels})
}

func (n *counter) count(i int, r domain.Recorded) {
	switch e := r.Payload.(type) {
	case tree.MessagePosted:
		n.posted(e, r.Time)
	case tree.LabelsSubmitted:
		n.labelled(i, e, r.Time)
	case tree.RankingSubmitted:
		n.ranked(e, r.Time)
	case tree.EmojiAdded:
		kind, ok := map[domain.Emoji]boards.Kind{
			domain.EmojiRedFlag: boards.RedFlag, domain.EmojiUp: boards.Upvote, domain.EmojiDown: boards.Downvote,
		}[e.Emoji]
		if ok && !n.later(i, tree.EmojiRemoved(e)) {
			n.received(kind, e.Message, r.Time, nil)
		}
	case tree.StateChanged:
		if last(n.stream, func(tree.StateChanged) bool { return true }) == i && e.To == domain.AbortedLowGrade {
			id, _ := r.Stream.Tree()
			n.received(boards.SpamPrompt, domain.MessageID(id), r.Time, nil)
		}
	}
}

func (n *counter) posted(e tree.MessagePosted, at time.Time) {
	if n.deleted(e.Message) {
		return
	}
	kind, accepted := boards.PrompterReply, boards.AcceptedPrompterReply
	switch {
	case e.Parent.IsZero():
		kind, accepted = boards.Prompt, boards.AcceptedPrompt
	case e.Role == domain.Assistant:
		kind, accepted = boards.AssistantReply, boards.AcceptedAssistantReply
	}
	n.add(kind, e.Contributor, at, nil)
	if n.result(e.Message) == tree.Accepted {
		n.add(accepted, e.Contributor, at, nil)
	}
}

func (n *counter) labelled(i int, e tree.LabelsSubmitted, at time.Time) {
	kind := boards.FreeMarks
	if !e.Task.IsZero() {
		kind = boards.Marks
		task := n.stream[last(n.stream, func(t tree.TaskAssigned) bool { return t.Task == e.Task })].Payload.(tree.TaskAssigned)
		n.add(map[bool]boards.Kind{false: boards.LabelsSimple, true: boards.LabelsFull}[task.Full], e.Contributor, at, nil)
	}
	newest := last(n.stream, func(l tree.LabelsSubmitted) bool {
		return l.Message == e.Message && l.Contributor == e.Contributor && l.Task.IsZero() == e.Task.IsZero()
	})
	if newest == i && !n.discounted(e.Contributor) {
		n.received(kind, e.Message, at, labelsOf(e.Labels))
	}
}

func labelsOf(set []tree.LabelValue) *reward.Labels {
	values := map[string]int{}
	for _, l := range set {
		values[string(l.Label)] = l.Value.Billionths()
	}
	out := &reward.Labels{}
	for i, name := range reward.MarkLabels {
		if values[name] >= 500_000_000 {
			out.Flags += 1 << i
		}
	}
	for i, name := range reward.MeanLabels {
		out.Values[i] = -1
		if v, ok := values[name]; ok {
			out.Values[i] = int32(v)
		}
	}
	return out
}

func (n *counter) ranked(e tree.RankingSubmitted, at time.Time) {
	n.add(boards.Ranking, e.Contributor, at, nil)
	if e.NotRankable || n.discounted(e.Contributor) {
		return
	}
	for i, id := range e.Order[:min(3, len(e.Order))] {
		if n.result(id) != tree.Rejected {
			n.received(boards.First+boards.Kind(i), id, at, nil)
		}
	}
	at2 := last(n.stream, func(m tree.RepliesRanked) bool { return m.Parent == e.Parent })
	if at2 < 0 {
		return
	}
	merge := n.stream[at2].Payload.(tree.RepliesRanked)
	for _, b := range merge.Ballots {
		if b.Contributor == e.Contributor && agrees(b.Order, merge.Order) {
			n.add(boards.GoodRanking, e.Contributor, at, nil)
		}
	}
}

// agrees tells by definition whether Kendall's τ is at least a half.
func agrees(ballot, consensus []int) bool {
	pairs, sum := 0, 0
	for i, a := range ballot {
		for _, b := range ballot[i+1:] {
			if x, y := slices.Index(consensus, a), slices.Index(consensus, b); x >= 0 && y >= 0 {
				pairs++
				sum += cmp.Compare(y, x)
			}
		}
	}
	return pairs > 0 && 2*sum >= pairs
}

// received counts something for the author of a message that was written here
// and is not deleted.
func (n *counter) received(kind boards.Kind, id domain.MessageID, at time.Time, labels *reward.Labels) {
	i := last(n.stream, func(e tree.MessagePosted) bool { return e.Message == id })
	if i >= 0 && !n.deleted(id) {
		n.add(kind, n.stream[i].Payload.(tree.MessagePosted).Contributor, at, labels)
	}
}

// last finds the last event of the type that fits, or gives -1.
func last[E domain.Event](stream []domain.Recorded, fits func(E) bool) int {
	for i := len(stream) - 1; i >= 0; i-- {
		if e, ok := stream[i].Payload.(E); ok && fits(e) {
			return i
		}
	}
	return -1
}

func (n *counter) later(i int, e tree.EmojiRemoved) bool {
	return last(n.stream, func(x tree.EmojiRemoved) bool { return x == e }) > i
}

func (n *counter) deleted(id domain.MessageID) bool {
	return last(n.stream, func(e tree.MessageDeleted) bool { return slices.Contains(e.Messages, id) }) >
		last(n.stream, func(e tree.MessageRestored) bool { return slices.Contains(e.Messages, id) })
}

func (n *counter) discounted(who domain.ContributorID) bool {
	return last(n.stream, func(e tree.VotesDiscounted) bool { return e.Contributor == who }) >
		last(n.stream, func(e tree.VotesReinstated) bool { return e.Contributor == who })
}

func (n *counter) result(id domain.MessageID) tree.Result {
	when := map[tree.Result]int{
		tree.Accepted:  last(n.stream, func(e tree.MessageAccepted) bool { return e.Message == id }),
		tree.Rejected:  last(n.stream, func(e tree.MessageRejected) bool { return e.Message == id }),
		tree.Undecided: last(n.stream, func(e tree.MessageReopened) bool { return e.Message == id }),
	}
	newest := tree.Undecided
	for _, r := range slices.Sorted(maps.Keys(when)) {
		if when[r] > when[newest] {
			newest = r
		}
	}
	return newest
}
