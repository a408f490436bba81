package contributors

import (
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/projections"
)

var _ projections.Projection = (*Fold)(nil)

// Fold gives the rows of accounts. Make it with New.
type Fold struct {
	accounts map[domain.ContributorID]*Contributor
}

// New gives the fold before the first event.
func New() *Fold { return &Fold{accounts: map[domain.ContributorID]*Contributor{}} }

// Name implements projections.Projection.
func (*Fold) Name() string { return "contributors" }

// Revision implements projections.Projection.
func (*Fold) Revision() int { return 1 }

// Apply implements projections.Projection.
func (f *Fold) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	var next Contributor
	switch e := r.Payload.(type) {
	case contributor.Registered:
		next = Contributor{ID: e.Contributor, Client: e.Client, Registered: r.Time}
	case contributor.Consented, contributor.Updated, contributor.Disabled, contributor.Enabled, contributor.Merged, contributor.Erased:
		id, _ := r.Stream.Contributor()
		known := f.accounts[id]
		if known == nil {
			return changes
		}
		next = known.after(r)
		if next == *known {
			return changes
		}
	default:
		return changes
	}
	f.accounts[next.ID] = &next
	return append(changes, projections.Put(&next))
}

// after is the account behind one more event of its stream.
func (c Contributor) after(r *domain.Recorded) Contributor {
	switch e := r.Payload.(type) {
	case contributor.Consented:
		c.Terms, c.Consented = e.Terms, r.Time
	case contributor.Updated:
		c.Hidden = !e.ShowOnLeaderboard
	case contributor.Disabled:
		c.Disabled, c.Discounted, c.Reason = true, c.Discounted || e.Discount, e.Reason
	case contributor.Enabled:
		c.Disabled, c.Discounted, c.Reason = false, false, e.Reason
	case contributor.Merged:
		c.MergedInto = e.Into
	case contributor.Erased:
		c.Erased = true
	}
	return c
}
