package audit

import (
	"fmt"
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
)

// Verdict says whether a message is in the datasets of a cut, and why. It is in
// when all that its variant asks for holds (spec: dataset §2).
type Verdict struct {
	// Ready and All are the variants: deleted messages are left out of both.
	Ready   bool     `json:"ready"`
	All     bool     `json:"all"`
	Reasons []Reason `json:"reasons"` // what decides, from the tree to the message
}

// Reason is one thing that decides. One that does not hold keeps the message out
// of the variants that it names.
type Reason struct {
	Rule     string           `json:"rule"`
	Holds    bool             `json:"holds"`
	Variants []string         `json:"variants"`             // that ask for it
	Message  domain.MessageID `json:"message_id"`           // that it is about; the prompt's for the tree
	Text     string           `json:"text"`                 // for people
	Actor    string           `json:"actor,omitempty"`      // of the event
	Stated   string           `json:"reason,omitempty"`     // what they said
	Event    *domain.EventID  `json:"event_id,omitempty"`   // that brought it about; none where nothing did
	Cause    *domain.EventID  `json:"cause_id,omitempty"`   // what made that event follow
	At       string           `json:"position,omitempty"`   // of the event, such as 0/17
	Time     string           `json:"event_time,omitempty"` // of the event, RFC 3339
}

// The rules.
const (
	RuleState    = "tree_state"
	RuleAccepted = "accepted"
	RuleDeleted  = "not_deleted"
	RuleErased   = "author_not_erased"
)

var (
	both      = []string{"ready", "all"}
	readyOnly = []string{"ready"}
)

// Reasoning follows a tree's events. Make it with Why.
type Reasoning struct {
	message  domain.MessageID
	state    domain.TreeState
	stated   *domain.Recorded // the event of the state
	messages map[domain.MessageID]*fate
}

// fate is what became of one message, and by which events.
type fate struct {
	parent  domain.MessageID
	author  domain.ContributorID
	result  tree.Result
	decided *domain.Recorded
	score   string
	reviews int
	deleted bool
	hidden  *domain.Recorded // the newest deletion or restoration
	with    domain.MessageID // that the deletion was of
}

// Why begins to reason about a message.
func Why(message domain.MessageID) *Reasoning {
	return &Reasoning{message: message, messages: map[domain.MessageID]*fate{}}
}

// Take takes the tree's next event. It keeps r.
func (w *Reasoning) Take(r *domain.Recorded) {
	kept := *r
	switch e := r.Payload.(type) {
	case tree.Opened:
		w.state, w.stated = domain.InitialPromptReview, &kept
	case tree.StateChanged:
		w.state, w.stated = e.To, &kept
	case tree.Imported:
		w.state, w.stated = e.State, &kept
		for _, m := range e.Messages {
			w.messages[m.Message] = &fate{parent: m.Parent, author: m.Contributor, result: m.Result, decided: &kept, reviews: m.ReviewCount, deleted: m.Deleted, hidden: &kept}
		}
	case tree.MessagePosted:
		w.messages[e.Message] = &fate{parent: e.Parent, author: e.Contributor}
	case tree.MessageAccepted:
		w.decide(e.Message, tree.Accepted, e.Reviews, e.Score.String(), &kept)
	case tree.MessageRejected:
		w.decide(e.Message, tree.Rejected, e.Reviews, e.Score.String(), &kept)
	case tree.MessageReopened:
		w.decide(e.Message, tree.Undecided, e.Reviews, "", &kept)
	case tree.MessageDeleted:
		w.hide(e.Messages, e.Message, true, &kept)
	case tree.MessageRestored:
		w.hide(e.Messages, e.Message, false, &kept)
	}
}

func (w *Reasoning) decide(id domain.MessageID, result tree.Result, reviews int, score string, r *domain.Recorded) {
	if f := w.messages[id]; f != nil {
		f.result, f.reviews, f.score, f.decided = result, reviews, score, r
	}
}

func (w *Reasoning) hide(ids []domain.MessageID, with domain.MessageID, deleted bool, r *domain.Recorded) {
	for _, id := range ids {
		if f := w.messages[id]; f != nil && f.deleted != deleted {
			f.deleted, f.hidden, f.with = deleted, r, with
		}
	}
}

// path gives the ids from the root to the message; none when it is not there.
func (w *Reasoning) path() (ids []domain.MessageID) {
	for id := w.message; ; {
		f := w.messages[id]
		if f == nil || slices.Contains(ids, id) {
			return nil
		}
		ids = append(ids, id)
		if f.parent.IsZero() {
			slices.Reverse(ids)
			return ids
		}
		id = f.parent
	}
}

// Authors gives those of the message and of what it hangs from.
func (w *Reasoning) Authors() (ids []domain.ContributorID) {
	for _, id := range w.path() {
		ids = append(ids, w.messages[id].author)
	}
	return ids
}

// Verdict says what follows. Erased tells whose account was erased, or was merged
// into one that was.
func (w *Reasoning) Verdict(erased func(domain.ContributorID) bool) Verdict {
	v := Verdict{Reasons: []Reason{}}
	path := w.path()
	if len(path) == 0 {
		return v
	}
	v.Ready, v.All = true, true
	v.add(because(Reason{
		Rule: RuleState, Holds: w.state == domain.ReadyForExport, Variants: readyOnly, Message: path[0], Text: fmt.Sprintf("the tree is in %s", w.state),
	}, w.stated))
	for _, id := range path {
		w.messages[id].judge(&v, id, id == w.message, erased)
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
func (f *fate) judge(v *Verdict, id domain.MessageID, itself bool, erased func(domain.ContributorID) bool) {
	what := "the message"
	if !itself {
		what = "a message that it hangs from"
		if f.parent.IsZero() {
			what = "the prompt"
		}
	}
	for _, r := range []Reason{
		because(Reason{Rule: RuleAccepted, Holds: f.result == tree.Accepted, Variants: readyOnly, Message: id, Text: what + " " + f.judged()}, f.decided),
		because(Reason{Rule: RuleDeleted, Holds: !f.deleted, Variants: both, Message: id, Text: what + " " + f.kept(id)}, f.hidden),
		{Rule: RuleErased, Holds: !erased(f.author), Variants: both, Message: id, Text: "the author of " + what + " was erased"},
	} {
		if r.Rule == RuleErased && r.Holds || !itself && r.Holds {
			continue
		}
		v.add(r)
	}
}

func (f *fate) judged() string {
	switch f.result {
	case tree.Accepted:
		return "was accepted" + f.votes()
	case tree.Rejected:
		return "was rejected" + f.votes()
	}
	return "is not decided"
}

func (f *fate) votes() string {
	if f.score == "" {
		return fmt.Sprintf(", with %d reviews", f.reviews)
	}
	return fmt.Sprintf(" by %d reviews with the score %s", f.reviews, f.score)
}

func (f *fate) kept(id domain.MessageID) string {
	switch {
	case !f.deleted && f.hidden != nil:
		if _, restored := f.hidden.Payload.(tree.MessageRestored); restored {
			return "was deleted, and restored"
		}
		return "stands"
	case !f.deleted:
		return "stands"
	case f.with != id && !f.with.IsZero():
		return fmt.Sprintf("was deleted with message %s", f.with)
	}
	return "was deleted"
}

// because names the event behind a reason, if there is one.
func because(reason Reason, r *domain.Recorded) Reason {
	if r == nil {
		return reason
	}
	id := r.ID
	reason.Event, reason.Actor, reason.At = &id, r.Actor.String(), r.Position.String()
	reason.Time = r.Time.UTC().Format("2006-01-02T15:04:05.000000Z07:00")
	if cause := r.Cause; !cause.IsZero() {
		reason.Cause = &cause
	}
	switch e := r.Payload.(type) {
	case tree.StateChanged:
		reason.Stated = e.Reason
	case tree.MessageDeleted:
		reason.Stated = e.Reason
	case tree.MessageRestored:
		reason.Stated = e.Reason
	}
	return reason
}
