package main

import (
	"fmt"
	"strings"
	"time"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// live shows a campaign as it happens: of each kind of happening a few in
// every stage, and how far the trees are after it.
type live struct {
	*teller
	began     time.Time
	left      map[string]int // how many more of a kind are shown in this stage
	texts     map[domain.MessageID]string
	languages map[domain.StreamID]string
	sizes     map[domain.StreamID]int
	states    map[domain.StreamID]domain.TreeState
	most      int // of a kind in this stage
	events    int
}

// shownFirst is how many happenings of a kind the first stage shows; the later
// ones show one.
const shownFirst = 2

func newLive(t *teller, began time.Time) *live {
	return &live{
		teller: t, began: began, left: map[string]int{}, texts: map[domain.MessageID]string{},
		languages: map[domain.StreamID]string{}, sizes: map[domain.StreamID]int{}, states: map[domain.StreamID]domain.TreeState{}, most: shownFirst,
	}
}

func (l *live) happened(events []domain.Recorded) {
	l.events += len(events)
	for _, r := range events {
		l.note(r)
		if what, text := l.words(r); what != "" {
			l.show(r, what, text)
		}
	}
}

func (l *live) note(r domain.Recorded) {
	switch e := r.Payload.(type) {
	case tree.Opened:
		l.languages[r.Stream], l.states[r.Stream] = e.Language, domain.InitialPromptReview
	case tree.MessagePosted:
		l.texts[e.Message] = e.Text
		l.sizes[r.Stream]++
	case tree.StateChanged:
		l.states[r.Stream] = e.To
	}
}

// words tells what happened, or nothing when it is not worth a line.
func (l *live) words(r domain.Recorded) (what, text string) {
	switch e := r.Payload.(type) {
	case tree.MessagePosted:
		if e.Parent.IsZero() {
			return "prompt", clip(e.Text, 64)
		}
		return string(e.Role), clip(e.Text, 64)
	case tree.MessageAccepted:
		return "accepted", fmt.Sprintf("by %d reviews: %s", e.Reviews, clip(l.texts[e.Message], 48))
	case tree.MessageRejected:
		return "rejected", fmt.Sprintf("by %d reviews: %s", e.Reviews, clip(l.texts[e.Message], 48))
	case pool.LotteryDrawn:
		return "lottery", fmt.Sprintf("drawn among %s: %s", plural(e.Authors, "author"), clip(l.texts[domain.MessageID(e.Tree)], 40))
	case tree.RankingSubmitted:
		if e.NotRankable {
			return "ranking", "somebody finds the replies not rankable"
		}
		return "ranking", fmt.Sprintf("somebody puts %d replies in order", len(e.Order))
	case tree.RepliesRanked:
		return "merged", fmt.Sprintf("%d rankings; best: %s", len(e.Ballots), clip(l.best(e), 52))
	case tree.StateChanged:
		return l.moved(r, e)
	case tree.MessageDeleted:
		return "deleted", fmt.Sprintf("%s: %s", plural(len(e.Messages), "message"), clip(e.Reason, 40))
	case tree.MessageReported:
		return "reported", clip(l.texts[e.Message], 64)
	case tree.MessageEdited:
		return "edited", clip(e.Reason, 64)
	case contributor.Disabled:
		return "disabled", "a contributor, for " + clip(e.Reason, 40)
	}
	return "", ""
}

// plural counts things that take an s.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%s %ss", grouped(n), thing)
}

func (l *live) moved(r domain.Recorded, e tree.StateChanged) (what, text string) {
	switch e.To {
	case domain.ReadyForExport:
		return "finished", fmt.Sprintf("a tree of %d messages is ready for export", l.sizes[r.Stream])
	case domain.AbortedLowGrade, domain.HaltedByModerator:
		return "stopped", clip(e.Reason, 64)
	}
	return "", ""
}

func (l *live) best(e tree.RepliesRanked) string {
	if len(e.Order) == 0 {
		return "none, most say not rankable"
	}
	return l.texts[e.Replies[e.Order[0]]]
}

func (l *live) show(r domain.Recorded, what, text string) {
	if _, begun := l.left[what]; !begun {
		l.left[what] = l.most
	}
	if l.left[what]--; l.left[what] < 0 {
		return
	}
	language := l.languages[r.Stream]
	if id, ok := r.Stream.Pool(); ok {
		language = id.Language
	}
	name := fmt.Sprintf("%-9s", what)
	switch what {
	case "finished", "accepted":
		name = l.good(name)
	case "rejected", "deleted", "disabled", "stopped", "reported":
		name = l.bad(name)
	default:
		name = l.lively(name)
	}
	l.say("  %s  %-2s  %s  %s", l.faint(l.time(r.Time)), language, name, text)
}

func (l *live) time(at time.Time) string {
	return fmt.Sprintf("day %d %s", int(at.Sub(l.began)/(24*time.Hour))+1, at.Format("15:04"))
}

// stage closes one part of the campaign: how many trees are where.
func (l *live) stage(tasks int) {
	count := map[domain.TreeState]int{}
	for _, s := range l.states {
		count[s]++
	}
	var parts []string
	for _, s := range []struct {
		name   string
		states []domain.TreeState
	}{
		{"in review", []domain.TreeState{domain.InitialPromptReview}},
		{"waiting", []domain.TreeState{domain.PromptLotteryWaiting}},
		{"growing", []domain.TreeState{domain.Growing}},
		{"being ranked", []domain.TreeState{domain.Ranking}},
		{"stopped", []domain.TreeState{domain.AbortedLowGrade, domain.HaltedByModerator}},
		{"ready", []domain.TreeState{domain.ReadyForExport}},
	} {
		n := 0
		for _, state := range s.states {
			n += count[state]
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, s.name))
	}
	l.say("%s", l.strong(fmt.Sprintf("  %s tasks, %s events, %d trees: %s", grouped(tasks), grouped(l.events), len(l.states), strings.Join(parts, ", "))))
	l.say("")
	clear(l.left)
	l.most = 1
}
