package audit

import (
	"cmp"
	"fmt"
	"slices"

	"dendro/domain"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// Ground is an event that a reason rests on, or one that came before what
// decides now.
type Ground struct {
	Kind   string `json:"kind"`
	Counts bool   `json:"counts"` // it still has a say
	Text   string `json:"text"`   // for people
	Deed
}

// The kinds of grounds.
const (
	GroundState    = "state"    // one that the tree was in before
	GroundPolicy   = "policy"   // in force at the decision
	GroundReview   = "review"   // of the message
	GroundEdit     = "edit"     // of its text: earlier reviews count no longer
	GroundDecision = "decision" // an earlier one
	GroundVotes    = "votes"    // of a reviewer, discounted or reinstated
	GroundHiding   = "hiding"   // an earlier deletion or restoration, or the one behind a message born deleted
)

func (w *Reasoning) earlierStates() (out []Ground) {
	for _, r := range w.states[:max(0, len(w.states)-1)] {
		out = append(out, Ground{Kind: GroundState, Text: "it was in " + string(stateOf(r)), Deed: deed(r)})
	}
	return out
}

// votes gives what the decision on a message rests on.
func (w *Reasoning) votes(f *fate) []Ground {
	var out []grounded
	add := func(r *domain.Recorded, kind string, counts bool, text string) {
		out = append(out, grounded{r.Position, Ground{Kind: kind, Counts: counts, Text: text, Deed: deed(r)}})
	}
	edited := 0 // reviews before this place are of another text
	for i, r := range f.voted {
		if _, is := r.Payload.(tree.MessageEdited); is {
			edited = i
		}
	}
	for i, r := range f.voted {
		switch e := r.Payload.(type) {
		case tree.LabelsSubmitted:
			counts, text := w.weigh(&e, i < edited)
			if f.result != tree.Undecided && r.Position.Seq > f.decided.Position.Seq {
				text += ", after the decision"
			}
			add(r, GroundReview, counts, text)
		case tree.MessageEdited:
			add(r, GroundEdit, i == edited, "its text was edited: reviews of the old one count no longer")
		case tree.MessageAccepted:
			if r != f.decided {
				add(r, GroundDecision, false, fmt.Sprintf("it was accepted by %d reviews with the score %s", e.Reviews, e.Score))
			}
		case tree.MessageRejected:
			if r != f.decided {
				add(r, GroundDecision, false, fmt.Sprintf("it was rejected by %d reviews with the score %s", e.Reviews, e.Score))
			}
		case tree.MessageReopened:
			if r != f.decided {
				add(r, GroundDecision, false, fmt.Sprintf("it was to be decided again: %d reviews still counted", e.Reviews))
			}
		}
	}
	for _, r := range w.discounts {
		if by, text, counts := w.discount(r); f.reviewedBy(by) {
			add(r, GroundVotes, counts, text)
		}
	}
	if p, r := w.policyAt(f.decided); r != nil {
		root := f.parent.IsZero()
		add(r, GroundPolicy, true, fmt.Sprintf("the policy asks for %d reviews and a score above %s", p.NumReviews(root), p.Acceptance(root)))
	}
	return inOrder(out)
}

// weigh tells whether a review counts.
func (w *Reasoning) weigh(e *tree.LabelsSubmitted, stale bool) (counts bool, text string) {
	text = marks(e.Labels)
	switch {
	case stale:
		return false, text + ", of an earlier text"
	case w.discounted[e.Contributor]:
		return false, text + ", discounted"
	}
	return true, text
}

// discount says what a discounting, or its end, did; it counts while it is the
// last word on the contributor.
func (w *Reasoning) discount(r *domain.Recorded) (by domain.ContributorID, text string, counts bool) {
	switch e := r.Payload.(type) {
	case tree.VotesDiscounted:
		by, text = e.Contributor, fmt.Sprintf("the votes of %s were discounted", e.Contributor)
	case tree.VotesReinstated:
		by, text = e.Contributor, fmt.Sprintf("the votes of %s count again", e.Contributor)
	}
	for _, later := range w.discounts {
		switch e := later.Payload.(type) {
		case tree.VotesDiscounted:
			counts = counts && e.Contributor != by
		case tree.VotesReinstated:
			counts = counts && e.Contributor != by
		}
		counts = counts || later == r
	}
	return by, text, counts
}

func (f *fate) reviewedBy(by domain.ContributorID) bool {
	return slices.ContainsFunc(f.voted, func(r *domain.Recorded) bool {
		e, is := r.Payload.(tree.LabelsSubmitted)
		return is && e.Contributor == by
	})
}

// policyAt gives the policy that a decision was made under.
func (w *Reasoning) policyAt(decided *domain.Recorded) (p policy.Policy, by *domain.Recorded) {
	if decided == nil {
		return p, nil
	}
	if _, is := decided.Payload.(tree.Imported); is {
		return p, nil
	}
	for _, r := range w.policies {
		if r.Position.Partition != decided.Position.Partition || r.Position.Seq > decided.Position.Seq {
			continue
		}
		switch e := r.Payload.(type) {
		case pool.Opened:
			p, by = e.Policy, r
		case pool.Configured:
			p, by = e.Policy, r
		}
	}
	return p, by
}

// hidings gives what was done to a message before it was last deleted or
// restored.
func (w *Reasoning) hidings(f *fate) []Ground {
	var out []grounded
	add := func(r *domain.Recorded, counts bool, text string) {
		out = append(out, grounded{r.Position, Ground{Kind: GroundHiding, Counts: counts, Text: text, Deed: deed(r)}})
	}
	for i, r := range f.hides {
		e, is := r.Payload.(tree.MessageDeleted)
		newest := i == len(f.hides)-1
		if above := w.deletions[e.Deletion]; is && e.Rule == bornDeleted && above != nil {
			text := "the one above was deleted"
			if taken, is := above.Payload.(tree.MessageDeleted); is {
				text = fmt.Sprintf("message %s was deleted, with what was below it", taken.Message)
			}
			add(above, newest, text)
		}
		if newest {
			continue
		}
		switch r.Payload.(type) {
		case tree.MessageRestored:
			add(r, false, "it was restored")
		case tree.Imported:
			add(r, false, "it was deleted where it was imported from")
		default:
			add(r, false, "it was deleted")
		}
	}
	return inOrder(out)
}

// grounded is a ground and where it stands; all stand in one partition.
type grounded struct {
	at domain.Position
	Ground
}

func inOrder(of []grounded) (out []Ground) {
	slices.SortStableFunc(of, func(a, b grounded) int { return cmp.Compare(a.at.Seq, b.at.Seq) })
	for _, g := range of {
		out = append(out, g.Ground)
	}
	return out
}
