package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"
	"dendro/projections/audit"
)

// chronicle numbers events, one a minute.
type chronicle struct{ seq domain.Seq }

func (c *chronicle) add(by domain.Actor, e domain.Event) *domain.Recorded {
	c.seq++
	return &domain.Recorded{
		ID: domain.EventID{15: byte(c.seq)}, Position: domain.Position{Seq: c.seq}, Actor: by, Payload: e,
		Time: time.Date(2024, 5, 1, 12, int(c.seq), 0, 0, time.UTC),
	}
}

func nobodyErased(domain.ContributorID) (*domain.Recorded, bool) { return nil, false }

// reason finds the verdict's reason of a rule.
func reason(t *testing.T, v audit.Verdict, rule string) audit.Reason {
	t.Helper()
	i := slices.IndexFunc(v.Reasons, func(r audit.Reason) bool { return r.Rule == rule })
	if i < 0 {
		t.Fatalf("%+v has no %s", v, rule)
	}
	return v.Reasons[i]
}

// A decision names the policy that was in force then, not a later one.
func TestVerdictNamesThePolicyOfTheDecision(t *testing.T) {
	root, ann := domain.MessageID{1}, domain.ContributorID{1}
	c, w := &chronicle{}, audit.Why(root)
	ruled := func(reviews int) policy.Policy {
		p := policy.Default()
		p.NumReviewsInitialPrompt = reviews
		return p
	}
	mod := domain.ByModerator("m")
	w.TakePolicy(c.add(mod, pool.Opened{Policy: ruled(5)}))
	second := c.add(mod, pool.Configured{Policy: ruled(1)})
	w.TakePolicy(second)
	w.TakePolicy(c.add(mod, pool.LotteryDrawn{}))
	w.Take(c.add(domain.ByContributor(ann), tree.Opened{}))
	w.Take(c.add(domain.ByContributor(ann), tree.MessagePosted{Message: root, Contributor: ann}))
	w.Take(c.add(domain.ByContributor(ann), tree.LabelsSubmitted{Message: root, Contributor: ann, Labels: []tree.LabelValue{{Label: domain.LabelSpam}}}))
	w.Take(c.add(domain.ByRule("reviews"), tree.MessageAccepted{Message: root, Reviews: 1, Score: decimal.Int(1)}))
	w.TakePolicy(c.add(mod, pool.Configured{Policy: ruled(9)}))
	got := reason(t, w.Verdict(nobodyErased), audit.RuleAccepted)
	if len(got.Grounds) != 1 || *got.Grounds[0].Event != second.ID || !strings.Contains(got.Grounds[0].Text, "asks for 1 reviews") {
		t.Errorf("free labels are no review, and the policy is the second: %+v", got.Grounds)
	}
}

// What was imported was decided elsewhere; what is done to it here is told.
func TestVerdictOnAnImportedTree(t *testing.T) {
	root, reply, below := domain.MessageID{1}, domain.MessageID{2}, domain.MessageID{3}
	c := &chronicle{}
	events := []*domain.Recorded{c.add(domain.ByRule("import"), tree.Imported{
		State: domain.ReadyForExport, Messages: []tree.ImportedMessage{
			{Message: root, Result: tree.Accepted, ReviewCount: 3},
			{Message: reply, Parent: root, Result: tree.Accepted, ReviewCount: 2, Deleted: true},
			{Message: below, Parent: reply, Result: tree.Accepted, ReviewCount: 4},
		},
	})}
	asked := func(w *audit.Reasoning) audit.Verdict {
		for _, r := range events {
			w.Take(r)
		}
		return w.Verdict(nobodyErased)
	}
	v := asked(audit.Why(below))
	if gone := reason(t, v, audit.RuleDeleted); v.Ready || v.All || gone.Message != reply || !strings.Contains(gone.Text, "hangs from was deleted where it was imported from") {
		t.Errorf("below one that came deleted: %+v", v)
	}
	if got := reason(t, v, audit.RuleAccepted); got.Text != "the message was accepted where it was imported from, with 4 reviews" {
		t.Errorf("%q", got.Text)
	}
	if v := asked(audit.WhyTree(domain.TreeID(root))); !v.Ready || *v.Messages != (audit.Counts{Posted: 3, Ready: 1, All: 1}) {
		t.Errorf("the tree: %+v, %+v", v, v.Messages)
	}
	events = append(events, c.add(domain.ByModerator("m"), tree.MessageRestored{Messages: []domain.MessageID{reply}, Reason: "a mistake"}))
	v = asked(audit.Why(reply))
	if got := reason(t, v, audit.RuleDeleted); !v.In("ready") || !v.In("all") || v.In("spam") || got.Stated != "a mistake" || len(got.Grounds) != 1 {
		t.Errorf("restored: %+v", v)
	}
	if v := asked(audit.WhyTree(domain.TreeID(root))); *v.Messages != (audit.Counts{Posted: 3, Ready: 3, All: 3}) {
		t.Errorf("the tree, restored: %+v", v.Messages)
	}
}

// An erased author keeps out what they wrote and what is below it, and the
// verdict names the erasure.
func TestVerdictOnWhatTheErasedWrote(t *testing.T) {
	root, reply := domain.MessageID{1}, domain.MessageID{2}
	ann, bob := domain.ContributorID{1}, domain.ContributorID{2}
	c, w := &chronicle{}, audit.Why(reply)
	w.Take(c.add(domain.ByContributor(ann), tree.Opened{}))
	w.Take(c.add(domain.ByContributor(ann), tree.MessagePosted{Message: root, Contributor: ann}))
	w.Take(c.add(domain.ByContributor(bob), tree.MessagePosted{Message: reply, Parent: root, Contributor: bob}))
	if got := w.Authors(); !slices.Equal(got, []domain.ContributorID{ann, bob}) {
		t.Errorf("authors %v", got)
	}
	erasure := c.add(domain.ByModerator("m"), contributor.Erased{Reason: "asked for it"})
	v := w.Verdict(func(id domain.ContributorID) (*domain.Recorded, bool) { return erasure, id == ann })
	if got := reason(t, v, audit.RuleErased); v.All || got.Message != root || *got.Event != erasure.ID || got.Stated != "asked for it" {
		t.Errorf("%+v", v)
	}
	if v := w.Verdict(nobodyErased); v.Ready || !v.All {
		t.Errorf("undecided, but in all: %+v", v)
	}
	if v := audit.Why(root).Verdict(nobodyErased); v.Ready || v.All {
		t.Errorf("of a message that is not there: %+v", v)
	}
}
