package schemas

import (
	"dendro/domain"
	"dendro/domain/campaign"
)

// campaignEvents lists the events of the campaign.
var campaignEvents = []kind{
	of(domain.KindCampaign, 1, campaignConfigured),
	of(domain.KindCampaign, 1, purgesConfigured),
	of(domain.KindCampaign, 1, clientRegistered),
	of(domain.KindCampaign, 1, clientRevoked),
}

func campaignConfigured(w *wire, e *campaign.Configured) {
	num(w, "revision", &e.Revision)
	part(w, "policy", &e.Policy, policyMembers)
	optText(w, "reason", &e.Reason)
}

func purgesConfigured(w *wire, e *campaign.PurgesConfigured) {
	truth(w, "two_people", &e.TwoPeople)
	optText(w, "reason", &e.Reason)
}

func clientRegistered(w *wire, e *campaign.ClientRegistered) {
	id(w, "client", &e.Client)
	truth(w, "trusted", &e.Trusted)
}

func clientRevoked(w *wire, e *campaign.ClientRevoked) {
	id(w, "client", &e.Client)
	optText(w, "reason", &e.Reason)
}

// partitionEvents lists the log's own bookkeeping.
var partitionEvents = []kind{
	of(domain.KindPartition, 1, writerClaimed),
}

func writerClaimed(w *wire, e *domain.Claimed) {
	name(w, "owner", &e.Owner)
}
