package boards_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
	"dendro/projections/boards"
	"dendro/projections/boards/boardstest"
)

func msg(n byte) domain.MessageID        { return domain.MessageID{15: n} }
func person(n byte) domain.ContributorID { return domain.ContributorID{15: n} }
func job(n byte) domain.TaskID           { return domain.TaskID{15: n} }

func post(id, parent, by byte) domain.Event {
	e := tree.MessagePosted{Message: msg(id), Contributor: person(by), Role: domain.Prompter}
	if parent != 0 {
		e.Parent, e.Role = msg(parent), domain.Assistant
	}
	return e
}

func task(id, message byte, full bool) domain.Event {
	return tree.TaskAssigned{
		Task: job(id), Kind: domain.TaskLabelAssistantReply, Message: msg(message), Full: full, Expires: began.Add(time.Hour),
	}
}

func label(task, message, by byte, labels ...string) domain.Event {
	e := tree.LabelsSubmitted{Message: msg(message), Task: job(task), Contributor: person(by)}
	for i := 0; i < len(labels); i += 2 {
		e.Labels = append(e.Labels, tree.LabelValue{Label: domain.Label(labels[i]), Value: decimal.MustParse(labels[i+1])})
	}
	return e
}

func free(message, by byte, labels ...string) domain.Event { return label(0, message, by, labels...) }

func rank(by byte, order ...byte) domain.Event {
	return tree.RankingSubmitted{Parent: msg(1), Contributor: person(by), Order: ids(order)}
}

func ids(order []byte) (out []domain.MessageID) {
	for _, n := range order {
		out = append(out, msg(n))
	}
	return out
}

// consensus is a merge of ballots, which are "who: order" by replies 2 to 5.
func consensus(order []int, ballots ...tree.Ballot) domain.Event {
	return tree.RepliesRanked{Parent: msg(1), Replies: ids([]byte{2, 3, 4, 5}), Order: order, Ballots: ballots}
}

func ballot(by byte, order ...int) tree.Ballot {
	return tree.Ballot{Contributor: person(by), Order: order}
}

func react(message, by byte, emoji domain.Emoji) domain.Event {
	return tree.EmojiAdded{Message: msg(message), Contributor: person(by), Emoji: emoji}
}

func state(to domain.TreeState) domain.Event { return tree.StateChanged{To: to} }

var began = time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)

// names of kinds, as the cases write them.
var names = [boards.Kinds]string{
	"prompt", "assistant", "prompter", "simple", "full", "ranking", "good", "accepted prompt", "accepted assistant",
	"accepted prompter", "first", "second", "third", "flag", "up", "down", "spam", "marks", "free marks",
}

// told writes the deeds of the kinds as "kind subject<other=by@event", with a
// "-" where it does not count; the events are numbered from 1.
func told(rows boardstest.Rows, kinds string) string {
	var out []string
	for _, d := range rows {
		if !slices.Contains(strings.Split(kinds, ", "), names[d.Kind]) {
			continue
		}
		line := fmt.Sprintf("%s %d", names[d.Kind], d.Subject[15])
		if !d.Other.IsZero() {
			line += fmt.Sprintf("<%d", d.Other[15])
		}
		line += fmt.Sprintf("=%d@%d", d.By[15], d.At.Sub(began)/time.Second)
		if !d.Counts {
			line = "-" + line
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

const points = "prompt, assistant, prompter, simple, full, ranking, good, accepted prompt, accepted assistant, accepted prompter, first, second, third"

// Each rule on its own: the deeds of some kinds after a tree's events.
func TestRules(t *testing.T) {
	deleted := tree.MessageDeleted{Message: msg(2), Messages: ids([]byte{2})}
	restored := tree.MessageRestored{Message: msg(2), Messages: ids([]byte{2})}
	allDeleted := tree.MessageDeleted{Message: msg(1), Messages: ids([]byte{1, 2})}
	accepted, rejected, reopened := tree.MessageAccepted{Message: msg(2)}, tree.MessageRejected{Message: msg(2)}, tree.MessageReopened{Message: msg(2)}
	out, in := tree.VotesDiscounted{Contributor: person(8)}, tree.VotesReinstated{Contributor: person(8)}
	notRankable := tree.RankingSubmitted{Parent: msg(1), Contributor: person(8), Order: ids([]byte{2, 3}), NotRankable: true}
	imported := tree.Imported{State: domain.BacklogRanking, Messages: []tree.ImportedMessage{
		{Message: msg(1), Contributor: person(1), Role: domain.Prompter}, {Message: msg(2), Parent: msg(1), Contributor: person(2), Role: domain.Assistant},
	}}
	two := []domain.Event{post(1, 0, 1), post(2, 1, 2)} // events 1 and 2
	five := append(two[:2:2], post(3, 1, 3), post(4, 1, 4), post(5, 1, 5))
	for name, c := range map[string]struct {
		begin, events []domain.Event
		kinds, want   string
	}{
		"messages count for their authors since they were posted": {
			two, []domain.Event{tree.MessagePosted{Message: msg(3), Parent: msg(2), Contributor: person(3), Role: domain.Prompter}},
			points, "assistant 2=2@2, prompt 1=1@1, prompter 3=3@3",
		},
		"deleted ones do not, and stay done": {two, []domain.Event{deleted}, points, "-assistant 2=2@2, prompt 1=1@1"},
		"restored ones do again":             {two, []domain.Event{deleted, restored}, points, "assistant 2=2@2, prompt 1=1@1"},
		"acceptance comes late and counts since the posting": {
			two, []domain.Event{accepted}, "accepted assistant", "accepted assistant 2=2@2",
		},
		"and is taken back by deletion":     {two, []domain.Event{accepted, deleted}, "accepted assistant", ""},
		"and given again by restoration":    {two, []domain.Event{accepted, deleted, restored}, "accepted assistant", "accepted assistant 2=2@2"},
		"what was accepted while deleted":   {two, []domain.Event{deleted, accepted, restored}, "accepted assistant", "accepted assistant 2=2@2"},
		"a decision taken back":             {two, []domain.Event{accepted, reopened}, "accepted assistant", ""},
		"a rejected message was written":    {two, []domain.Event{rejected}, points, "assistant 2=2@2, prompt 1=1@1"},
		"an accepted prompt":                {two, []domain.Event{tree.MessageAccepted{Message: msg(1)}}, "accepted prompt", "accepted prompt 1=1@1"},
		"a full and a simple review":        {two, []domain.Event{task(1, 2, true), task(2, 2, false), label(1, 2, 7), label(2, 2, 8)}, "simple, full", "full 2<7=7@5, simple 2<8=8@6"},
		"reviews of deleted messages count": {two, []domain.Event{task(1, 2, true), label(1, 2, 7), deleted}, "simple, full", "full 2<7=7@4"},
		"free labels earn nothing":          {two, []domain.Event{free(2, 7, "spam", "1")}, "simple, full", ""},
		"one task, one review":              {two, []domain.Event{task(1, 2, true), label(1, 2, 7), label(1, 2, 8)}, "simple, full", "full 2<7=7@4"},
		"a collective task, many": {
			two, []domain.Event{
				tree.TaskAssigned{Task: job(1), Kind: domain.TaskLabelAssistantReply, Message: msg(2), Collective: true, Expires: began.Add(time.Hour)},
				label(1, 2, 7), label(1, 2, 8), tree.TaskClosed{Task: job(1)}, label(1, 2, 9),
			}, "simple, full", "simple 2<7=7@4, simple 2<8=8@5",
		},
		"rankings count, not rankable or not, discounted or not": {
			five, []domain.Event{rank(7, 2, 3), notRankable, out}, "ranking", "ranking 1<7=7@6, ranking 1<8=8@7",
		},
		"places count since the ranking, three of them": {
			five, []domain.Event{rank(7, 3, 2, 5, 4)}, "first, second, third", "first 3<7=3@6, second 2<7=2@6, third 5<7=5@6",
		},
		"not rankable gives no places": {five, []domain.Event{notRankable}, "first, second, third", ""},
		"no places for what is deleted, rejected or gone": {
			five, []domain.Event{rank(7, 2, 3, 4), deleted, tree.MessageRejected{Message: msg(3)}}, "first, second, third", "third 4<7=4@6",
		},
		"places come back": {
			five, []domain.Event{rank(7, 2, 3, 4), deleted, restored, rejected, accepted}, "first, second, third",
			"first 2<7=2@6, second 3<7=3@6, third 4<7=4@6",
		},
		"places of discounted votes":           {five, []domain.Event{rank(8, 2, 3), rank(7, 3, 2), out}, "first, second", "first 3<7=3@7, second 2<7=2@7"},
		"places of reinstated votes":           {five, []domain.Event{rank(8, 2, 3), out, in}, "first, second", "first 2<8=2@6, second 3<8=3@6"},
		"places of votes discounted before":    {five, []domain.Event{out, rank(8, 2, 3)}, "first, second", ""},
		"no ranking is good before any merge":  {five, []domain.Event{rank(7, 2, 3)}, "good", ""},
		"three quarters of the pairs are good": {five, []domain.Event{rank(7, 2, 3, 4, 5), consensus([]int{0, 1, 3, 2}, ballot(7, 0, 1, 2, 3))}, "good", "good 1<7=7@6"},
		"two thirds are not":                   {five, []domain.Event{rank(7, 2, 3, 4), consensus([]int{0, 2, 1}, ballot(7, 0, 1, 2))}, "good", ""},
		"a newer consensus judges anew": {
			five, []domain.Event{rank(7, 2, 3), rank(6, 3, 2), consensus([]int{0, 1}, ballot(7, 0, 1), ballot(6, 1, 0)), consensus([]int{1, 0}, ballot(7, 0, 1), ballot(6, 1, 0))},
			"good", "good 1<6=6@7",
		},
		"with no consensus nothing is good":        {five, []domain.Event{rank(7, 2, 3), consensus(nil, ballot(7, 0, 1))}, "good", ""},
		"a vote that the consensus does not hold":  {five, []domain.Event{rank(7, 2, 3), consensus([]int{0, 1}, ballot(6, 0, 1))}, "good", ""},
		"a discounted vote is not good":            {five, []domain.Event{rank(8, 2, 3), consensus([]int{0, 1}, ballot(8, 0, 1)), out}, "good", ""},
		"not rankable is never good":               {five, []domain.Event{notRankable, consensus([]int{0, 1}, tree.Ballot{Contributor: person(8), Order: []int{0, 1}, NotRankable: true})}, "good", ""},
		"flags and votes count against the author": {two, []domain.Event{react(2, 7, "red_flag"), react(2, 7, "-1"), react(2, 8, "+1"), react(2, 8, "clap")}, "flag, up, down", "down 2<7=2@4, flag 2<7=2@3, up 2<8=2@5"},
		"while they are there":                     {two, []domain.Event{react(2, 7, "+1"), tree.EmojiRemoved{Message: msg(2), Contributor: person(7), Emoji: "+1"}}, "up", ""},
		"since they came back":                     {two, []domain.Event{react(2, 7, "+1"), tree.EmojiRemoved{Message: msg(2), Contributor: person(7), Emoji: "+1"}, react(2, 7, "+1")}, "up", "up 2<7=2@5"},
		"and the message is":                       {two, []domain.Event{react(2, 7, "red_flag"), deleted, react(2, 8, "red_flag")}, "flag", ""},
		"or is again":                              {two, []domain.Event{react(2, 7, "red_flag"), deleted, react(2, 8, "red_flag"), restored}, "flag", "flag 2<7=2@3, flag 2<8=2@5"},
		"a review and a free set of one labeller":  {two, []domain.Event{task(1, 2, true), label(1, 2, 7), free(2, 7), free(2, 7)}, "marks, free marks", "free marks 2<7=2@6, marks 2<7=2@4"},
		"label sets survive an edit":               {two, []domain.Event{free(2, 7), tree.MessageEdited{Message: msg(2), Revision: 1}}, "free marks", "free marks 2<7=2@3"},
		"label sets of a troll, and of no message": {two, []domain.Event{free(2, 8), out, free(2, 8), free(1, 8), free(9, 7)}, "free marks", ""},
		"label sets of deleted messages":           {two, []domain.Event{free(2, 7), deleted, free(2, 8)}, "free marks", ""},
		"a prompt is spam since the abort":         {two, []domain.Event{state(domain.AbortedLowGrade)}, "spam", "spam 1=1@3"},
		"until the tree goes on":                   {two, []domain.Event{state(domain.AbortedLowGrade), state(domain.Growing)}, "spam", ""},
		"and again later":                          {two, []domain.Event{state(domain.AbortedLowGrade), state(domain.Growing), state(domain.AbortedLowGrade)}, "spam", "spam 1=1@5"},
		"a deleted prompt is no spam":              {two, []domain.Event{state(domain.AbortedLowGrade), allDeleted}, "spam", ""},
		"a halted tree is no spam":                 {two, []domain.Event{state(domain.HaltedByModerator)}, "spam", ""},
		"an imported tree gives nothing to its authors, and its rankers their due": {
			[]domain.Event{imported}, []domain.Event{
				accepted, react(2, 7, "+1"), free(2, 7), rank(7, 2, 3), consensus([]int{0, 1}, ballot(7, 0, 1)), deleted, state(domain.AbortedLowGrade),
			},
			points + ", up, marks, free marks, spam", "good 1<7=7@5, ranking 1<7=7@5",
		},
	} {
		rows := boardstest.Rows{}
		fold := boards.New()
		for i, e := range append(slices.Clone(c.begin), c.events...) {
			r := domain.Recorded{Stream: domain.TreeStream(domain.TreeID{15: 1}), Time: began.Add(time.Duration(i+1) * time.Second), Payload: e}
			if err := rows.Apply(fold.Apply(&r, nil)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if diff := cmp.Diff(c.want, told(rows, c.kinds)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
