package integrity

import (
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
)

// contributorEvent checks an event of a contributor's stream.
func contributorEvent(r domain.Recorded) *breach {
	self, _ := r.Stream.Contributor()
	registered, first := r.Payload.(contributor.Registered)
	switch {
	case first != (r.Version == 1):
		return broken(RuleOpening, "a contributor begins with contributor.registered, once")
	case first && registered.Contributor != self:
		return broken(RuleAccount, "it registers %s", registered.Contributor)
	}
	if merged, ok := r.Payload.(contributor.Merged); ok && merged.From != self {
		return broken(RuleAccount, "it merges %s; that belongs into the stream of that one", merged.From)
	}
	return nil
}

// campaignState is what the campaign's stream has said.
type campaignState struct {
	revision int
	clients  map[domain.ClientID]bool // registered now
}

func (s *campaignState) apply(r domain.Recorded) *breach {
	switch e := r.Payload.(type) {
	case campaign.Configured:
		if e.Revision != s.revision+1 {
			return broken(RulePolicy, "it is revision %d of the policy where %d belongs", e.Revision, s.revision+1)
		}
		s.revision = e.Revision
	case campaign.ClientRegistered:
		if s.clients[e.Client] {
			return broken(RuleAccount, "client %s is registered already", e.Client)
		}
		s.clients[e.Client] = true
	case campaign.ClientRevoked:
		if !s.clients[e.Client] {
			return broken(RuleAccount, "client %s is not registered, or revoked already", e.Client)
		}
		s.clients[e.Client] = false
	}
	return nil
}
