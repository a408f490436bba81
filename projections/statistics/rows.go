package statistics

import (
	"context"

	"dendro/domain"
)

// The tables.
const (
	TableMessages = "statistics_messages"
	TableTrees    = "statistics_trees"
	TableConsents = "statistics_consents"
)

// Messages counts messages. Key: all but N. A count of 0 stays.
type Messages struct {
	Language  string
	Role      domain.Role
	Synthetic bool
	Deleted   bool
	N         int
}

// Trees counts trees. Key: Language and State. A count of 0 stays.
type Trees struct {
	Language string
	State    domain.TreeState
	N        int
}

// Consents counts the contributors that ever accepted terms and are not
// erased. One row.
type Consents struct{ N int }

// Table implements projections.Row.
func (*Messages) Table() string { return TableMessages }

// Table implements projections.Row.
func (*Trees) Table() string { return TableTrees }

// Table implements projections.Row.
func (*Consents) Table() string { return TableConsents }

// Counts is all of it, counts of 0 left out; sorted by key.
type Counts struct {
	Messages []Messages
	Trees    []Trees
	Consents int
}

// Reader gives the counts.
type Reader interface {
	Counts(ctx context.Context) (Counts, error)
}
