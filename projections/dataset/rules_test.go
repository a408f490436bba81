package dataset_test

import (
	"strings"
	"testing"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
	"dendro/projections/dataset"
)

var everything = dataset.Recipe{Variant: dataset.All, Format: dataset.Messages, Deleted: dataset.DeletedInclude}

// Each rule on its own: what is said of message 1 or 2 of a tree after its
// events, as text that its line must hold, or must not hold after a "!".
func TestRules(t *testing.T) {
	start := []domain.Event{tree.Opened{Language: "en"}, posted(1, 0, 1, "A prompt")}
	two := append(start[:2:2], posted(2, 1, 2, "B reply"), posted(3, 1, 3, "C reply"))
	discounted, reinstated := tree.VotesDiscounted{Contributor: person(8)}, tree.VotesReinstated{Contributor: person(8)}
	edited := tree.MessageEdited{Message: msg(1), Text: "A better prompt", Revision: 1}
	up := func(by byte) domain.Event {
		return tree.EmojiAdded{Message: msg(1), Contributor: person(by), Emoji: domain.EmojiUp}
	}
	ranked := func(order ...int) domain.Event {
		return tree.RepliesRanked{Parent: msg(1), Replies: []domain.MessageID{msg(2), msg(3)}, Order: order}
	}
	onlySecond := tree.RepliesRanked{Parent: msg(1), Replies: []domain.MessageID{msg(3)}, Order: []int{0}}
	for name, c := range map[string]struct {
		begin, events []domain.Event
		people        []domain.Recorded
		line          byte
		want          []string
	}{
		"reviews are counted, free labels only averaged": {
			start, []domain.Event{review(1, 8, "spam", "0"), free(1, 9, "spam", "1")}, nil, 1,
			[]string{`"review_count":1`, `"spam":{"value":0.5,"count":2}`},
		},
		"the newest free labels of a contributor count": {
			start, []domain.Event{free(1, 8, "spam", "1"), free(1, 9, "spam", "1"), free(1, 8, "quality", "0.5")}, nil, 1,
			[]string{`"review_count":0`, `"labels":{"spam":{"value":1.0,"count":1},"quality":{"value":0.5,"count":1}}`},
		},
		"a review stands beside the same contributor's free labels": {
			start, []domain.Event{review(1, 8, "spam", "0"), free(1, 8, "spam", "1"), free(1, 8, "spam", "0.5")}, nil, 1,
			[]string{`"review_count":1`, `"spam":{"value":0.25,"count":2}`},
		},
		"an edit voids what was said of the old text": {
			start, []domain.Event{review(1, 8, "spam", "1"), free(1, 9, "humor", "1"), up(4), edited, review(1, 7, "spam", "0")}, nil, 1,
			[]string{`"text":"A better prompt"`, `"review_count":1`, `"labels":{"spam":{"value":0.0,"count":1}}`, `"emojis":{"+1":1}`},
		},
		"an edit alone decides nothing": {
			start, []domain.Event{tree.MessageAccepted{Message: msg(1)}, edited}, nil, 1,
			[]string{`"review_count":0,"review_result":true`},
		},
		"a decision taken back is none": {
			start, []domain.Event{tree.MessageAccepted{Message: msg(1)}, tree.MessageReopened{Message: msg(1)}}, nil, 1,
			[]string{`!review_result`},
		},
		"a rejection shows from three reviews on": {
			start, []domain.Event{review(1, 6, "spam", "1"), review(1, 7, "spam", "1"), review(1, 8, "spam", "1"), tree.MessageRejected{Message: msg(1)}}, nil, 1,
			[]string{`"review_result":false`},
		},
		"and not with two": {
			start, []domain.Event{review(1, 7, "spam", "1"), review(1, 8, "spam", "1"), tree.MessageRejected{Message: msg(1)}}, nil, 1,
			[]string{`!review_result`},
		},
		"discounted votes are out, with the free labels": {
			start, []domain.Event{review(1, 7, "spam", "0"), review(1, 8, "spam", "1"), discounted, free(1, 8, "spam", "1")}, nil, 1,
			[]string{`"review_count":1`, `"spam":{"value":0.0,"count":1}`},
		},
		"reinstated votes are in again": {
			start, []domain.Event{review(1, 8, "spam", "1"), discounted, reinstated}, nil, 1,
			[]string{`"review_count":1`, `"spam":{"value":1.0,"count":1}`},
		},
		"one place per reply of the newest merge": {
			two, []domain.Event{ranked(1, 0), ranked(0, 1)}, nil, 2, []string{`"rank":0`},
		},
		"not rankable means no rank": {
			two, []domain.Event{ranked(1, 0), ranked()}, nil, 2, []string{`!"rank"`},
		},
		"a reply that the newest merge leaves out has no rank": {
			two, []domain.Event{ranked(0, 1), onlySecond}, nil, 2, []string{`!"rank"`},
		},
		"deletions name what they take": {
			two, []domain.Event{tree.MessageDeleted{Message: msg(1), Messages: []domain.MessageID{msg(1), msg(3)}}}, nil, 2,
			[]string{`"deleted":false`},
		},
		"restorations name what they bring back": {
			two, []domain.Event{
				tree.MessageDeleted{Message: msg(1), Messages: []domain.MessageID{msg(1), msg(2), msg(3)}},
				tree.MessageRestored{Message: msg(1), Messages: []domain.MessageID{msg(1), msg(2)}},
			}, nil, 2, []string{`"deleted":false`},
		},
		"the newest scores stand": {
			start, []domain.Event{
				tree.MessageScored{Message: msg(1), Scores: []tree.Score{{Name: "threat", Value: dec("0.5")}}},
				tree.MessageScored{Message: msg(1), Scores: []tree.Score{{Name: "obscene", Value: dec("1")}}},
			}, nil, 1, []string{`"detoxify":{"obscene":1.0}`},
		},
		"merged accounts are one contributor": {
			start, []domain.Event{up(1), up(2), free(1, 1, "spam", "1"), free(1, 2, "spam", "0")},
			told(domain.ContributorStream(person(1)), contributor.Merged{From: person(1), Into: person(2)}, contributor.Merged{From: person(2), Into: person(3)}), 1,
			[]string{`"user_id":"00000000-0000-0000-0000-000000000003"`, `"+1":1`, `"spam":{"value":0.0,"count":1}`},
		},
		"of merged accounts, the newest free labels that are not discounted count": {
			start, []domain.Event{free(1, 7, "spam", "0.5"), free(1, 8, "spam", "1"), discounted},
			told(domain.ContributorStream(person(7)), contributor.Merged{From: person(7), Into: person(8)}), 1,
			[]string{`"spam":{"value":0.5,"count":1}`},
		},
		"accounts merged in a circle are one contributor": {
			start, nil,
			told(domain.ContributorStream(person(1)), contributor.Merged{From: person(1), Into: person(4)}, contributor.Merged{From: person(4), Into: person(3)}, contributor.Merged{From: person(3), Into: person(4)}), 1,
			[]string{`"user_id":"00000000-0000-0000-0000-000000000003"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			events := append(tree1(1, append(c.begin[:len(c.begin):len(c.begin)], c.events...)...), c.people...)
			line := lineOf(write(everything, folded(events)), msg(c.line))
			for _, want := range c.want {
				not, negated := strings.CutPrefix(want, "!")
				if strings.Contains(line, not) == negated {
					t.Errorf("want %s in\n%s", want, line)
				}
			}
		})
	}
}

func lineOf(lines string, id domain.MessageID) string {
	for line := range strings.Lines(lines) {
		if strings.HasPrefix(line, `{"message_id":"`+id.String()) {
			return line
		}
	}
	return ""
}

// What an erased contributor wrote, under any account, is in no dataset, nor
// what hangs below it; the votes stay.
func TestErasedContributorsAreOut(t *testing.T) {
	events := tree1(1, tree.Opened{Language: "en"}, posted(1, 0, 1, "kept"), posted(2, 1, 2, "gone"), posted(3, 2, 3, "below"),
		posted(4, 1, 4, "stays"), review(1, 2, "spam", "0"))
	events = append(events, told(domain.ContributorStream(person(2)), contributor.Merged{From: person(2), Into: person(9)})...)
	events = append(events, told(domain.ContributorStream(person(9)), contributor.Erased{})...)
	fold := folded(events)
	got := write(everything, fold)
	if strings.Contains(got, "gone") || strings.Contains(got, "below") || !strings.Contains(got, "stays") || !strings.Contains(got, `"review_count":1`) {
		t.Errorf("after the erasure there is\n%s", got)
	}
	if ids := dataset.Read(everything, fold).Erasures(); len(ids) != 1 || ids[0] != person(9) {
		t.Errorf("the erasures are %v", ids)
	}
}

// Siblings stand by rank, unranked ones last, then by time, then by id; trees
// by the time of their root, then by id.
func TestOrder(t *testing.T) {
	same := func(n byte) domain.Recorded { // all at one time
		return domain.Recorded{Stream: domain.TreeStream(domain.TreeID(msg(n))), Payload: posted(n, 0, 1, "root")}
	}
	reply := func(n byte, at int) domain.Recorded {
		r := domain.Recorded{Stream: domain.TreeStream(domain.TreeID(msg(1))), Payload: posted(n, 1, 1, "reply")}
		r.Time = r.Time.AddDate(0, 0, at)
		return r
	}
	merge := domain.Recorded{Stream: domain.TreeStream(domain.TreeID(msg(1))), Payload: tree.RepliesRanked{
		Parent: msg(1), Replies: []domain.MessageID{msg(14), msg(15)}, Order: []int{1, 0},
	}}
	fold := folded([]domain.Recorded{same(2), same(1), same(3), reply(14, 0), reply(15, 3), reply(12, 2), reply(11, 1), reply(10, 2), merge})
	var got []domain.MessageID
	for row, err := range dataset.ReadRows(strings.NewReader(write(everything, fold))) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row.Message)
	}
	want := []byte{1, 15, 14, 11, 10, 12, 2, 3}
	for i, n := range want {
		if i >= len(got) || got[i] != msg(n) {
			t.Fatalf("the order is %v, want %v", got, want)
		}
	}
}
