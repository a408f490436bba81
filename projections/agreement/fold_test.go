package agreement_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
	domainagreement "dendro/domain/agreement"
	"dendro/domain/decimal"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/agreement"
	"dendro/projections/projectionstest"
)

type key struct {
	who  domain.ContributorID
	size int
}

func keyOf(r projections.Row) any {
	switch r := r.(type) {
	case *agreement.Rater:
		return key{r.Contributor, r.Size}
	case *agreement.Everybody:
		return r.Size
	}
	return nil
}

// review is one that stands, or stood.
type review struct {
	stream domain.StreamID
	e      tree.LabelsSubmitted
	old    bool // its text was edited
}

// recount adds up the reviews that count, message by message.
func recount(reviews []review, out map[domain.StreamID][]domain.ContributorID) map[any]projections.Row {
	units := map[domain.MessageID][]domainagreement.Rating{}
	for _, r := range reviews {
		if r.old || r.e.Task.IsZero() || slices.Contains(out[r.stream], r.e.Contributor) {
			continue
		}
		rating := domainagreement.Rating{By: r.e.Contributor, Values: domainagreement.NoValues()}
		for _, l := range r.e.Labels {
			rating.Values.Set(l.Label, l.Value)
		}
		units[r.e.Message] = append(units[r.e.Message], rating)
	}
	ledger := domainagreement.NewLedger()
	for _, u := range units {
		ledger.Replace(nil, u)
	}
	ledger.Changed()
	rows := map[any]projections.Row{}
	for k, s := range ledger.Own {
		rows[key{k.By, k.Size}] = &agreement.Rater{Contributor: k.By, Size: k.Size, Sums: *s}
	}
	for size, s := range ledger.All {
		rows[size] = &agreement.Everybody{Size: size, Spreads: *s}
	}
	return rows
}

// The rows are those of the reviews that count, however the partitions
// interleave.
func TestRowsFollowTheReviewsThatCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const partitions, trees, messages, people = 2, 3, 3, 4
		h := projectionstest.NewHistory(partitions)
		var reviews []review
		out := map[domain.StreamID][]domain.ContributorID{}
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			n := rapid.IntRange(0, trees-1).Draw(t, "tree")
			stream := domain.TreeStream(domain.TreeID{15: byte(n + 1)})
			id := domain.MessageID{14: byte(n + 1), 15: byte(rapid.IntRange(0, messages-1).Draw(t, "message"))}
			who := domain.ContributorID{15: byte(1 + rapid.IntRange(0, people-1).Draw(t, "who"))}
			var e domain.Event
			switch rapid.SampledFrom([]string{"review", "review", "review", "free", "edit", "discount", "reinstate", "other"}).Draw(t, "kind") {
			case "review":
				if slices.ContainsFunc(reviews, func(r review) bool { return r.e.Message == id && r.e.Contributor == who && !r.old }) {
					continue // once per contributor and message
				}
				e = tree.LabelsSubmitted{Message: id, Task: domain.TaskID{1}, Contributor: who, Labels: labels(t)}
			case "free":
				e = tree.LabelsSubmitted{Message: id, Contributor: who, Labels: labels(t)}
			case "edit":
				e = tree.MessageEdited{Message: id, Text: "another"}
				for i := range reviews {
					reviews[i].old = reviews[i].old || reviews[i].e.Message == id
				}
			case "discount":
				e, out[stream] = tree.VotesDiscounted{Contributor: who}, append(out[stream], who)
			case "reinstate":
				e = tree.VotesReinstated{Contributor: who}
				out[stream] = slices.DeleteFunc(out[stream], func(d domain.ContributorID) bool { return d == who })
			default:
				e = tree.MessageDeleted{Message: id, Messages: []domain.MessageID{id}}
			}
			if l, is := e.(tree.LabelsSubmitted); is {
				reviews = append(reviews, review{stream: stream, e: l})
			}
			h.Add(domain.Partition(n%partitions), time.Second, stream, domain.ByRule("test"), e)
		}
		want := recount(reviews, out)
		for _, events := range [][]domain.Recorded{h.OneByOne(), h.Interleaved(t)} {
			table := projectionstest.NewTable(t, agreement.New(), keyOf)
			table.Apply(events...)
			table.Done()
			if diff := cmp.Diff(want, table.Rows()); diff != "" {
				t.Fatalf("-recount +rows:\n%s", diff)
			}
		}
	})
}

func labels(t *rapid.T) (out []tree.LabelValue) {
	for _, name := range []domain.Label{"spam", "quality", "no such label"} {
		if rapid.Bool().Draw(t, string(name)) {
			out = append(out, tree.LabelValue{Label: name, Value: decimal.MustParse(rapid.SampledFrom([]string{"0", "0.25", "1"}).Draw(t, "value"))})
		}
	}
	return out
}
