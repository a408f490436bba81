package campaign

import (
	"dendro/domain"
	"dendro/domain/policy"
)

// Configured puts a policy in force. The first one begins the campaign.
type Configured struct {
	Revision int // from 1, dense
	Policy   policy.Policy
	Reason   string
}

// PurgesConfigured says whether a purge takes a second person's approval from
// now on. Before the first one it does not.
type PurgesConfigured struct {
	TwoPeople bool
	Reason    string
}

// ClientRegistered makes an API client known. Its key is no event's business.
type ClientRegistered struct {
	Client  domain.ClientID
	Trusted bool
}

// ClientRevoked shuts an API client out.
type ClientRevoked struct {
	Client domain.ClientID
	Reason string
}

// Type implements domain.Event for each: the names are the storage format.
func (Configured) Type() domain.EventType       { return "campaign.configured" }
func (PurgesConfigured) Type() domain.EventType { return "purges.configured" }
func (ClientRegistered) Type() domain.EventType { return "client.registered" }
func (ClientRevoked) Type() domain.EventType    { return "client.revoked" }
