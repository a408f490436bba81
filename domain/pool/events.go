package pool

import (
	"dendro/domain"
	"dendro/domain/policy"
)

// Opened begins the work of one language, under the policy then in force.
type Opened struct {
	Language string
	Bucket   int
	Revision int // of the campaign's policy
	Policy   policy.Policy
}

// Configured puts a later policy in force for this pool; its cause is the
// campaign's event.
type Configured struct {
	Revision int
	Policy   policy.Policy
}

// LotteryDrawn records a draw so that anyone can check it: sort the candidates
// by author, weigh them, roll the seed (spec: collection §7).
type LotteryDrawn struct {
	Seed      uint64
	Authors   int    // candidates
	Weight    int    // sum of their weights
	Digest    string // hex SHA-256 of the candidates, see Candidates
	Author    domain.ContributorID
	Prompts   int // waiting prompts of that author
	Tree      domain.TreeID
	Growing   int // before the draw
	MaxActive int
}

// BacklogActivated takes an imported tree out of the backlog.
type BacklogActivated struct {
	Tree   domain.TreeID
	Seed   uint64
	Reason string // "tree_ended" or "few_rankings"
}

// Type implements domain.Event for each: the names are the storage format.
func (Opened) Type() domain.EventType           { return "pool.opened" }
func (Configured) Type() domain.EventType       { return "pool.configured" }
func (LotteryDrawn) Type() domain.EventType     { return "lottery.drawn" }
func (BacklogActivated) Type() domain.EventType { return "backlog.activated" }

// DecidedBy implements domain.ByItself.
func (LotteryDrawn) DecidedBy() string { return "lottery" }

// DecidedBy implements domain.ByItself.
func (BacklogActivated) DecidedBy() string { return "backlog" }
