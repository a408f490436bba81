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

// PurgeProposed asks for a second person's approval of a purge.
type PurgeProposed struct {
	Act    domain.CommandID
	Scope  PurgeScope
	Person domain.ContributorID // the owner of the account of who proposes
	Reason string
}

// PurgeOrdered decides a purge; what it takes in the trees follows. Banned says
// that it disabled the account, just before.
type PurgeOrdered struct {
	Act      domain.CommandID
	Scope    PurgeScope
	Reason   string
	Proposer domain.ContributorID // zero where one person sufficed
	Banned   bool
}

// PurgeWithdrawn takes a proposal back.
type PurgeWithdrawn struct {
	Act    domain.CommandID
	Reason string
}

// PurgeReversed undoes a purge; what it brings back in the trees follows.
type PurgeReversed struct {
	Act    domain.CommandID
	Reason string
}

// PurgeCompleted says that what the purge, or its reversal, asks for was done in
// every tree.
type PurgeCompleted struct {
	Act domain.CommandID
}

// Type implements domain.Event for each: the names are the storage format.
func (Registered) Type() domain.EventType { return "contributor.registered" }
func (Consented) Type() domain.EventType  { return "contributor.consented" }
func (Updated) Type() domain.EventType    { return "contributor.updated" }
func (Disabled) Type() domain.EventType   { return "contributor.disabled" }
func (Enabled) Type() domain.EventType    { return "contributor.enabled" }
func (Merged) Type() domain.EventType     { return "contributor.merged" }
func (Erased) Type() domain.EventType     { return "contributor.erased" }

// Type implements domain.Event for each: the names are the storage format.
func (PurgeProposed) Type() domain.EventType  { return "purge.proposed" }
func (PurgeOrdered) Type() domain.EventType   { return "purge.ordered" }
func (PurgeWithdrawn) Type() domain.EventType { return "purge.withdrawn" }
func (PurgeReversed) Type() domain.EventType  { return "purge.reversed" }
func (PurgeCompleted) Type() domain.EventType { return "purge.completed" }
