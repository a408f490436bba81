package policy

import (
	"testing"

	"dendro/domain"
	"dendro/domain/decimal"
)

func TestDefaultIsValid(t *testing.T) {
	p := Default()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	q := Default()
	if q.Languages = []string{}; !p.Equal(&q) {
		t.Error("an empty list and none differ")
	}
	if q.AcceptanceReply = decimal.MustParse("0.61"); p.Equal(&q) {
		t.Error("policies with different thresholds are equal")
	}
}

// Each change makes a policy under which something could never work.
func TestNonsenseIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Policy){
		"negative limit":        func(p *Policy) { p.MaxActiveTrees = -1 },
		"no reviews":            func(p *Policy) { p.NumReviewsReply = 0 },
		"threshold above 1":     func(p *Policy) { p.AcceptanceReply = decimal.MustParse("1.01") },
		"chance below 0":        func(p *Policy) { p.LonelyChildExtension = decimal.MustParse("-0.1") },
		"goal below its floor":  func(p *Policy) { p.RandomGoalTreeSize, p.MinGoalTreeSize = true, 13 },
		"goal beyond capacity":  func(p *Policy) { p.MaxTreeDepth = 1 },
		"part of a second":      func(p *Policy) { p.RecentTasksSpan++ },
		"no validity":           func(p *Policy) { p.TaskValidity = 0 },
		"label nobody asks for": func(p *Policy) { p.MandatoryInitialPrompt = []domain.Label{"helpfulness"} },
		"label twice":           func(p *Policy) { p.MandatoryAssistantReply = []domain.Label{"spam", "spam"} },
		"texts without end":     func(p *Policy) { p.MessageSizeLimit = 1 << 30 },
	} {
		p := Default()
		change(&p)
		if err := p.Validate(); domain.RefusalKind(err) != domain.PolicyInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The table: root, 3 assistants, 3 prompters (one each), 9 assistants.
func TestCapacity(t *testing.T) {
	p := Default()
	if got := p.capacity(1000); got != 16 {
		t.Errorf("the default limits hold %d messages, want 16", got)
	}
	p.MaxTreeDepth, p.MaxChildrenCount, p.NumPrompterReplies = 1000, 32, 32
	if got := p.capacity(1000); got < 1000 {
		t.Errorf("a wide tree holds %d", got)
	}
}
