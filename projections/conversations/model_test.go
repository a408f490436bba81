package conversations_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/domaintest"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/conversations"
)

// plainly reads a view off the events by looking, for every message and every
// thing that is said of it, at all events of its tree again.
func plainly(events []domain.Recorded) map[key]projections.Row {
	out := map[key]projections.Row{}
	var streams []domain.StreamID
	for _, r := range events {
		if !slices.Contains(streams, r.Stream) {
			streams = append(streams, r.Stream)
		}
	}
	for _, s := range streams {
		p := plain{}
		p.id, _ = s.Tree()
		for _, r := range events {
			if r.Stream == s {
				p.events = append(p.events, r)
			}
		}
		for _, row := range p.rows() {
			out[keyOf(row)] = row
		}
	}
	return out
}

// plain is one tree's events.
type plain struct {
	id     domain.TreeID
	events []domain.Recorded
}

func (p *plain) rows() (out []projections.Row) {
	t := &conversations.Tree{ID: p.id}
	for _, r := range p.events {
		switch e := r.Payload.(type) {
		case tree.Opened:
			t.Language, t.State = e.Language, domain.InitialPromptReview
			t.Goal, t.MaxDepth, t.MaxChildren = e.Limits.Goal, e.Limits.MaxDepth, e.Limits.MaxChildren
		case tree.Imported:
			t.Language, t.State, t.Origin = e.Language, e.State, e.Origin
		case tree.StateChanged:
			t.State = e.To
		}
	}
	var messages []conversations.Message
	for i, r := range p.events {
		switch e := r.Payload.(type) {
		case tree.MessagePosted:
			out, messages = p.arrive(out, messages, i, tree.ImportedMessage{}, conversations.Message{
				ID: e.Message, Tree: p.id, Parent: e.Parent, Author: e.Contributor, Client: e.Client, Task: e.Task, FrontendID: e.FrontendID,
				Role: e.Role, Text: e.Text, Language: e.Language, Created: r.Time, Synthetic: e.Synthetic, Model: e.Model,
			})
		case tree.Imported:
			for _, m := range e.Messages {
				out, messages = p.arrive(out, messages, i, m, conversations.Message{
					ID: m.Message, Tree: p.id, Parent: m.Parent, Author: m.Contributor, Role: m.Role, Text: m.Text, Language: m.Language,
					Created: m.Created, Result: m.Result, Ranked: m.Ranked, Rank: m.Rank, Deleted: m.Deleted, Synthetic: m.Synthetic, Model: m.Model,
				})
			}
		}
	}
	if len(messages) == 0 {
		return out
	}
	for _, m := range messages {
		if !m.Deleted {
			t.Count++
			t.Depth = max(t.Depth, m.Depth)
			t.Oldest = slices.MinFunc(times(t.Oldest, m.Created), time.Time.Compare)
			t.Youngest = slices.MaxFunc(times(t.Youngest, m.Created), time.Time.Compare)
		}
	}
	return append(out, t)
}

// times leaves out the zero one.
func times(all ...time.Time) []time.Time { return slices.DeleteFunc(all, time.Time.IsZero) }

// arrive reads all of a message that comes with event i, unless it has no place.
func (p *plain) arrive(out []projections.Row, there []conversations.Message, i int, im tree.ImportedMessage, m conversations.Message) ([]projections.Row, []conversations.Message) {
	at := func(id domain.MessageID) int {
		return slices.IndexFunc(there, func(o conversations.Message) bool { return o.ID == id })
	}
	if at(m.ID) >= 0 || m.Parent.IsZero() != (len(there) == 0) || !m.Parent.IsZero() && at(m.Parent) < 0 {
		return out, there
	}
	if !m.Parent.IsZero() {
		m.Depth = there[at(m.Parent)].Depth + 1
	}
	later := p.events[i+1:]
	revisions := []*conversations.Revision{{Message: m.ID, Text: m.Text, Event: p.events[i].ID, Created: m.Created}}
	if !m.Author.IsZero() {
		revisions[0].Actor = domain.ByContributor(m.Author)
	}
	m.Reviews = im.ReviewCount
	sets := map[domain.ContributorID]uint16{}
	for _, r := range later {
		switch e := r.Payload.(type) {
		case tree.MessageAccepted:
			m.Result = pick(e.Message == m.ID, tree.Accepted, m.Result)
		case tree.MessageRejected:
			m.Result = pick(e.Message == m.ID, tree.Rejected, m.Result)
		case tree.MessageReopened:
			m.Result = pick(e.Message == m.ID, tree.Undecided, m.Result)
		case tree.MessageDeleted:
			m.Deleted = pick(slices.Contains(e.Messages, m.ID), true, m.Deleted)
		case tree.MessageRestored:
			m.Deleted = pick(slices.Contains(e.Messages, m.ID), false, m.Deleted)
		case tree.MessageEdited:
			if e.Message == m.ID {
				m.Text, m.Edited, m.Reviews = e.Text, true, 0
				revisions = append(revisions, &conversations.Revision{Message: m.ID, Number: e.Revision, Text: e.Text, Event: r.ID, Actor: r.Actor, Created: r.Time})
			}
		case tree.LabelsSubmitted:
			if e.Message == m.ID && !e.Task.IsZero() && p.counts(e.Contributor) {
				m.Reviews++
			}
		case tree.RankingSubmitted:
			if e.Parent == m.Parent && !e.NotRankable && slices.Contains(e.Order, m.ID) && p.counts(e.Contributor) {
				m.Rankings++
			}
		case tree.RepliesRanked:
			if e.Parent == m.Parent && !m.Parent.IsZero() {
				m.Ranked, m.Rank = false, 0
				for place, j := range e.Order {
					if e.Replies[j] == m.ID {
						m.Ranked, m.Rank = true, place
					}
				}
			}
		case tree.EmojiAdded:
			if e.Message == m.ID {
				sets[e.Contributor] |= 1 << e.Emoji.Index()
			}
		case tree.EmojiRemoved:
			if e.Message == m.ID {
				sets[e.Contributor] &^= 1 << e.Emoji.Index()
			}
		}
	}
	for by, set := range sets {
		if set != 0 {
			out = append(out, &conversations.Reaction{Message: m.ID, By: by, Emojis: set})
		}
	}
	for bit, emoji := range domain.Emojis {
		n := 0
		for _, c := range im.Emojis {
			n += pick(c.Emoji == emoji, c.Count, 0)
		}
		for _, set := range sets {
			n += int(set >> bit & 1)
		}
		if n > 0 {
			m.Emojis = append(m.Emojis, tree.EmojiCount{Emoji: emoji, Count: n})
		}
	}
	if len(revisions) > 1 {
		for _, r := range revisions {
			out = append(out, r)
		}
	}
	return append(out, &m), append(there, m)
}

// counts reports whether the contributor's votes count in the end.
func (p *plain) counts(by domain.ContributorID) bool {
	counts := true
	for _, r := range p.events {
		switch e := r.Payload.(type) {
		case tree.VotesDiscounted:
			counts = counts && e.Contributor != by
		case tree.VotesReinstated:
			counts = counts || e.Contributor == by
		}
	}
	return counts
}

func pick[T any](when bool, yes, no T) T {
	if when {
		return yes
	}
	return no
}

// history draws the events of a few trees, in the order of one partition each:
// mostly what an aggregate could write, and some things that none would.
func history(t *rapid.T) (partitions [][]domain.Recorded) {
	n := 0
	for tr := range rapid.IntRange(1, 3).Draw(t, "trees") {
		d := drawer{t, byte(1 + 16*tr)}
		events := []domain.Event{d.first()}
		for range rapid.IntRange(0, 40).Draw(t, "events") {
			events = append(events, d.next())
		}
		var out []domain.Recorded
		for i, e := range events {
			n++
			out = append(out, domain.Recorded{
				ID: eventID(n), Stream: domain.TreeStream(domain.TreeID(msg(d.root))), Version: domain.Version(i + 1), Actor: domain.ByModerator("m"),
				Time: epoch.Add(time.Duration(i/3) * time.Second), Payload: e,
			})
		}
		partitions = append(partitions, out)
	}
	return partitions
}

type drawer struct {
	*rapid.T
	root byte
}

func (d drawer) below(n int) int { return rapid.IntRange(0, n-1).Draw(d.T, "n") }

// message is one of seven, of which the prompt is the first.
func (d drawer) message() domain.MessageID { return msg(d.root + byte(d.below(7))) }

func (d drawer) messages() (out []domain.MessageID) {
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 0, 5, rapid.ID).Draw(d.T, "messages") {
		out = append(out, msg(d.root+byte(i)))
	}
	return out
}

func (d drawer) person() domain.ContributorID { return person(byte(1 + d.below(4))) }

func (d drawer) emoji() domain.Emoji { return domain.Emojis[d.below(4)] }

func (d drawer) first() domain.Event {
	if d.below(4) > 0 {
		return tree.Opened{Language: "en", Limits: tree.Limits{Goal: d.below(12), MaxDepth: d.below(5), MaxChildren: d.below(3)}}
	}
	e := tree.Imported{Language: "de", State: domain.BacklogRanking, Origin: "elsewhere"}
	for i, id := range append([]domain.MessageID{msg(d.root)}, d.messages()...) {
		m := tree.ImportedMessage{
			Message: id, Contributor: d.person(), Role: domain.Prompter, Text: fmt.Sprint("imported ", i), Language: "de",
			Created: epoch.Add(time.Duration(d.below(9)-4) * time.Hour), ReviewCount: d.below(4), Result: tree.Result(d.below(3) - 1),
			Deleted: d.below(5) == 0, Ranked: i > 1, Rank: max(i-2, 0), Synthetic: d.below(5) == 0,
			Emojis: []tree.EmojiCount{{Emoji: d.emoji(), Count: d.below(3)}, {Emoji: d.emoji(), Count: d.below(3)}},
		}
		if i > 0 {
			m.Parent = d.message()
		}
		e.Messages = append(e.Messages, m)
	}
	return e
}

func (d drawer) next() domain.Event {
	switch d.below(14) {
	default:
		e := tree.MessagePosted{
			Message: d.message(), Task: task(byte(d.below(9))), Contributor: d.person(), Client: client(byte(d.below(3))), Role: domain.Prompter,
			Text: fmt.Sprint("text ", d.below(100)), Language: "en", FrontendID: fmt.Sprint(d.below(9)), Synthetic: d.below(5) == 0,
		}
		if e.Message != msg(d.root) || d.below(5) == 0 {
			e.Parent, e.Role = d.message(), domain.Assistant
		}
		return e
	case 3:
		return tree.LabelsSubmitted{Message: d.message(), Task: task(byte(d.below(2))), Contributor: d.person()}
	case 4:
		return []domain.Event{
			tree.MessageAccepted{Message: d.message()}, tree.MessageRejected{Message: d.message()}, tree.MessageReopened{Message: d.message()},
		}[d.below(3)]
	case 5:
		return tree.RankingSubmitted{Parent: d.message(), Task: task(1), Contributor: d.person(), Order: append(d.messages(), d.messages()...), NotRankable: d.below(4) == 0}
	case 6:
		e := tree.RepliesRanked{Parent: d.message(), Replies: d.messages()}
		if d.below(4) > 0 {
			e.Order = rapid.Permutation(upTo(len(e.Replies))).Draw(d.T, "order")
		}
		return e
	case 7, 8:
		return tree.EmojiAdded{Message: d.message(), Contributor: d.person(), Emoji: d.emoji()}
	case 9:
		return tree.EmojiRemoved{Message: d.message(), Contributor: d.person(), Emoji: d.emoji()}
	case 10:
		return tree.MessageEdited{Message: d.message(), Text: fmt.Sprint("edited ", d.below(100)), Revision: 1 + d.below(1000)}
	case 11:
		return tree.MessageDeleted{Messages: d.messages()}
	case 12:
		return tree.MessageRestored{Messages: d.messages()}
	case 13:
		return []domain.Event{
			tree.VotesDiscounted{Contributor: d.person()}, tree.VotesReinstated{Contributor: d.person()},
			tree.StateChanged{To: domain.TreeStates[d.below(4)]},
		}[d.below(3)]
	}
}

func upTo(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

// The rows are what the plain reading says, however the partitions interleave.
func TestAgreesWithThePlainReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		partitions := history(t)
		var turns []int
		for p, events := range partitions {
			for range events {
				turns = append(turns, p)
			}
		}
		var events []domain.Recorded
		next := make([]int, len(partitions))
		for _, p := range rapid.Permutation(turns).Draw(t, "interleaving") {
			events = append(events, partitions[p][next[p]])
			next[p]++
		}
		got := folded(t, events...).rows
		if diff := gocmp.Diff(plainly(slices.Concat(partitions...)), got); diff != "" {
			t.Fatalf("rows (-plain reading +fold):\n%s", diff)
		}
	})
}

// Whatever the events, nothing breaks.
func TestTakesAnyEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOf(domaintest.AnyRecorded()).Draw(t, "events")
		fold := conversations.New()
		for i := range events {
			fold.Apply(&events[i], nil)
		}
	})
}

// Messages are found whatever the order of their ids.
func TestMessagesInAnyOrderOfIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.ByteRange(2, 250), 1, 60, rapid.ID).Draw(t, "ids")
		events := []domain.Event{tree.Opened{Language: "en"}, posted(1, 0, 1)}
		for _, id := range ids {
			events = append(events, posted(id, 1, 2), tree.MessageAccepted{Message: msg(id)})
		}
		got := folded(t, recorded(events...)...).of(conversations.TableMessages)
		slices.SortFunc(got, func(a, b projections.Row) int { x, y := keyOf(a).id, keyOf(b).id; return cmp.Compare(x[15], y[15]) })
		if len(got) != len(ids)+1 {
			t.Fatalf("%d messages, want %d", len(got), len(ids)+1)
		}
		for _, row := range got[1:] {
			if m := row.(*conversations.Message); m.Result != tree.Accepted || !slices.Contains(ids, m.ID[15]) {
				t.Fatalf("message %d: %s", m.ID[15], tell(m))
			}
		}
	})
}

// An edit that leaves the text is a revision, and changes nothing else.
func TestEditThatLeavesTheText(t *testing.T) {
	var events []domain.Recorded
	for i, e := range []domain.Event{
		tree.Opened{Language: "en"}, tree.MessagePosted{Message: msg(1), Contributor: person(1), Role: domain.Prompter, Text: "a", Language: "en"},
		tree.MessageEdited{Message: msg(1), Text: "b", Revision: 1}, tree.MessageEdited{Message: msg(1), Text: "b", Revision: 2},
	} {
		events = append(events, domain.Recorded{
			ID: eventID(i + 1), Stream: domain.TreeStream(domain.TreeID(msg(1))), Version: domain.Version(i + 1), Actor: domain.ByModerator("m"), Time: epoch, Payload: e,
		})
	}
	if diff := gocmp.Diff(plainly(events), folded(t, events...).rows); diff != "" {
		t.Errorf("rows (-plain reading +fold):\n%s", diff)
	}
}
