// Package contributor is the aggregate of one contributor's standing: known,
// consenting, enabled. Who it is in the world the log never learns.
package contributor

import (
	"time"

	"dendro/domain"
	"dendro/domain/policy"
)

// State is what decisions about a contributor rest on.
type State struct {
	ID         domain.ContributorID
	Registered bool
	Terms      string // newest version accepted
	Hidden     bool   // from leaderboards
	Disabled   bool
	Discounted bool // disabled, and the votes given count no longer
	MergedInto domain.ContributorID
	Erased     bool
	BannedBy   domain.CommandID // the purge whose disabling is the newest; zero: none
	Before     bool             // disabled before the newest disabling too, which discounted the votes
	Purges     []Purge          // in the order of their first events
}

// Standing refuses work by a contributor who may not do any (spec: collection
// §5); terms is the version that must have been accepted, "" for any.
func (s State) Standing(terms string) error {
	switch {
	case !s.Registered:
		return domain.Refuse(domain.UnknownContributor, "the contributor is not known; register first")
	case s.Erased || !s.MergedInto.IsZero():
		return domain.Refuse(domain.ContributorDisabled, "this account was closed")
	case s.Disabled:
		return domain.Refuse(domain.ContributorDisabled, "this account is disabled; ask a moderator")
	case s.Terms == "" || terms != "" && s.Terms != terms:
		return domain.Refuse(domain.TermsNotAccepted, "accept the current terms first")
	}
	return nil
}

// Command is what can be asked of a contributor.
type Command interface{ contributorCommand() }

// Register makes the contributor known.
type Register struct {
	Contributor domain.ContributorID
	Client      domain.ClientID
}

// Consent accepts a version of the terms.
type Consent struct{ Terms string }

// Update sets what the contributor chooses.
type Update struct{ ShowOnLeaderboard bool }

// Disable shuts the contributor out; Discount also voids the votes given.
type Disable struct {
	Reason   string
	Discount bool
}

// Enable undoes Disable.
type Enable struct{ Reason string }

// Merge says that this account was another's all along.
type Merge struct {
	Into   domain.ContributorID
	Reason string
}

// Erase records that everything that told who this was is gone.
type Erase struct{ Reason string }

func (Register) contributorCommand() {}
func (Consent) contributorCommand()  {}
func (Update) contributorCommand()   {}
func (Disable) contributorCommand()  {}
func (Enable) contributorCommand()   {}
func (Merge) contributorCommand()    {}
func (Erase) contributorCommand()    {}

// Decider is the contributor's aggregate.
var Decider = domain.Decider[State, Command, *policy.Context]{
	Initial: func() State { return State{} }, Decide: Decide, Evolve: Evolve,
}

// MaxTerms and MaxReason bound texts in events, in bytes.
const (
	MaxTerms  = 100
	MaxReason = 2000
)

// Decide gives at most one event, and more where a purge disables or enables the
// account too.
func Decide(s State, c Command, ctx *policy.Context) ([]domain.Event, error) {
	if c, ok := c.(Register); ok {
		if s.Registered {
			return nil, nil
		}
		return one(Registered(c))
	}
	if !s.Registered {
		return nil, domain.Refuse(domain.UnknownContributor, "the contributor is not known; register first")
	}
	if s.Erased {
		if _, again := c.(Erase); again {
			return nil, nil
		}
		return nil, domain.Refuse(domain.ContributorDisabled, "this account was erased; nothing of it can change")
	}
	return decideKnown(s, c, ctx)
}

func decideKnown(s State, c Command, ctx *policy.Context) ([]domain.Event, error) {
	switch c := c.(type) {
	case Consent:
		switch {
		case c.Terms == "" || len(c.Terms) > MaxTerms:
			return nil, domain.Refuse(domain.Invalid, "name the version of the terms, in 1 to %d bytes", MaxTerms)
		case s.Terms == c.Terms:
			return nil, nil
		}
		return one(Consented(c))
	case Update:
		if s.Hidden == !c.ShowOnLeaderboard {
			return nil, nil
		}
		return one(Updated(c))
	case Disable:
		if s.Disabled && (s.Discounted || !c.Discount) {
			return nil, nil
		}
		return reasoned(c.Reason, Disabled(c))
	case Enable:
		if !s.Disabled {
			return nil, nil
		}
		return reasoned(c.Reason, Enabled(c))
	case Merge:
		return merge(s, c)
	case Erase:
		return reasoned(c.Reason, Erased(c))
	default:
		return decidePurge(s, c, ctx.Now)
	}
}

func merge(s State, c Merge) ([]domain.Event, error) {
	switch {
	case s.MergedInto == c.Into:
		return nil, nil
	case !s.MergedInto.IsZero():
		return nil, domain.Refuse(domain.Conflict, "this account was merged into %s before", s.MergedInto)
	case c.Into == s.ID || c.Into.IsZero():
		return nil, domain.Refuse(domain.Invalid, "name another account to merge into")
	}
	return reasoned(c.Reason, Merged{From: s.ID, Into: c.Into, Reason: c.Reason})
}

func one(e domain.Event) ([]domain.Event, error) { return []domain.Event{e}, nil }

func reasoned(reason string, e domain.Event) ([]domain.Event, error) {
	if len(reason) > MaxReason {
		return nil, domain.Refuse(domain.Invalid, "the reason is longer than %d bytes; shorten it", MaxReason)
	}
	return one(e)
}

// Evolve folds one event.
func Evolve(s State, event domain.Event, at time.Time) State {
	switch e := event.(type) {
	case Registered:
		s.ID, s.Registered = e.Contributor, true
	case Consented:
		s.Terms = e.Terms
	case Updated:
		s.Hidden = !e.ShowOnLeaderboard
	case Disabled:
		s.Before = s.Disabled
		s.Disabled, s.Discounted, s.BannedBy = true, s.Discounted || e.Discount, domain.CommandID{}
	case Enabled:
		s.Disabled, s.Discounted, s.Before, s.BannedBy = false, false, false, domain.CommandID{}
	case Merged:
		s.MergedInto = e.Into
	case Erased:
		s.Erased = true
	default:
		s.purged(event, at)
	}
	return s
}
