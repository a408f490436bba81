package contributor_test

import (
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/domaintest"
	"dendro/domain/policy"
)

func scenario(t *testing.T) *domaintest.Scenario[contributor.State, contributor.Command, *policy.Context] {
	return domaintest.For(t, contributor.Decider, &policy.Context{}, time.Time{})
}

var (
	me         = domain.ContributorID{15: 1}
	registered = contributor.Registered{Contributor: me}
)

func TestStanding(t *testing.T) {
	s := scenario(t)
	expect := func(terms string, want domain.Kind) {
		t.Helper()
		if got := domain.RefusalKind(s.State().Standing(terms)); got != want {
			t.Errorf("standing is %q, want %q", got, want)
		}
	}
	expect("", domain.UnknownContributor)
	s.When(contributor.Consent{Terms: "1"}).Refused(domain.UnknownContributor)
	s.When(contributor.Register{Contributor: me}).Then(registered)
	s.When(contributor.Register{Contributor: me}).Then()
	expect("", domain.TermsNotAccepted)
	s.When(contributor.Consent{}).Refused(domain.Invalid)
	s.When(contributor.Consent{Terms: "1"}).Then(contributor.Consented{Terms: "1"})
	s.When(contributor.Consent{Terms: "1"}).Then()
	expect("", "")
	expect("2", domain.TermsNotAccepted)
	s.When(contributor.Disable{Reason: "spam"}).Then(contributor.Disabled{Reason: "spam"})
	s.When(contributor.Disable{Reason: "spam"}).Then()
	expect("1", domain.ContributorDisabled)
	s.When(contributor.Disable{Reason: "a troll", Discount: true}).Then(contributor.Disabled{Reason: "a troll", Discount: true})
	s.When(contributor.Enable{Reason: "a mistake"}).Then(contributor.Enabled{Reason: "a mistake"})
	s.When(contributor.Enable{}).Then()
	expect("1", "")
	if s.State().Discounted {
		t.Error("enabled again, and the votes are still discounted")
	}
}

func TestMergeAndErase(t *testing.T) {
	other := domain.ContributorID{15: 2}
	s := scenario(t).Given(registered, contributor.Consented{Terms: "1"})
	s.When(contributor.Merge{Into: me}).Refused(domain.Invalid)
	s.When(contributor.Merge{Into: other}).Then(contributor.Merged{From: me, Into: other})
	s.When(contributor.Merge{Into: other}).Then()
	s.When(contributor.Merge{Into: domain.ContributorID{15: 3}}).Refused(domain.Conflict)
	if got := domain.RefusalKind(s.State().Standing("")); got != domain.ContributorDisabled {
		t.Errorf("a merged account may still work: %q", got)
	}
	s = scenario(t).Given(registered)
	s.When(contributor.Erase{Reason: "asked for it"}).Then(contributor.Erased{Reason: "asked for it"})
	s.When(contributor.Erase{}).Then()
	s.When(contributor.Enable{}).Refused(domain.ContributorDisabled)
}

func TestLeaderboardChoice(t *testing.T) {
	s := scenario(t).Given(registered)
	s.When(contributor.Update{ShowOnLeaderboard: true}).Then() // as it is from the start
	s.When(contributor.Update{}).Then(contributor.Updated{})
	s.When(contributor.Update{}).Then()
	s.When(contributor.Update{ShowOnLeaderboard: true}).Then(contributor.Updated{ShowOnLeaderboard: true})
}
