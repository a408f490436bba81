package campaign_test

import (
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/domaintest"
	"dendro/domain/policy"
)

func TestCampaign(t *testing.T) {
	s := domaintest.For(t, campaign.Decider, &policy.Context{}, time.Time{})
	p := policy.Default()
	s.When(campaign.Configure{Policy: p}).Then(campaign.Configured{Revision: 1, Policy: p})
	s.When(campaign.Configure{Policy: p, Reason: "again"}).Then()
	p.MaxActiveTrees = 20
	s.When(campaign.Configure{Policy: p, Reason: "more people"}).Then(campaign.Configured{Revision: 2, Policy: p, Reason: "more people"})
	p.GoalTreeSize = 0
	s.When(campaign.Configure{Policy: p}).Refused(domain.PolicyInvalid)

	s.When(campaign.ConfigurePurges{}).Then()
	s.When(campaign.ConfigurePurges{TwoPeople: true, Reason: "an accident"}).Then(campaign.PurgesConfigured{TwoPeople: true, Reason: "an accident"})
	s.When(campaign.ConfigurePurges{TwoPeople: true}).Then()

	id := domain.ClientID{15: 1}
	s.When(campaign.RevokeClient{Client: id}).Refused(domain.UnknownClient)
	s.When(campaign.RegisterClient{Client: id, Trusted: true}).Then(campaign.ClientRegistered{Client: id, Trusted: true})
	s.When(campaign.RegisterClient{Client: id}).Then()
	s.When(campaign.RevokeClient{Client: id, Reason: "lost"}).Then(campaign.ClientRevoked{Client: id, Reason: "lost"})
	s.When(campaign.RevokeClient{Client: id}).Then()
}
