package dataset_test

import (
	"bytes"
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/dataset"
	"dendro/projections/dataset/datasettest"
)

var recipes = func() (out []dataset.Recipe) {
	for _, v := range []dataset.Variant{dataset.Ready, dataset.All} {
		for _, f := range []dataset.Format{dataset.Trees, dataset.Messages} {
			for _, d := range []dataset.Deleted{dataset.DeletedNot, dataset.DeletedInclude, dataset.DeletedOnly} {
				out = append(out, dataset.Recipe{Variant: v, Format: f, Deleted: d})
			}
		}
	}
	for _, f := range []dataset.Format{dataset.Trees, dataset.Messages} {
		out = append(out, dataset.Recipe{Variant: dataset.All, Format: f, Deleted: dataset.DeletedInclude, Events: dataset.EventsInclude})
	}
	return out
}()

func write(r dataset.Recipe, folds ...*dataset.Fold) string {
	var out bytes.Buffer
	_, err := dataset.Read(r, folds...).Write(func(line []byte) error { out.Write(line); return nil })
	if err != nil {
		panic(err)
	}
	return out.String()
}

func smallHistory(t *rapid.T) [][]domain.Recorded {
	return datasettest.History(datasettest.Shape{
		Seed: rapid.Uint64().Draw(t, "seed"), Partitions: rapid.IntRange(1, 4).Draw(t, "partitions"),
		Trees: rapid.IntRange(0, 8).Draw(t, "trees"), Contributors: 9, Steps: 30, Words: 3, Rare: 25,
	})
}

// However the partitions interleave, and whether one fold takes them all or
// each has its own, the bytes are the same.
func TestInterleavingDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := smallHistory(t)
		together, apart := dataset.New(), make([]*dataset.Fold, len(history))
		for p, events := range history {
			apart[p] = dataset.New()
			for _, r := range events {
				apart[p].Apply(r)
			}
		}
		left := rapid.Permutation(partitionOfEach(history)).Draw(t, "order")
		next := make([]int, len(history))
		for _, p := range left {
			together.Apply(history[p][next[p]])
			next[p]++
		}
		for _, r := range recipes {
			if a, b := write(r, together), write(r, apart...); a != b {
				t.Fatalf("%+v: one fold wrote\n%s\na fold per partition\n%s", r, a, b)
			}
		}
	})
}

func partitionOfEach(history [][]domain.Recorded) (out []int) {
	for p, events := range history {
		for range events {
			out = append(out, p)
		}
	}
	return out
}

// Reading a dataset off in between leaves no trace in what is read later.
func TestReadingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := smallHistory(t)
		busy, quiet := dataset.New(), dataset.New()
		for _, events := range history {
			for i, r := range events {
				busy.Apply(r)
				quiet.Apply(r)
				if i%17 == 0 {
					write(recipes[i%len(recipes)], busy)
				}
			}
		}
		for _, r := range recipes {
			if a, b := write(r, busy), write(r, quiet); a != b {
				t.Fatalf("%+v: read in between\n%s\nread once\n%s", r, a, b)
			}
		}
	})
}

// Both formats hold the same messages, in the same order, in the same words.
func TestFormatsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fold := dataset.New()
		for _, events := range smallHistory(t) {
			for _, r := range events {
				fold.Apply(r)
			}
		}
		for _, v := range []dataset.Variant{dataset.Ready, dataset.All} {
			for _, d := range []dataset.Deleted{dataset.DeletedNot, dataset.DeletedInclude} {
				flat := write(dataset.Recipe{Variant: v, Format: dataset.Messages, Deleted: d}, fold)
				nested := write(dataset.Recipe{Variant: v, Format: dataset.Trees, Deleted: d}, fold)
				if got := flatten(t, nested); got != flat {
					t.Fatalf("%s, deleted %q: trees hold\n%s\nmessages are\n%s", v, d, got, flat)
				}
			}
		}
	})
}

// Counts and means agree with a plain reading of the events: every label set
// is looked at against all that came after it.
func TestCountsAgreeWithThePlainReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fold := dataset.New()
		history := smallHistory(t)
		for _, events := range history {
			for _, r := range events {
				fold.Apply(r)
			}
		}
		recipe := dataset.Recipe{Variant: dataset.All, Format: dataset.Messages, Deleted: dataset.DeletedInclude}
		for row, err := range dataset.ReadRows(bytes.NewBufferString(write(recipe, fold))) {
			if err != nil {
				t.Fatal(err)
			}
			reviews, labels := plainReading(history, row)
			got := fmt.Sprint(*row.ReviewCount)
			for _, l := range row.Labels {
				got += fmt.Sprintf(" %s %s/%d", l.Label, l.Mean.String(), l.Count)
			}
			want := fmt.Sprint(reviews)
			for _, l := range domain.Labels {
				if s := labels[l.Name]; s != nil {
					want += fmt.Sprintf(" %s %s/%d", l.Name, roundLike(row.Labels, l.Name, s), s.n)
				}
			}
			if got != want {
				t.Fatalf("message %s\n has %s\nwant %s", row.Message, got, want)
			}
		}
	})
}

type fraction struct {
	sum big.Rat
	n   int64
}

// roundLike gives the row's own text of the mean when it is within rounding of
// the exact one, and the exact one otherwise.
func roundLike(labels []tree.LabelMean, name domain.Label, s *fraction) string {
	exact := new(big.Rat).Quo(&s.sum, new(big.Rat).SetInt64(s.n))
	for _, l := range labels {
		if l.Label == name {
			got, _ := new(big.Rat).SetString(l.Mean.String())
			off := new(big.Rat).Sub(got, exact)
			if bound := new(big.Rat).Mul(exact, big.NewRat(1, 1e16)); off.Abs(off).Cmp(bound) <= 0 {
				return l.Mean.String()
			}
		}
	}
	return exact.FloatString(17)
}

func plainReading(history [][]domain.Recorded, row dataset.Row) (reviews int, labels map[domain.Label]*fraction) {
	labels = map[domain.Label]*fraction{}
	stream := domain.TreeStream(*row.Tree)
	owner := plainOwners(history)
	var events []domain.Event
	for _, partition := range history {
		for _, r := range partition {
			if r.Stream == stream {
				events = append(events, r.Payload)
			}
		}
	}
	add := func(label domain.Label, value string, n int) {
		if labels[label] == nil {
			labels[label] = &fraction{}
		}
		v, _ := new(big.Rat).SetString(value)
		labels[label].sum.Add(&labels[label].sum, v.Mul(v, big.NewRat(int64(n), 1)))
		labels[label].n += int64(n)
	}
	for i, e := range events {
		switch e := e.(type) {
		case tree.Imported:
			for _, m := range e.Messages {
				if m.Message == row.Message && !editedIn(events[i:], m.Message) {
					reviews += m.ReviewCount
					for _, l := range m.Labels {
						add(l.Label, l.Mean.String(), l.Count)
					}
				}
			}
		case tree.LabelsSubmitted:
			if e.Message != row.Message || !counts(e, events[i+1:], discountedIn(events), owner) {
				continue
			}
			if !e.Task.IsZero() {
				reviews++
			}
			for _, l := range e.Labels {
				add(l.Label, l.Value.String(), 1)
			}
		}
	}
	return reviews, labels
}

func counts(e tree.LabelsSubmitted, later []domain.Event, discounted map[domain.ContributorID]bool, owner map[domain.ContributorID]domain.ContributorID) bool {
	if discounted[e.Contributor] || editedIn(later, e.Message) {
		return false
	}
	for _, x := range later {
		l, ok := x.(tree.LabelsSubmitted)
		if ok && e.Task.IsZero() && l.Task.IsZero() && l.Message == e.Message && !discounted[l.Contributor] && owner[l.Contributor] == owner[e.Contributor] {
			return false
		}
	}
	return true
}

func editedIn(events []domain.Event, id domain.MessageID) bool {
	for _, e := range events {
		if edit, ok := e.(tree.MessageEdited); ok && edit.Message == id {
			return true
		}
	}
	return false
}

func discountedIn(events []domain.Event) map[domain.ContributorID]bool {
	out := map[domain.ContributorID]bool{}
	for _, e := range events {
		switch e := e.(type) {
		case tree.VotesDiscounted:
			out[e.Contributor] = true
		case tree.VotesReinstated:
			out[e.Contributor] = false
		}
	}
	return out
}
