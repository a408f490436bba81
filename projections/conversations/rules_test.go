package conversations_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/conversations"
)

func posted(id, parent byte, by byte) tree.MessagePosted {
	e := tree.MessagePosted{
		Message: msg(id), Task: task(id), Contributor: person(by), Client: client(1), Role: domain.Prompter,
		Text: fmt.Sprint("text ", id), Language: "en", FrontendID: fmt.Sprint("f", id),
	}
	if parent > 0 {
		e.Parent, e.Role = msg(parent), domain.Assistant
	}
	return e
}

func review(of, by byte) domain.Event {
	return tree.LabelsSubmitted{Message: msg(of), Task: task(100 + by), Contributor: person(by)}
}

func ranking(by byte, parent byte, replies ...byte) tree.RankingSubmitted {
	e := tree.RankingSubmitted{Parent: msg(parent), Task: task(200 + by), Contributor: person(by)}
	for _, r := range replies {
		e.Order = append(e.Order, msg(r))
	}
	return e
}

func ranked(parent byte, replies ...byte) tree.RepliesRanked {
	e := tree.RepliesRanked{Parent: msg(parent)}
	for i, r := range replies {
		e.Replies, e.Order = append(e.Replies, msg(r)), append(e.Order, i)
	}
	return e
}

func react(on, by byte, emoji domain.Emoji) domain.Event {
	return tree.EmojiAdded{Message: msg(on), Contributor: person(by), Emoji: emoji}
}

// tell writes what may change of a message as words.
func tell(m *conversations.Message) string {
	if m == nil {
		return "none"
	}
	out := []string{m.Text, fmt.Sprint("depth ", m.Depth)}
	add := func(when bool, what ...any) {
		if when {
			out = append(out, fmt.Sprint(what...))
		}
	}
	add(m.Result == tree.Accepted, "accepted")
	add(m.Result == tree.Rejected, "rejected")
	add(m.Reviews > 0, "reviews ", m.Reviews)
	add(m.Rankings > 0, "rankings ", m.Rankings)
	add(m.Ranked, "rank ", m.Rank)
	add(m.Deleted, "deleted")
	add(m.Edited, "edited")
	for _, e := range m.Emojis {
		out = append(out, fmt.Sprint(e.Emoji, " ", e.Count))
	}
	return strings.Join(out, ", ")
}

func TestMessageRules(t *testing.T) {
	start := []domain.Event{tree.Opened{Language: "en"}, posted(1, 0, 1), posted(2, 1, 2), posted(3, 1, 3), posted(4, 2, 4)}
	troll, back := tree.VotesDiscounted{Contributor: person(8)}, tree.VotesReinstated{Contributor: person(8)}
	edited := tree.MessageEdited{Message: msg(2), Text: "better", Revision: 1}
	unrankable := ranking(9, 1, 2, 3)
	unrankable.NotRankable = true
	undo := tree.EmojiRemoved{Message: msg(2), Contributor: person(9), Emoji: domain.EmojiUp}
	for name, c := range map[string]struct {
		events []domain.Event
		want   string // of message 2
	}{
		"a reply":                               {nil, "text 2, depth 1"},
		"accepted":                              {[]domain.Event{tree.MessageAccepted{Message: msg(2)}}, "text 2, depth 1, accepted"},
		"rejected":                              {[]domain.Event{tree.MessageRejected{Message: msg(2)}}, "text 2, depth 1, rejected"},
		"open again":                            {[]domain.Event{tree.MessageAccepted{Message: msg(2)}, tree.MessageReopened{Message: msg(2)}}, "text 2, depth 1"},
		"reviews count":                         {[]domain.Event{review(2, 8), review(2, 9), review(3, 7)}, "text 2, depth 1, reviews 2"},
		"free labels are no review":             {[]domain.Event{tree.LabelsSubmitted{Message: msg(2), Contributor: person(9)}}, "text 2, depth 1"},
		"discounted reviews do not count":       {[]domain.Event{review(2, 8), review(2, 9), troll}, "text 2, depth 1, reviews 1"},
		"nor do those that come later":          {[]domain.Event{troll, review(2, 8), review(2, 9)}, "text 2, depth 1, reviews 1"},
		"until they are reinstated":             {[]domain.Event{review(2, 8), troll, review(2, 9), back}, "text 2, depth 1, reviews 2"},
		"discounting twice is once":             {[]domain.Event{review(2, 8), review(2, 9), troll, troll}, "text 2, depth 1, reviews 1"},
		"an edit voids reviews, not the result": {[]domain.Event{review(2, 9), tree.MessageAccepted{Message: msg(2)}, edited}, "better, depth 1, accepted, edited"},
		"reviews of the new text count":         {[]domain.Event{review(2, 9), edited, review(2, 7)}, "better, depth 1, reviews 1, edited"},
		"voided reviews stay void":              {[]domain.Event{review(2, 8), troll, edited, back}, "better, depth 1, edited"},
		"rankings that contain it count":        {[]domain.Event{ranking(7, 1, 3, 2), ranking(8, 1, 3), ranking(9, 1, 2)}, "text 2, depth 1, rankings 2"},
		"one ranking counts once":               {[]domain.Event{ranking(9, 1, 2, 2)}, "text 2, depth 1, rankings 1"},
		"not rankable is no ranking":            {[]domain.Event{unrankable}, "text 2, depth 1"},
		"discounted rankings do not count":      {[]domain.Event{ranking(8, 1, 2, 3), ranking(9, 1, 2, 3), troll}, "text 2, depth 1, rankings 1"},
		"reinstated rankings do":                {[]domain.Event{troll, ranking(8, 1, 2, 3), back}, "text 2, depth 1, rankings 1"},
		"a ranking of others is none":           {[]domain.Event{ranking(8, 2, 4)}, "text 2, depth 1"},
		"a merge ranks":                         {[]domain.Event{ranked(1, 3, 2)}, "text 2, depth 1, rank 1"},
		"the first is 0":                        {[]domain.Event{ranked(1, 2, 3)}, "text 2, depth 1, rank 0"},
		"a later merge replaces it":             {[]domain.Event{ranked(1, 3, 2), ranked(1, 2, 3)}, "text 2, depth 1, rank 0"},
		"also when it is not in it any more":    {[]domain.Event{ranked(1, 2, 3), ranked(1, 3)}, "text 2, depth 1"},
		"no order, no rank":                     {[]domain.Event{ranked(1, 2, 3), tree.RepliesRanked{Parent: msg(1), Replies: []domain.MessageID{msg(2), msg(3)}}}, "text 2, depth 1"},
		"a merge below is another's":            {[]domain.Event{ranked(1, 2, 3), ranked(2, 4)}, "text 2, depth 1, rank 0"},
		"reactions in their order":              {[]domain.Event{react(2, 9, "skull"), react(2, 9, "+1"), react(2, 8, "skull")}, "text 2, depth 1, +1 1, skull 2"},
		"a reaction once":                       {[]domain.Event{react(2, 9, "+1"), react(2, 9, "+1")}, "text 2, depth 1, +1 1"},
		"a reaction taken back":                 {[]domain.Event{react(2, 9, "+1"), react(2, 8, "+1"), undo, undo}, "text 2, depth 1, +1 1"},
		"the last one taken back":               {[]domain.Event{react(2, 9, "+1"), undo}, "text 2, depth 1"},
		"reactions stay on an edited text":      {[]domain.Event{react(2, 9, "+1"), edited}, "better, depth 1, edited, +1 1"},
		"deleted":                               {[]domain.Event{deleted(2, 4)}, "text 2, depth 1, deleted"},
		"restored":                              {[]domain.Event{deleted(2, 4), tree.MessageRestored{Messages: []domain.MessageID{msg(2), msg(4)}}}, "text 2, depth 1"},
		"posted twice is once":                  {[]domain.Event{posted(2, 3, 9)}, "text 2, depth 1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tell(folded(t, recorded(append(start[:len(start):len(start)], c.events...)...)...).message(msg(2))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func deleted(ids ...byte) tree.MessageDeleted {
	e := tree.MessageDeleted{Message: msg(ids[0])}
	for _, id := range ids {
		e.Messages = append(e.Messages, msg(id))
	}
	return e
}

func TestPostedMessage(t *testing.T) {
	e := posted(2, 1, 2)
	e.Synthetic, e.Model, e.Language = true, "a model", "en-GB"
	got := folded(t, recorded(tree.Opened{Language: "en"}, posted(1, 0, 1), e)...).message(msg(2))
	want := &conversations.Message{
		ID: msg(2), Tree: domain.TreeID(msg(1)), Parent: msg(1), Author: person(2), Client: client(1), Task: task(2),
		FrontendID: "f2", Role: domain.Assistant, Text: "text 2", Language: "en-GB", Depth: 1, Created: minute(2),
		Synthetic: true, Model: "a model",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestTreeRules(t *testing.T) {
	opened := tree.Opened{Language: "de", Limits: tree.Limits{Goal: 12, MaxDepth: 3, MaxChildren: 2, PrompterReplies: 1}}
	start := []domain.Event{tree.TaskAssigned{Task: task(1), Language: "de"}, opened, posted(1, 0, 1), posted(2, 1, 2), posted(3, 2, 3)}
	base := conversations.Tree{
		ID: domain.TreeID(msg(1)), Language: "de", State: domain.InitialPromptReview, Goal: 12, MaxDepth: 3, MaxChildren: 2,
		Depth: 2, Count: 3, Oldest: minute(2), Youngest: minute(4),
	}
	with := func(change func(*conversations.Tree)) *conversations.Tree {
		out := base
		change(&out)
		return &out
	}
	for name, c := range map[string]struct {
		events []domain.Event
		want   *conversations.Tree
	}{
		"a task is no tree":     {start[:1], nil},
		"nor is an opened one":  {append(start[:2:2], tree.StateChanged{To: domain.Growing}), nil},
		"a prompt and replies":  {start, &base},
		"its state":             {append(start[:5:5], tree.StateChanged{To: domain.Growing}), with(func(t *conversations.Tree) { t.State = domain.Growing })},
		"without the deepest":   {append(start[:5:5], deleted(3)), with(func(t *conversations.Tree) { t.Depth, t.Count, t.Youngest = 1, 2, minute(3) })},
		"without the oldest":    {append(start[:5:5], deleted(1)), with(func(t *conversations.Tree) { t.Count, t.Oldest = 2, minute(3) })},
		"without any":           {append(start[:5:5], deleted(1, 2, 3)), with(func(t *conversations.Tree) { t.Depth, t.Count, t.Oldest, t.Youngest = 0, 0, time.Time{}, time.Time{} })},
		"with all of them back": {append(start[:5:5], deleted(1, 2, 3), tree.MessageRestored{Messages: []domain.MessageID{msg(1), msg(2), msg(3)}}), &base},
		"a reply to nothing":    {append(start[:5:5], posted(5, 9, 1), posted(6, 0, 1)), &base},
	} {
		t.Run(name, func(t *testing.T) {
			got := folded(t, recorded(c.events...)...).tree(domain.TreeID(msg(1)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
		})
	}
}

func TestImportedTree(t *testing.T) {
	long := time.Date(2023, 1, 2, 3, 4, 5, 6_000, time.UTC)
	imported := tree.Imported{Language: "es", State: domain.ReadyForExport, Origin: "oasst1", Messages: []tree.ImportedMessage{
		{Message: msg(1), Contributor: person(1), Role: domain.Prompter, Text: "text 1", Language: "es", Created: long, ReviewCount: 3, Result: tree.Accepted},
		{
			Message: msg(2), Parent: msg(1), Role: domain.Assistant, Text: "text 2", Language: "es", Created: long.Add(time.Hour),
			ReviewCount: 2, Result: tree.Rejected, Ranked: true, Rank: 1, Synthetic: true, Model: "m",
			Emojis: []tree.EmojiCount{{Emoji: "skull", Count: 1}, {Emoji: "+1", Count: 4}, {Emoji: "poop", Count: 0}},
		},
		{Message: msg(3), Parent: msg(2), Role: domain.Prompter, Text: "text 3", Language: "es", Created: long.Add(-time.Hour), Deleted: true},
	}}
	got := folded(t, recorded(imported, review(2, 9), react(2, 9, "+1"), react(2, 8, "skull"),
		tree.EmojiRemoved{Message: msg(2), Contributor: person(8), Emoji: "skull"})...)
	if diff := cmp.Diff(&conversations.Tree{
		ID: domain.TreeID(msg(1)), Language: "es", State: domain.ReadyForExport, Origin: "oasst1",
		Depth: 1, Count: 2, Oldest: long, Youngest: long.Add(time.Hour),
	}, got.tree(domain.TreeID(msg(1)))); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&conversations.Message{
		ID: msg(2), Tree: domain.TreeID(msg(1)), Parent: msg(1), Role: domain.Assistant, Text: "text 2", Language: "es", Depth: 1,
		Created: long.Add(time.Hour), Result: tree.Rejected, Reviews: 3, Ranked: true, Rank: 1, Synthetic: true, Model: "m",
		Emojis: []tree.EmojiCount{{Emoji: "+1", Count: 5}, {Emoji: "skull", Count: 1}},
	}, got.message(msg(2))); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if m := got.message(msg(3)); !m.Deleted || m.Depth != 2 {
		t.Errorf("message 3: %s", tell(m))
	}
}

func TestRevisions(t *testing.T) {
	got := folded(t, recorded(
		tree.Opened{Language: "en"}, posted(1, 0, 1), posted(2, 1, 2),
		tree.MessageEdited{Message: msg(2), Text: "better", Revision: 1}, tree.MessageEdited{Message: msg(2), Text: "best", Revision: 2},
	)...)
	if n := len(got.of(conversations.TableRevisions)); n != 3 {
		t.Errorf("%d revisions, want 3: of the edited message only", n)
	}
	for n, want := range []*conversations.Revision{
		{Message: msg(2), Number: 0, Text: "text 2", Event: eventID(2), Actor: domain.ByContributor(person(2)), Created: minute(2)},
		{Message: msg(2), Number: 1, Text: "better", Event: eventID(3), Actor: domain.ByModerator("m"), Created: minute(3)},
		{Message: msg(2), Number: 2, Text: "best", Event: eventID(4), Actor: domain.ByModerator("m"), Created: minute(4)},
	} {
		row := got.rows[key{table: conversations.TableRevisions, id: msg(2), number: n}]
		if diff := cmp.Diff(want, row); diff != "" {
			t.Errorf("revision %d (-want +got):\n%s", n, diff)
		}
	}
}

func TestReactions(t *testing.T) {
	bit := func(e domain.Emoji) uint16 { return 1 << e.Index() }
	events := []domain.Event{
		tree.Opened{Language: "en"}, posted(1, 0, 1), react(1, 9, "+1"), react(1, 9, "skull"), react(1, 8, "-1"),
		tree.EmojiRemoved{Message: msg(1), Contributor: person(8), Emoji: "-1"},
	}
	got := folded(t, recorded(events...)...)
	want := []any{&conversations.Reaction{Message: msg(1), By: person(9), Emojis: bit("+1") | bit("skull")}}
	if rows := got.of(conversations.TableReactions); !cmp.Equal(want, anys(rows)) {
		t.Errorf("reactions (-want +got):\n%s", cmp.Diff(want, anys(rows)))
	}
}

func anys[T any](list []T) (out []any) {
	for _, x := range list {
		out = append(out, x)
	}
	return out
}
