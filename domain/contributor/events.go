package contributor

import "dendro/domain"

// Registered makes a contributor known. The log holds nothing else about who
// it is (design: privacy).
type Registered struct {
	Contributor domain.ContributorID
	Client      domain.ClientID
}

// Consented is the acceptance of a version of the terms.
type Consented struct {
	Terms string
}

// Updated sets what the contributor chose.
type Updated struct {
	ShowOnLeaderboard bool
}

// Disabled shuts a contributor out. Discount also makes the votes that they
// gave count no longer.
type Disabled struct {
	Reason   string
	Discount bool
}

// Enabled lets a contributor in again, and their votes count.
type Enabled struct {
	Reason string
}

// Merged says that this account was another's all along: what From did counts
// as done by Into. It stands in the stream of From.
type Merged struct {
	From   domain.ContributorID
	Into   domain.ContributorID
	Reason string
}

// Erased says that the directory's row and the key of this contributor are
// gone.
type Erased struct {
	Reason string
}

// Type implements domain.Event for each: the names are the storage format.
func (Registered) Type() domain.EventType { return "contributor.registered" }
func (Consented) Type() domain.EventType  { return "contributor.consented" }
func (Updated) Type() domain.EventType    { return "contributor.updated" }
func (Disabled) Type() domain.EventType   { return "contributor.disabled" }
func (Enabled) Type() domain.EventType    { return "contributor.enabled" }
func (Merged) Type() domain.EventType     { return "contributor.merged" }
func (Erased) Type() domain.EventType     { return "contributor.erased" }
