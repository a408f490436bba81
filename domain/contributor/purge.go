package contributor

import (
	"slices"
	"time"

	"dendro/domain"
)

// PurgeScope says what a purge takes of what an account wrote, up to the moment
// of the order, and whether the account is disabled and its votes discounted.
type PurgeScope struct {
	KeepPrompts bool
	From, To    time.Time // created at or after From, before or at To; zero: no bound
	Ban         bool
}

// Purge is a purge of one account on its way. The same Act may purge several
// accounts of one owner.
type Purge struct {
	Act      domain.CommandID
	Scope    PurgeScope
	Status   PurgeStatus
	Reason   string
	Proposer domain.ContributorID // of a purge that takes two people
	Proposed time.Time
	Ordered  time.Time
	Back     string // why it was reversed
}

// PurgeStatus is how far a purge is.
type PurgeStatus string

// The ways of a purge: proposed → ordered → done → reversing → reversed, or
// proposed → withdrawn. Ordered and reversing ones are still to be carried out
// in the trees.
const (
	PurgeIsProposed  PurgeStatus = "proposed"
	PurgeIsOrdered   PurgeStatus = "ordered"
	PurgeIsDone      PurgeStatus = "done"
	PurgeIsReversing PurgeStatus = "reversing"
	PurgeIsReversed  PurgeStatus = "reversed"
	PurgeIsWithdrawn PurgeStatus = "withdrawn"
)

// ProposalLasts is how long a proposal can be approved.
const ProposalLasts = 7 * 24 * time.Hour

// OrderPurge orders a purge or, where it takes two people, proposes it. TwoPeople
// is what the campaign says and Person the owner of the account of who asks; both
// are set when the command is routed.
type OrderPurge struct {
	Act       domain.CommandID
	Scope     PurgeScope
	Reason    string
	Person    domain.ContributorID // zero: a client, which is no person
	TwoPeople bool
}

// ApprovePurge orders what another person proposed. Whether the campaign asks for two
// people by then makes no difference to it.
type ApprovePurge struct {
	Act    domain.CommandID
	Person domain.ContributorID
}

// WithdrawPurge takes a proposal back.
type WithdrawPurge struct {
	Act    domain.CommandID
	Reason string
}

// ReversePurge undoes a purge: what it deleted, and the disabling that it did. Who
// was disabled before it stays so.
type ReversePurge struct {
	Act    domain.CommandID
	Reason string
}

// CompletePurge notes that a purge, or its reversal, was carried out.
type CompletePurge struct{ Act domain.CommandID }

func (OrderPurge) contributorCommand()    {}
func (ApprovePurge) contributorCommand()  {}
func (WithdrawPurge) contributorCommand() {}
func (ReversePurge) contributorCommand()  {}
func (CompletePurge) contributorCommand() {}

// PurgeCommand is the id of the command that carries an account's purge out in a
// tree, or undoes it there. What they cause can be found by it.
func PurgeCommand(act domain.CommandID, who domain.ContributorID, in domain.TreeID, reversal bool) domain.CommandID {
	what := "purge/"
	if reversal {
		what = "reverse/"
	}
	return domain.CommandID(domain.Derive(act, what+who.String()+"/"+in.String(), 0))
}

// PurgeOf gives an account's purge, and false when there is none of the act.
func (s *State) PurgeOf(act domain.CommandID) (Purge, bool) {
	i := s.purgeIndex(act)
	if i < 0 {
		return Purge{}, false
	}
	return s.Purges[i], true
}

func (s *State) purgeIndex(act domain.CommandID) int {
	return slices.IndexFunc(s.Purges, func(p Purge) bool { return p.Act == act })
}

func decidePurge(s State, c Command, now time.Time) ([]domain.Event, error) {
	switch c := c.(type) {
	case OrderPurge:
		return orderPurge(s, c)
	case ApprovePurge:
		return approvePurge(s, c, now)
	case WithdrawPurge:
		p, known := s.PurgeOf(c.Act)
		switch {
		case !known:
			return nil, errNoPurge
		case p.Status == PurgeIsWithdrawn:
			return nil, nil
		case p.Status != PurgeIsProposed:
			return nil, domain.Refuse(domain.Conflict, "the purge is %s; only a proposal can be withdrawn, but a purge can be reversed", p.Status)
		}
		return reasoned(c.Reason, PurgeWithdrawn(c))
	case ReversePurge:
		return reversePurge(s, c)
	case CompletePurge:
		p, known := s.PurgeOf(c.Act)
		if !known || p.Status != PurgeIsOrdered && p.Status != PurgeIsReversing {
			return nil, nil
		}
		return one(PurgeCompleted(c))
	}
	return nil, domain.Refuse(domain.Invalid, "a contributor does not know the command %T", c)
}

var errNoPurge = domain.Refuse(domain.Invalid, "there is no such purge of this account")

func orderPurge(s State, c OrderPurge) ([]domain.Event, error) {
	if _, known := s.PurgeOf(c.Act); known {
		return nil, nil
	}
	if !c.TwoPeople {
		return s.order(PurgeOrdered{Act: c.Act, Scope: c.Scope, Reason: c.Reason})
	}
	if c.Person.IsZero() {
		return nil, domain.Refuse(domain.Conflict, "a purge takes two people here: name the one who asks for it")
	}
	return reasoned(c.Reason, PurgeProposed{Act: c.Act, Scope: c.Scope, Person: c.Person, Reason: c.Reason})
}

// order disables the account too, if the scope says so and it is not.
func (s *State) order(e PurgeOrdered) ([]domain.Event, error) {
	e.Banned = e.Scope.Ban && !(s.Disabled && s.Discounted)
	events, err := reasoned(e.Reason, e)
	if err == nil && e.Banned {
		events = append([]domain.Event{Disabled{Reason: e.Reason, Discount: true}}, events...)
	}
	return events, err
}

func approvePurge(s State, c ApprovePurge, now time.Time) ([]domain.Event, error) {
	p, known := s.PurgeOf(c.Act)
	switch {
	case !known:
		return nil, errNoPurge
	case p.Status == PurgeIsOrdered || p.Status == PurgeIsDone:
		return nil, nil
	case p.Status != PurgeIsProposed:
		return nil, domain.Refuse(domain.Conflict, "the purge is %s; propose it anew", p.Status)
	case c.Person.IsZero():
		return nil, domain.Refuse(domain.Conflict, "a purge takes two people: name the one who approves of it")
	case c.Person == p.Proposer:
		return nil, domain.Refuse(domain.Conflict, "a purge takes two people: somebody else must approve of what you proposed")
	case now.After(p.Proposed.Add(ProposalLasts)):
		return nil, domain.Refuse(domain.Conflict, "the proposal has lapsed after %d days; propose it anew", int(ProposalLasts/(24*time.Hour)))
	}
	return s.order(PurgeOrdered{Act: c.Act, Scope: p.Scope, Reason: p.Reason, Proposer: p.Proposer})
}

func reversePurge(s State, c ReversePurge) ([]domain.Event, error) {
	p, known := s.PurgeOf(c.Act)
	switch {
	case !known:
		return nil, errNoPurge
	case p.Status == PurgeIsReversing || p.Status == PurgeIsReversed:
		return nil, nil
	case p.Status != PurgeIsDone:
		return nil, domain.Refuse(domain.Conflict, "the purge is %s; only one that is done can be reversed", p.Status)
	}
	if _, err := reasoned(c.Reason, PurgeReversed(c)); err != nil {
		return nil, err
	}
	var events []domain.Event
	if s.Disabled && s.BannedBy == c.Act {
		events = append(events, Enabled{Reason: c.Reason})
		if s.Before { // only its votes count again
			events = append(events, Disabled{Reason: c.Reason})
		}
	}
	return append(events, PurgeReversed(c)), nil
}

// purged folds the events of purges.
func (s *State) purged(event domain.Event, at time.Time) {
	change := func(act domain.CommandID, do func(*Purge)) {
		if i := s.purgeIndex(act); i >= 0 {
			s.Purges = slices.Clone(s.Purges)
			do(&s.Purges[i])
		}
	}
	switch e := event.(type) {
	case PurgeProposed:
		s.Purges = append(slices.Clip(s.Purges), Purge{Act: e.Act, Scope: e.Scope, Status: PurgeIsProposed, Reason: e.Reason, Proposer: e.Person, Proposed: at})
	case PurgeOrdered:
		if _, known := s.PurgeOf(e.Act); !known {
			s.Purges = append(slices.Clip(s.Purges), Purge{Act: e.Act, Scope: e.Scope, Reason: e.Reason})
		}
		change(e.Act, func(p *Purge) { p.Status, p.Ordered = PurgeIsOrdered, at })
		if e.Banned {
			s.BannedBy = e.Act
		}
	case PurgeWithdrawn:
		change(e.Act, func(p *Purge) { p.Status = PurgeIsWithdrawn })
	case PurgeReversed:
		change(e.Act, func(p *Purge) { p.Status, p.Back = PurgeIsReversing, e.Reason })
	case PurgeCompleted:
		change(e.Act, func(p *Purge) {
			if p.Status == PurgeIsReversing {
				p.Status = PurgeIsReversed
			} else {
				p.Status = PurgeIsDone
			}
		})
	}
}
