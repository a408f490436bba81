// Package campaign is the aggregate of the campaign as a whole: the policy in
// force and the API clients.
package campaign

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/policy"
)

// State is what decisions about the campaign rest on.
type State struct {
	Policy    policy.Policy
	Revision  int // 0 before the first policy
	Clients   []Client
	TwoPeople bool // a purge takes two people
}

// Client is an API client as the log knows it.
type Client struct {
	ID      domain.ClientID
	Trusted bool
	Revoked bool
}

// Command is what can be asked of the campaign.
type Command interface{ campaignCommand() }

// Configure puts a whole policy in force.
type Configure struct {
	Policy policy.Policy
	Reason string
}

// ConfigurePurges says whether a purge takes two people.
type ConfigurePurges struct {
	TwoPeople bool
	Reason    string
}

// RegisterClient makes an API client known.
type RegisterClient struct {
	Client  domain.ClientID
	Trusted bool
}

// RevokeClient shuts an API client out, for good.
type RevokeClient struct {
	Client domain.ClientID
	Reason string
}

func (Configure) campaignCommand()       {}
func (ConfigurePurges) campaignCommand() {}
func (RegisterClient) campaignCommand()  {}
func (RevokeClient) campaignCommand()    {}

// Decider is the campaign's aggregate.
var Decider = domain.Decider[State, Command, *policy.Context]{
	Initial: func() State { return State{} }, Decide: Decide, Evolve: Evolve,
}

// Decide gives at most one event.
func Decide(s State, c Command, _ *policy.Context) ([]domain.Event, error) {
	switch c := c.(type) {
	case Configure:
		if err := c.Policy.Validate(); err != nil {
			return nil, err
		}
		if s.Revision > 0 && s.Policy.Equal(&c.Policy) {
			return nil, nil
		}
		return []domain.Event{Configured{Revision: s.Revision + 1, Policy: c.Policy, Reason: c.Reason}}, nil
	case ConfigurePurges:
		if s.TwoPeople == c.TwoPeople {
			return nil, nil
		}
		return []domain.Event{PurgesConfigured(c)}, nil
	case RegisterClient:
		if s.client(c.Client) >= 0 {
			return nil, nil
		}
		return []domain.Event{ClientRegistered(c)}, nil
	case RevokeClient:
		i := s.client(c.Client)
		if i < 0 {
			return nil, domain.Refuse(domain.UnknownClient, "there is no API client %s", c.Client)
		}
		if s.Clients[i].Revoked {
			return nil, nil
		}
		return []domain.Event{ClientRevoked(c)}, nil
	default:
		return nil, domain.Refuse(domain.Invalid, "a campaign does not know the command %T", c)
	}
}

func (s *State) client(id domain.ClientID) int {
	return slices.IndexFunc(s.Clients, func(c Client) bool { return c.ID == id })
}

// Evolve folds one event.
func Evolve(s State, event domain.Event, _ time.Time) State {
	switch e := event.(type) {
	case Configured:
		s.Policy, s.Revision = e.Policy, e.Revision
	case PurgesConfigured:
		s.TwoPeople = e.TwoPeople
	case ClientRegistered:
		s.Clients = append(slices.Clone(s.Clients), Client{ID: e.Client, Trusted: e.Trusted})
	case ClientRevoked:
		if i := s.client(e.Client); i >= 0 {
			s.Clients = slices.Clone(s.Clients)
			s.Clients[i].Revoked = true
		}
	}
	return s
}
