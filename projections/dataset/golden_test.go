package dataset_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/tree"
	"dendro/projections/dataset"
)

var update = flag.Bool("update", false, "write the golden files anew; look at what changed before you keep it")

// The people and messages of the small history, by number.
func person(n byte) domain.ContributorID { return domain.ContributorID{15: n} }
func msg(n byte) domain.MessageID        { return domain.MessageID{0: 1, 15: n} }
func task(n byte) domain.TaskID          { return domain.TaskID{0: 2, 15: n} }

func dec(text string) decimal.Decimal { return decimal.MustParse(text) }

// told makes recorded events of one stream; each happens a second after the
// one before.
func told(stream domain.StreamID, events ...domain.Event) (out []domain.Recorded) {
	at := time.Date(2023, 2, 7, 17, 29, 24, 727_400_000, time.UTC)
	for i, e := range events {
		out = append(out, domain.Recorded{
			Stream: stream, Version: domain.Version(i + 1), Time: at.Add(time.Duration(i) * time.Second), Payload: e,
		})
	}
	return out
}

func tree1(root byte, events ...domain.Event) []domain.Recorded {
	return told(domain.TreeStream(domain.TreeID(msg(root))), events...)
}

func posted(n, parent, by byte, text string) domain.Event {
	e := tree.MessagePosted{Message: msg(n), Contributor: person(by), Role: domain.Prompter, Text: text, Language: "en", Task: task(n)}
	if parent > 0 {
		e.Parent, e.Role = msg(parent), domain.Assistant
	}
	return e
}

func labels(pairs ...string) (out []tree.LabelValue) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, tree.LabelValue{Label: domain.Label(pairs[i]), Value: dec(pairs[i+1])})
	}
	return out
}

func review(n, by byte, pairs ...string) domain.Event {
	return tree.LabelsSubmitted{Message: msg(n), Task: task(100 + by), Contributor: person(by), Labels: labels(pairs...)}
}

func free(n, by byte, pairs ...string) domain.Event {
	return tree.LabelsSubmitted{Message: msg(n), Contributor: person(by), Labels: labels(pairs...)}
}

// smallStory has one of everything that shows in a dataset.
func smallStory() []domain.Recorded {
	ready := tree1(1,
		tree.TaskAssigned{Task: domain.TaskID(msg(1)), Kind: domain.TaskInitialPrompt, Language: "en", Contributor: person(1)},
		tree.Opened{Language: "en"},
		posted(1, 0, 1, "Why is the sky <blue> & not \"green\"?\n\tТочка \u2028 日本 \U0001F600\\ \x01\x7f"),
		review(1, 2, "spam", "0", "lang_mismatch", "0", "quality", "0.75"),
		review(1, 3, "spam", "0", "quality", "1"),
		review(1, 4, "spam", "1", "quality", "0.25", "humor", "0.3"),
		tree.MessageAccepted{Message: msg(1), Reviews: 3},
		tree.StateChanged{From: domain.InitialPromptReview, To: domain.Growing},
		posted(2, 1, 2, "Rayleigh scattering."),
		posted(3, 1, 3, "It is a reflection of the sea."),
		tree.MessagePosted{
			Message: msg(4), Parent: msg(1), Contributor: person(4), Role: domain.Assistant, Text: "Because.", Language: "en",
			Synthetic: true, Model: "some-model",
		},
		review(2, 1, "spam", "0"), review(3, 1, "spam", "0"),
		tree.MessageAccepted{Message: msg(2)}, tree.MessageAccepted{Message: msg(3)}, tree.MessageAccepted{Message: msg(4)},
		tree.MessagePosted{Message: msg(5), Parent: msg(3), Contributor: person(1), Role: domain.Prompter, Text: "Really?", Language: "en-GB"},
		tree.MessageRejected{Message: msg(5)},
		posted(6, 5, 2, "An accepted reply to a rejected message."),
		tree.MessageAccepted{Message: msg(6)},
		posted(7, 1, 5, "A late reply: nobody reviewed it."),
		tree.MessageEdited{Message: msg(3), Text: "Some say it is a reflection of the sea.", Revision: 1},
		tree.EmojiAdded{Message: msg(2), Contributor: person(1), Emoji: "heart_eyes"},
		tree.EmojiAdded{Message: msg(2), Contributor: person(1), Emoji: "+1"},
		tree.EmojiAdded{Message: msg(2), Contributor: person(3), Emoji: "+1"},
		tree.RepliesRanked{Parent: msg(1), Replies: []domain.MessageID{msg(2), msg(3), msg(4)}, Order: []int{2, 0, 1}},
		tree.MessageScored{Message: msg(2), Scores: []tree.Score{{Name: "obscene", Value: dec("0.25")}, {Name: "toxicity", Value: dec("2.6351808628533036e-05")}}},
		tree.MessageDeleted{Message: msg(4), Messages: []domain.MessageID{msg(4)}},
		tree.StateChanged{From: domain.Growing, To: domain.ReadyForExport},
		tree.RankingSubmitted{Parent: msg(1), Contributor: person(5), Order: []domain.MessageID{msg(4), msg(2), msg(3)}},
		tree.RankingSubmitted{Parent: msg(1), Contributor: person(8), NotRankable: true},
	)
	imported := told(domain.TreeStream(domain.TreeID(msg(50))), tree.Imported{
		Language: "de", State: domain.ReadyForExport, Origin: "an older campaign",
		Messages: []tree.ImportedMessage{{
			Message: msg(50), Contributor: person(7), Role: domain.Prompter, Text: "Und nun?", Language: "de",
			Created:     time.Date(2022, 12, 31, 23, 0, 0, 0, time.FixedZone("", -3600)),
			ReviewCount: 3, Result: tree.Rejected, Emojis: []tree.EmojiCount{{Emoji: "-1", Count: 2}},
			Labels: []tree.LabelMean{{Label: "quality", Mean: dec("0.3333333333333333"), Count: 3}},
		}},
	})
	waiting := tree1(70, tree.Opened{Language: "en"}, posted(70, 0, 8, "Hello?"), review(70, 1, "spam", "0"), tree.MessageAccepted{Message: msg(70)})
	taskOnly := tree1(80, tree.TaskAssigned{Task: domain.TaskID(msg(80)), Kind: domain.TaskInitialPrompt, Language: "en"})
	accounts := told(domain.ContributorStream(person(8)), contributor.Merged{From: person(8), Into: person(1)})
	var all []domain.Recorded
	for _, events := range [][]domain.Recorded{ready, imported, waiting, taskOnly, accounts} {
		all = append(all, events...)
	}
	return all
}

func folded(events []domain.Recorded) *dataset.Fold {
	f := dataset.New()
	for _, r := range events {
		f.Apply(r)
	}
	return f
}

// The bytes of a dataset are kept for ever: they change only with Engine.
func TestGolden(t *testing.T) {
	fold := folded(smallStory())
	for _, r := range recipes {
		name := string(r.Variant) + "." + string(r.Format) + ".jsonl"
		if r.Deleted != dataset.DeletedNot {
			name = string(r.Deleted) + ".deleted." + name
		}
		if r.Events != dataset.EventsNot {
			name = "events." + name
		}
		t.Run(name, func(t *testing.T) {
			path, got := filepath.Join("testdata", name), write(r, fold)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s changed (-want +got):\n%s", path, diff)
			}
		})
	}
}

func TestComposition(t *testing.T) {
	fold := folded(smallStory())
	recipe := dataset.Recipe{Variant: dataset.All, Format: dataset.Trees, Deleted: dataset.DeletedInclude}
	got, err := dataset.Read(recipe, fold).Write(func([]byte) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	want := dataset.Composition{
		Trees: 3, Messages: 9, Contributors: 6, Deleted: 1, Synthetic: 1,
		States:    []dataset.Count{{Name: "initial_prompt_review", N: 1}, {Name: "ready_for_export", N: 2}},
		Languages: []dataset.Count{{Name: "de", N: 1}, {Name: "en", N: 7}, {Name: "en-GB", N: 1}},
		Roles:     []dataset.Count{{Name: "prompter", N: 4}, {Name: "assistant", N: 5}},
		Results:   []dataset.Count{{Name: "accepted", N: 6}, {Name: "rejected", N: 2}, {Name: "undecided", N: 1}},
		Emojis:    []dataset.Count{{Name: "+1", N: 2}, {Name: "-1", N: 2}, {Name: "heart_eyes", N: 1}},
		Labels: []dataset.LabelShare{
			{Label: "spam", Mean: dec("0.2"), Sets: 5}, {Label: "lang_mismatch", Mean: dec("0"), Sets: 1},
			{Label: "quality", Mean: dec("0.49999999999999998"), Sets: 6}, {Label: "humor", Mean: dec("0.3"), Sets: 1},
		},
	}
	equal := cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Cmp(b) == 0 })
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Errorf("composition (-want +got):\n%s", diff)
	}
}
