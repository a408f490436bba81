package contributor_test

import (
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/domaintest"
	"dendro/domain/policy"
)

var (
	act, second = domain.CommandID{15: 1}, domain.CommandID{15: 2}
	ann, bob    = domain.ContributorID{15: 3}, domain.ContributorID{15: 4}
	all         = contributor.PurgeScope{Ban: true}
	began       = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
)

// known is a registered contributor.
func known(t *testing.T, ctx *policy.Context) *domaintest.Scenario[contributor.State, contributor.Command, *policy.Context] {
	who := domain.ContributorID{15: 9}
	s := domaintest.For(t, contributor.Decider, ctx, began)
	return s.When(contributor.Register{Contributor: who}).Then(contributor.Registered{Contributor: who})
}

// One person suffices where nothing else is said: the account is disabled and the
// purge ordered in one append, once.
func TestPurge(t *testing.T) {
	s := known(t, &policy.Context{Now: began})
	order := contributor.OrderPurge{Act: act, Scope: all, Reason: "spam"}
	ordered := contributor.PurgeOrdered{Act: act, Scope: all, Reason: "spam", Banned: true}
	s.When(contributor.ReversePurge{Act: act}).Refused(domain.Invalid)
	s.When(order).Then(contributor.Disabled{Reason: "spam", Discount: true}, ordered)
	s.When(order).Then()
	s.When(contributor.ReversePurge{Act: act}).Refused(domain.Conflict) // not before it is carried out
	s.When(contributor.CompletePurge{Act: act}).Then(contributor.PurgeCompleted{Act: act})
	s.When(contributor.CompletePurge{Act: act}).Then()
	s.When(contributor.OrderPurge{Act: second, Scope: all}).Then(contributor.PurgeOrdered{Act: second, Scope: all}) // disabled already
	s.When(contributor.CompletePurge{Act: second}).Then(contributor.PurgeCompleted{Act: second})
	s.When(contributor.ReversePurge{Act: second}).Then(contributor.PurgeReversed{Act: second}) // which had not disabled it
	s.When(contributor.ReversePurge{Act: act, Reason: "a mistake"}).
		Then(contributor.Enabled{Reason: "a mistake"}, contributor.PurgeReversed{Act: act, Reason: "a mistake"})
	s.When(contributor.ReversePurge{Act: act}).Then()
	s.When(contributor.CompletePurge{Act: act}).Then(contributor.PurgeCompleted{Act: act})
	s.When(contributor.ReversePurge{Act: act}).Then()
	s.When(order).Then()
}

// Who was disabled by somebody else meanwhile stays disabled.
func TestReversalLeavesALaterDisabling(t *testing.T) {
	s := known(t, &policy.Context{Now: began})
	s.When(contributor.OrderPurge{Act: act, Scope: all}).Then(contributor.Disabled{Discount: true}, contributor.PurgeOrdered{Act: act, Scope: all, Banned: true})
	s.When(contributor.CompletePurge{Act: act}).Then(contributor.PurgeCompleted{Act: act})
	s.When(contributor.Enable{}).Then(contributor.Enabled{})
	s.When(contributor.Disable{Reason: "again"}).Then(contributor.Disabled{Reason: "again"})
	s.When(contributor.ReversePurge{Act: act}).Then(contributor.PurgeReversed{Act: act})
}

// Who was disabled before a purge discounted the votes, too, stays disabled when
// it is reversed, but the votes count again.
func TestReversalLeavesAnEarlierDisabling(t *testing.T) {
	s := known(t, &policy.Context{Now: began})
	s.When(contributor.Disable{Reason: "rude"}).Then(contributor.Disabled{Reason: "rude"})
	s.When(contributor.OrderPurge{Act: act, Scope: all}).Then(contributor.Disabled{Discount: true}, contributor.PurgeOrdered{Act: act, Scope: all, Banned: true})
	s.When(contributor.CompletePurge{Act: act}).Then(contributor.PurgeCompleted{Act: act})
	s.When(contributor.ReversePurge{Act: act, Reason: "a mistake"}).
		Then(contributor.Enabled{Reason: "a mistake"}, contributor.Disabled{Reason: "a mistake"}, contributor.PurgeReversed{Act: act, Reason: "a mistake"})
	s.When(contributor.Disable{Discount: true}).Then(contributor.Disabled{Discount: true}) // they did count
}

// Where a purge takes two people, one proposes and another one approves, in time.
func TestPurgeByTwoPeople(t *testing.T) {
	ctx := &policy.Context{Now: began}
	s := known(t, ctx)
	scope := contributor.PurgeScope{KeepPrompts: true}
	order := contributor.OrderPurge{Act: act, Scope: scope, Reason: "spam", TwoPeople: true}
	s.When(order).Refused(domain.Conflict) // a client is no person
	order.Person = ann
	s.When(order).Then(contributor.PurgeProposed{Act: act, Scope: scope, Person: ann, Reason: "spam"})
	order.TwoPeople = false
	s.When(order).Then() // nor is it done when the switch is turned off
	s.When(contributor.CompletePurge{Act: act}).Then()
	s.When(contributor.ReversePurge{Act: act}).Refused(domain.Conflict)
	s.When(contributor.ApprovePurge{Act: second, Person: bob}).Refused(domain.Invalid)
	s.When(contributor.ApprovePurge{Act: act, Person: ann}).Refused(domain.Conflict)
	s.When(contributor.ApprovePurge{Act: act}).Refused(domain.Conflict)
	ctx.Now = began.Add(contributor.ProposalLasts + time.Second)
	s.When(contributor.ApprovePurge{Act: act, Person: bob}).Refused(domain.Conflict)
	ctx.Now = began.Add(contributor.ProposalLasts)
	s.When(contributor.ApprovePurge{Act: act, Person: bob}).Then(contributor.PurgeOrdered{Act: act, Scope: scope, Reason: "spam", Proposer: ann})
	s.When(contributor.ApprovePurge{Act: act, Person: bob}).Then()
	s.When(contributor.WithdrawPurge{Act: act}).Refused(domain.Conflict)
}

func TestWithdrawnPurge(t *testing.T) {
	s := known(t, &policy.Context{Now: began})
	s.When(contributor.OrderPurge{Act: act, Person: ann, TwoPeople: true}).Then(contributor.PurgeProposed{Act: act, Person: ann})
	s.When(contributor.WithdrawPurge{Act: act, Reason: "no"}).Then(contributor.PurgeWithdrawn{Act: act, Reason: "no"})
	s.When(contributor.WithdrawPurge{Act: act}).Then()
	s.When(contributor.ApprovePurge{Act: act, Person: bob}).Refused(domain.Conflict)
}
