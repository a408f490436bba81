package agreement

import (
	"context"

	"dendro/domain"
	"dendro/domain/agreement"
)

// The tables.
const (
	TableRaters    = "agreement_raters"
	TableEverybody = "agreement_everybody"
)

// Rater is what an account's reviews of messages with so many reviews come to,
// label by label. Key: Contributor and Size. It is gone when that is nothing.
type Rater struct {
	Contributor domain.ContributorID
	Size        int // at least 2
	Sums        agreement.Sums
}

// Everybody is the same of all accounts. Key: Size.
type Everybody struct {
	Size    int
	Spreads agreement.Spreads
}

// Table implements projections.Row.
func (*Rater) Table() string { return TableRaters }

// Table implements projections.Row.
func (*Everybody) Table() string { return TableEverybody }

// Reader gives the sums.
type Reader interface {
	// Agreement gives the rows of some accounts, by account, then size, of all
	// when they are nil; and beside them everybody's, by size. Both are of one
	// cut.
	Agreement(ctx context.Context, of []domain.ContributorID) ([]*Rater, []*Everybody, error)
}
