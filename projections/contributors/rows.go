package contributors

import (
	"context"
	"time"

	"dendro/domain"
)

// TableContributors is the view's table.
const TableContributors = "contributors"

// Contributor is an account's standing, as the log knows it. Key: ID.
type Contributor struct {
	ID         domain.ContributorID
	Client     domain.ClientID // that registered it
	Registered time.Time
	Terms      string    // newest version accepted
	Consented  time.Time // when that was; zero before
	Hidden     bool      // from leaderboards
	Disabled   bool
	Discounted bool                 // disabled, and the votes given count no longer
	Reason     string               // of the newest disabling or enabling
	MergedInto domain.ContributorID // zero: none; it need not be known
	Erased     bool
}

// Table implements projections.Row.
func (*Contributor) Table() string { return TableContributors }

// Reader answers what the API asks about accounts.
type Reader interface {
	// Contributor gives an account, nil when it is not known.
	Contributor(ctx context.Context, id domain.ContributorID) (*Contributor, error)
	// Contributors gives accounts in the order of ids, nil where one is not
	// known; all, by id, when ids is nil.
	Contributors(ctx context.Context, ids []domain.ContributorID) ([]*Contributor, error)
	// Owner follows the mergers of an account to their end. Accounts merged in
	// a circle belong to the one with the smallest id among them. An account
	// that is not known is its own owner.
	Owner(ctx context.Context, id domain.ContributorID) (domain.ContributorID, error)
	// Accounts gives the accounts that an owner has: itself, then all others
	// whose Owner it is, by id. An account that another one owns has itself
	// only: the answer is never empty.
	Accounts(ctx context.Context, owner domain.ContributorID) ([]domain.ContributorID, error)
	// Mergers gives all there are: for who asks about many accounts.
	Mergers(ctx context.Context) (Mergers, error)
}
