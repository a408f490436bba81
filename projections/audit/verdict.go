package audit

import (
	"fmt"
	"slices"
	"strings"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// Verdict says whether a message is in the datasets of a cut, and why. It is in
// when all that its variant asks for holds (spec: dataset §2). That on a tree is
// the one on its prompt.
type Verdict struct {
	// Ready and All are the variants: deleted messages are left out of both.
	Ready   bool     `json:"ready"`
	All     bool     `json:"all"`
	Reasons []Reason `json:"reasons"` // what decides, from the tree to the message

	Messages *Counts `json:"messages,omitempty"` // of a tree: how many of its messages are in
}

// Counts are numbers of messages.
type Counts struct {
	Posted int `json:"posted"` // all that there are
	Ready  int `json:"ready"`
	All    int `json:"all"`
}

// In reports whether the message is in a variant; in none that has no verdict.
func (v *Verdict) In(variant string) bool {
	return variant == "ready" && v.Ready || variant == "all" && v.All
}

// Reason is one thing that decides. One that does not hold keeps the message out
// of the variants that it names.
type Reason struct {
	Rule     string           `json:"rule"`
	Holds    bool             `json:"holds"`
	Variants []string         `json:"variants"`   // that ask for it
	Message  domain.MessageID `json:"message_id"` // that it is about; the prompt's for the tree
	Text     string           `json:"text"`       // for people
	Deed                      // that brought it about; none where nothing did
	Grounds  []Ground         `json:"grounds,omitempty"` // what that rests on, and what was before it; oldest first
}

// Deed is an event as far as it explains something.
type Deed struct {
	Actor  string          `json:"actor,omitempty"`      // a rule's name where no person decided
	Stated string          `json:"reason,omitempty"`     // what they said
	Event  *domain.EventID `json:"event_id,omitempty"`   // itself
	Cause  *domain.EventID `json:"cause_id,omitempty"`   // what made it follow
	At     string          `json:"position,omitempty"`   // such as 0/17
	Time   string          `json:"event_time,omitempty"` // RFC 3339
}

// The rules.
const (
	RulePrompted = "prompt_posted"
	RuleState    = "tree_state"
	RuleAccepted = "accepted"
	RuleDeleted  = "not_deleted"
	RuleErased   = "author_not_erased"
)

var (
	both      = []string{"ready", "all"}
	readyOnly = []string{"ready"}
)

// Erased tells whether an account was erased, or was merged into one that was,
// and by which event: of one that is not known the zero.
type Erased func(domain.ContributorID) (by *domain.Recorded, is bool)

// Verdict says what follows from the events taken.
func (w *Reasoning) Verdict(erased Erased) Verdict {
	v := Verdict{Reasons: []Reason{}}
	path := w.path(w.message)
	if len(path) == 0 {
		if w.tree {
			v.add(Reason{Rule: RulePrompted, Variants: both, Message: domain.MessageID(w.id), Text: "the tree has no prompt", Deed: deed(w.newest)})
			v.Messages = &Counts{}
		}
		return v
	}
	v.Ready, v.All = true, true
	v.add(Reason{
		Rule: RuleState, Holds: w.state() == domain.ReadyForExport, Variants: readyOnly, Message: path[0],
		Text: fmt.Sprintf("the tree is in %s", w.state()), Deed: deed(last(w.states)), Grounds: w.earlierStates(),
	})
	for _, id := range path {
		w.judge(&v, id, erased)
	}
	if w.tree {
		v.Messages = w.count(erased)
	}
	return v
}

func (v *Verdict) add(r Reason) {
	if !r.Holds {
		v.Ready = false
		v.All = v.All && !slices.Contains(r.Variants, "all")
	}
	v.Reasons = append(v.Reasons, r)
}

// judge adds what decides about a message; of one that the asked one only hangs
// from, no more than what keeps it out.
func (w *Reasoning) judge(v *Verdict, id domain.MessageID, erased Erased) {
	f, itself := w.messages[id], id == w.message
	what := "the message"
	switch {
	case f.parent.IsZero() && (w.tree || !itself):
		what = "the prompt"
	case !itself:
		what = "a message that it hangs from"
	}
	if f.result != tree.Accepted || itself {
		v.add(Reason{
			Rule: RuleAccepted, Holds: f.result == tree.Accepted, Variants: readyOnly, Message: id,
			Text: what + " " + f.judged(), Deed: deed(f.decided), Grounds: w.votes(f),
		})
	}
	if f.deleted || itself {
		v.add(Reason{
			Rule: RuleDeleted, Holds: !f.deleted, Variants: both, Message: id, Text: what + " " + f.kept(id), Deed: deed(last(f.hides)), Grounds: w.hidings(f),
		})
	}
	if by, is := erased(f.author); is {
		v.add(Reason{Rule: RuleErased, Variants: both, Message: id, Text: "the author of " + what + " was erased", Deed: deed(by)})
	}
}

// count counts the tree's messages that are in.
func (w *Reasoning) count(erased Erased) *Counts {
	n := &Counts{}
	for id := range w.messages {
		n.Posted++
		path := w.path(id)
		all := len(path) > 0 && !slices.ContainsFunc(path, func(id domain.MessageID) bool {
			_, gone := erased(w.messages[id].author)
			return gone || w.messages[id].deleted
		})
		if !all {
			continue
		}
		n.All++
		if w.state() == domain.ReadyForExport && !slices.ContainsFunc(path, func(id domain.MessageID) bool { return w.messages[id].result != tree.Accepted }) {
			n.Ready++
		}
	}
	return n
}

func (f *fate) judged() string {
	switch f.result {
	case tree.Accepted:
		return "was accepted" + f.weight()
	case tree.Rejected:
		return "was rejected" + f.weight()
	}
	if f.decided != nil && f.reopened {
		return fmt.Sprintf("is to be decided again: %d reviews still count", f.reviews)
	}
	return "is not decided"
}

func (f *fate) weight() string {
	if f.score == "" {
		return fmt.Sprintf(" where it was imported from, with %d reviews", f.reviews)
	}
	return fmt.Sprintf(" by %d reviews with the score %s", f.reviews, f.score)
}

func (f *fate) kept(id domain.MessageID) string {
	newest := last(f.hides)
	if newest == nil {
		return "stands"
	}
	switch e := newest.Payload.(type) {
	case tree.MessageRestored:
		return "was deleted, and restored"
	case tree.MessageDeleted:
		if e.Rule == bornDeleted {
			return "was born deleted, below one that was deleted"
		}
		if e.Message != id {
			return fmt.Sprintf("was deleted with message %s, which it hangs from", e.Message)
		}
		return "was deleted"
	}
	if f.deleted { // as it was imported
		return "was deleted where it was imported from"
	}
	return "stands"
}

// deed names the event, if there is one.
func deed(r *domain.Recorded) (d Deed) {
	if r == nil || r.ID.IsZero() {
		return d
	}
	id := r.ID
	d = Deed{Event: &id, Actor: r.Actor.String(), At: r.Position.String(), Time: r.Time.UTC().Format("2006-01-02T15:04:05.000000Z07:00")}
	if cause := r.Cause; !cause.IsZero() {
		d.Cause = &cause
	}
	switch e := r.Payload.(type) {
	case tree.StateChanged:
		d.Stated = e.Reason
	case tree.MessageDeleted:
		d.Stated = e.Reason
	case tree.MessageRestored:
		d.Stated = e.Reason
	case tree.MessageEdited:
		d.Stated = e.Reason
	case tree.TaskDeclined:
		d.Stated = e.Reason
	case tree.VotesDiscounted:
		d.Stated = e.Reason
	case tree.VotesReinstated:
		d.Stated = e.Reason
	case contributor.Erased:
		d.Stated = e.Reason
	}
	return d
}

// marks says what a review gave on the labels that decide.
func marks(labels []tree.LabelValue) string {
	var out []string
	for _, l := range labels {
		if l.Label == domain.LabelSpam || l.Label == domain.LabelLangMismatch {
			out = append(out, fmt.Sprintf("%s %s", l.Label, l.Value))
		}
	}
	return strings.Join(out, ", ")
}
