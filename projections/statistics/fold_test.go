package statistics_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/domaintest"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/statistics"
)

func msg(n byte) domain.MessageID        { return domain.MessageID{0: 1, 15: n} }
func person(n byte) domain.ContributorID { return domain.ContributorID{0: 2, 15: n} }

// inTree and ofPerson put events into a stream.
func inTree(n byte, events ...domain.Event) (out []domain.Recorded) {
	for _, e := range events {
		out = append(out, domain.Recorded{Stream: domain.TreeStream(domain.TreeID(msg(n))), Payload: e})
	}
	return out
}

func ofPerson(n byte, events ...domain.Event) (out []domain.Recorded) {
	for _, e := range events {
		out = append(out, domain.Recorded{Stream: domain.ContributorStream(person(n)), Payload: e})
	}
	return out
}

func posted(id, parent byte) tree.MessagePosted {
	e := tree.MessagePosted{Message: msg(id), Role: domain.Prompter, Language: "en", Text: "t"}
	if parent > 0 {
		e.Parent, e.Role = msg(parent), domain.Assistant
	}
	return e
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// told folds the events and tells the counters that each of them changed:
// those with a new count, once each.
func told(t fataler, fold *statistics.Fold, counts map[projections.Row]int, events ...domain.Recorded) (lines [][]string) {
	t.Helper()
	for i := range events {
		var line []string
		for _, c := range fold.Apply(&events[i], nil) {
			k, n := keyOf(c.Row)
			if c.Gone || counts[k] == n {
				t.Fatalf("%T gives %s %d, gone: %t; it was %d", events[i].Payload, name(k), n, c.Gone, counts[k])
			}
			counts[k] = n
			line = append(line, fmt.Sprintf("%s %d", name(k), n))
		}
		slices.Sort(line)
		lines = append(lines, line)
	}
	return lines
}

type (
	messagesKey struct{ statistics.Messages }
	treesKey    struct{ statistics.Trees }
	consentsKey struct{ statistics.Consents }
)

// keyOf gives a comparable row with a count of 0, and the count.
func keyOf(row projections.Row) (projections.Row, int) {
	switch row := row.(type) {
	case *statistics.Messages:
		k := *row
		k.N = 0
		return messagesKey{k}, row.N
	case *statistics.Trees:
		k := *row
		k.N = 0
		return treesKey{k}, row.N
	case *statistics.Consents:
		return consentsKey{}, row.N
	}
	panic("a row of another view")
}

func (messagesKey) Table() string { return statistics.TableMessages }
func (treesKey) Table() string    { return statistics.TableTrees }
func (consentsKey) Table() string { return statistics.TableConsents }

func name(k projections.Row) string {
	switch k := k.(type) {
	case messagesKey:
		out := k.Language + " " + string(k.Role)
		if k.Synthetic {
			out += " synthetic"
		}
		if k.Deleted {
			out += " deleted"
		}
		return out
	case treesKey:
		return "tree " + k.Language + " " + string(k.State)
	}
	return "consents"
}

func TestRules(t *testing.T) {
	british, machine := posted(2, 1), posted(3, 1)
	british.Language = "en-GB"
	machine.Synthetic = true
	imported := tree.Imported{Language: "de", State: domain.ReadyForExport, Messages: []tree.ImportedMessage{
		{Message: msg(21), Role: domain.Prompter, Language: "de"},
		{Message: msg(22), Parent: msg(21), Role: domain.Assistant, Language: "de", Deleted: true},
		{Message: msg(23), Parent: msg(21), Role: domain.Assistant, Language: "de"},
		{Message: msg(24), Parent: msg(21), Role: domain.Assistant, Language: "de"},
	}}
	both := []domain.MessageID{msg(1), msg(2)}
	for _, c := range []struct {
		name   string
		events []domain.Recorded
		want   [][]string // per event
	}{
		{
			"a tree counts with its prompt, in the state it is in", inTree(1, tree.TaskAssigned{Language: "en"}, tree.Opened{Language: "en"}, posted(1, 0), tree.StateChanged{To: domain.Growing}),
			[][]string{nil, nil, {"en prompter 1", "tree en initial_prompt_review 1"}, {"tree en growing 1", "tree en initial_prompt_review 0"}},
		},
		{
			"messages count in their own language", inTree(1, tree.Opened{Language: "en"}, posted(1, 0), british, machine),
			[][]string{nil, {"en prompter 1", "tree en initial_prompt_review 1"}, {"en-GB assistant 1"}, {"en assistant synthetic 1"}},
		},
		{
			"deletion and restoration move them", inTree(1, tree.Opened{Language: "en"}, posted(1, 0), posted(2, 1), tree.MessageDeleted{Messages: both}, tree.MessageDeleted{Messages: both}, tree.MessageRestored{Messages: both[1:]}),
			[][]string{
				nil, {"en prompter 1", "tree en initial_prompt_review 1"}, {"en assistant 1"},
				{"en assistant 0", "en assistant deleted 1", "en prompter 0", "en prompter deleted 1"}, nil,
				{"en assistant 1", "en assistant deleted 0"},
			},
		},
		{
			"an imported tree counts at once", inTree(21, imported),
			[][]string{{"de assistant 2", "de assistant deleted 1", "de prompter 1", "tree de ready_for_export 1"}},
		},
		{
			"consents count once, until erased", slices.Concat(
				ofPerson(1, contributor.Registered{}, contributor.Consented{Terms: "1"}, contributor.Consented{Terms: "2"}),
				ofPerson(2, contributor.Consented{Terms: "1"}, contributor.Erased{}), ofPerson(3, contributor.Erased{}),
			),
			[][]string{nil, {"consents 1"}, nil, {"consents 2"}, {"consents 1"}, nil},
		},
		{
			"what has no place does not count", inTree(1, posted(1, 0), tree.Opened{Language: "en"}, posted(2, 1), posted(1, 0), posted(1, 0), posted(5, 0), posted(6, 9), tree.MessageDeleted{Messages: []domain.MessageID{msg(6)}}),
			[][]string{nil, nil, nil, {"en prompter 1", "tree en initial_prompt_review 1"}, nil, nil, nil, nil},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, told(t, statistics.New(), map[projections.Row]int{}, c.events...)); diff != "" {
				t.Errorf("rows per event (-want +got):\n%s", diff)
			}
		})
	}
}

// The counters are what counting the messages and trees in the end gives,
// however the streams interleave.
func TestAgreesWithCountingInTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var streams [][]domain.Recorded
		var turns []int
		for n := range rapid.IntRange(1, 4).Draw(t, "trees") {
			root := byte(1 + 8*n)
			events := []domain.Event{tree.Opened{Language: rapid.SampledFrom([]string{"en", "de"}).Draw(t, "language")}}
			for range rapid.IntRange(0, 15).Draw(t, "events") {
				events = append(events, anyEvent(t, root))
			}
			streams = append(streams, inTree(root, events...))
			turns = append(turns, slices.Repeat([]int{n}, len(events))...)
		}
		fold, got, next := statistics.New(), map[projections.Row]int{}, make([]int, len(streams))
		for _, s := range rapid.Permutation(turns).Draw(t, "interleaving") {
			told(t, fold, got, streams[s][next[s]])
			next[s]++
		}
		want := map[projections.Row]int{}
		for _, events := range streams {
			countInTheEnd(events, want)
		}
		for k, n := range got {
			if want[k] != n {
				t.Fatalf("%s is %d, want %d", name(k), n, want[k])
			}
		}
		for k, n := range want {
			if got[k] != n {
				t.Fatalf("%s is %d, want %d", name(k), got[k], n)
			}
		}
	})
}

func anyEvent(t *rapid.T, root byte) domain.Event {
	id := func() byte { return root + rapid.ByteRange(0, 5).Draw(t, "id") }
	ids := func() (out []domain.MessageID) {
		for range rapid.IntRange(1, 3).Draw(t, "ids") {
			out = append(out, msg(id()))
		}
		return out
	}
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return tree.StateChanged{To: rapid.SampledFrom(domain.TreeStates[:3]).Draw(t, "state")}
	case 1:
		return tree.MessageDeleted{Messages: ids()}
	case 2:
		return tree.MessageRestored{Messages: ids()}
	}
	e := posted(id(), 0)
	if e.Message != msg(root) {
		e = posted(e.Message[15], id())
	}
	e.Synthetic = rapid.Bool().Draw(t, "synthetic")
	e.Language = rapid.SampledFrom([]string{"en", "en-GB"}).Draw(t, "own language")
	return e
}

func countInTheEnd(events []domain.Recorded, into map[projections.Row]int) {
	state, language := domain.InitialPromptReview, ""
	messages := map[domain.MessageID]*statistics.Messages{}
	for _, r := range events {
		switch e := r.Payload.(type) {
		case tree.Opened:
			language = e.Language
		case tree.StateChanged:
			state = e.To
		case tree.MessagePosted:
			if messages[e.Message] == nil && (e.Parent.IsZero() || messages[e.Parent] != nil) {
				messages[e.Message] = &statistics.Messages{Language: e.Language, Role: e.Role, Synthetic: e.Synthetic}
			}
		case tree.MessageDeleted:
			for _, id := range e.Messages {
				if m := messages[id]; m != nil {
					m.Deleted = true
				}
			}
		case tree.MessageRestored:
			for _, id := range e.Messages {
				if m := messages[id]; m != nil {
					m.Deleted = false
				}
			}
		}
	}
	for _, m := range messages {
		into[messagesKey{*m}]++
	}
	if len(messages) > 0 {
		into[treesKey{statistics.Trees{Language: language, State: state}}]++
	}
}

func TestTakesAnyEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOf(domaintest.AnyRecorded()).Draw(t, "events")
		told(t, statistics.New(), map[projections.Row]int{}, events...)
	})
}

func TestNames(t *testing.T) {
	if f := statistics.New(); f.Name() != "statistics" || f.Revision() != 1 {
		t.Errorf("%s, revision %d", f.Name(), f.Revision())
	}
}
