package dataset_test

import (
	"strings"
	"testing"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
	"dendro/projections/dataset"
)

var withEvents = dataset.Recipe{Variant: dataset.All, Format: dataset.Messages, Deleted: dataset.DeletedInclude, Events: dataset.EventsInclude}

// story is two messages that the same three review: 2 and 3 alike, 4 otherwise.
func story(more ...domain.Event) *dataset.Fold {
	events := []domain.Event{tree.Opened{Language: "en"}, posted(1, 0, 1, "One"), posted(2, 1, 5, "Two")}
	for i, spam := range []string{"0", "1"} {
		n, other := byte(i+1), []string{"1", "0"}[i]
		events = append(events, review(n, 2, "spam", spam), review(n, 3, "spam", spam), review(n, 4, "spam", other))
	}
	return folded(tree1(1, append(events, more...)...))
}

// Each review names how far its author agrees with others, over the whole log.
func TestVotesHaveTheirVotersAgreement(t *testing.T) {
	got := write(withEvents, story())
	// α is 1 − Dₒ/Dₑ; six values, three of them 1: Dₑ = 2(6·3 − 9)/30 = 0.6. Who
	// is with one of two has Dₒ = 0.5, who is against both 1.
	for who, alpha := range map[byte]string{2: "0.166667", 3: "0.166667", 4: "-0.666667"} {
		want := `{"user_id":"` + person(who).String() + `","review":true,"labels":{"spam":`
		if n := strings.Count(got, want); n != 2 {
			t.Errorf("%d votes of %d, want 2", n, who)
		}
		for _, part := range strings.Split(got, want)[1:] {
			if !strings.HasPrefix(part[strings.Index(part, "}"):], `},"agreement":{"spam":`+alpha+"}}") {
				t.Errorf("a vote of %d goes on with %.60s, want the agreement %s", who, part, alpha)
			}
		}
	}
}

// Votes that do not count say so, and count in nobody's agreement.
func TestDiscountedVotesAreMarked(t *testing.T) {
	got := write(withEvents, story(tree.VotesDiscounted{Contributor: person(4)}))
	if n := strings.Count(got, `"discounted":true`); n != 2 {
		t.Errorf("%d votes are marked, want 2:\n%s", n, got)
	}
	if strings.Count(got, `"agreement":{"spam":1.0}`) != 4 || strings.Contains(got, `"-0.6`) {
		t.Errorf("who is left agrees:\n%s", got)
	}
}

// Nothing ties the votes of an erased contributor, under any account, to each
// other: neither an id nor a figure that nobody else has. They still count.
func TestVotesOfTheErasedCannotBeTied(t *testing.T) {
	events := told(domain.ContributorStream(person(4)), contributor.Merged{From: person(4), Into: person(9)})
	events = append(events, told(domain.ContributorStream(person(9)), contributor.Erased{})...)
	fold := story()
	for _, r := range events {
		fold.Apply(r)
	}
	got := write(withEvents, fold)
	for _, vote := range []string{`{"review":true,"labels":{"spam":1.0}}`, `{"review":true,"labels":{"spam":0.0}}`} {
		if strings.Count(got, vote) != 1 {
			t.Errorf("want one vote %s in\n%s", vote, got)
		}
	}
	if strings.Contains(got, "-0.666667") || strings.Count(got, `"agreement":{"spam":0.166667}`) != 4 {
		t.Errorf("the others' figures stay, the erased one's is out:\n%s", got)
	}
}
