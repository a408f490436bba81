package integrity

import (
	"fmt"
	"time"

	"dendro/domain"
)

// Violation is an event that breaks a rule, and how.
type Violation struct {
	At     domain.Position
	Event  domain.EventID
	Type   domain.EventType // "" when the event has no payload
	Stream domain.StreamID
	Rule   Rule
	Why    string
}

// Error names the event and what is wrong with it, in one line.
func (v *Violation) Error() string {
	return fmt.Sprintf("event %s (%s of %s): %s", v.At, v.Type, v.Stream, v.Why)
}

// Rule names what a violation breaks.
type Rule string

// The rules.
const (
	RuleSeq      Rule = "seq"      // dense from 1 per partition
	RuleEpoch    Rule = "epoch"    // never falling, each begun by writer.claimed
	RuleTime     Rule = "time"     // never back within a partition, whole microseconds
	RuleID       Rule = "id"       // one event, one id
	RuleStream   Rule = "stream"   // a valid name, of the kind that the payload belongs to
	RulePlace    Rule = "place"    // one partition per stream, the one that domain.Place gives
	RuleVersion  Rule = "version"  // dense from 1 per stream
	RuleOpening  Rule = "opening"  // streams begin as they must, once
	RuleMessage  Rule = "message"  // parents exist, roles alternate, ids are new, revisions dense
	RuleTask     Rule = "task"     // fits its message; is answered by whom it was given to, once
	RuleReview   Rule = "review"   // one per contributor and text, as the task asked
	RuleRanking  Rule = "ranking"  // orders known replies; a merge follows from its ballots
	RuleState    Rule = "state"    // moves of the table in collection §4, from where the tree is
	RuleLottery  Rule = "lottery"  // waiting trees only, within max_active_trees
	RuleDeletion Rule = "deletion" // takes what is there, restores what it took
	RulePolicy   Rule = "policy"   // revisions go on
	RuleAccount  Rule = "account"  // contributors and clients are who their stream says
)

// Check folds the events of one log. Its zero value is of no use; see New.
// Not for concurrent use.
type Check struct {
	identity   domain.Identity
	first      *Violation
	partitions []partition
	events     map[domain.EventID]struct{}
	streams    map[domain.StreamID]*stream
	trees      map[domain.TreeID]*treeState
	messages   map[domain.MessageID]*message
	tasks      map[domain.TaskID]*task
	pools      map[domain.PoolID]*poolState
	campaign   campaignState
}

// partition is where the reading of a partition stands.
type partition struct {
	seq   domain.Seq // of the last event
	epoch domain.Epoch
	time  time.Time
}

// stream is where the reading of a stream stands.
type stream struct {
	partition domain.Partition
	version   domain.Version // of the last event
}

// New begins a check of the log with the given identity.
func New(id domain.Identity) *Check {
	return &Check{
		identity:   id,
		partitions: make([]partition, id.Partitions),
		events:     map[domain.EventID]struct{}{},
		streams:    map[domain.StreamID]*stream{},
		trees:      map[domain.TreeID]*treeState{},
		messages:   map[domain.MessageID]*message{},
		tasks:      map[domain.TaskID]*task{},
		pools:      map[domain.PoolID]*poolState{},
		campaign:   campaignState{clients: map[domain.ClientID]bool{}},
	}
}

// Apply takes the next event: those of one partition in order of Seq, from
// the first on, partitions interleaved in any way. The answer is a *Violation,
// or nil. After the first violation every further call gives that one: what
// comes behind it may only be its consequence.
func (c *Check) Apply(r domain.Recorded) error {
	if c.first == nil {
		c.first = c.apply(r)
	}
	if c.first != nil {
		return c.first
	}
	return nil
}

// breach is a broken rule, before it is known where.
type breach struct {
	rule Rule
	why  string
}

func broken(rule Rule, format string, args ...any) *breach {
	return &breach{rule, fmt.Sprintf(format, args...)}
}

func (c *Check) apply(r domain.Recorded) *Violation {
	b := c.envelope(r)
	if b == nil {
		b = c.stream(r)
	}
	if b == nil {
		b = c.content(r)
	}
	if b == nil {
		return nil
	}
	v := &Violation{At: r.Position, Event: r.ID, Stream: r.Stream, Rule: b.rule, Why: b.why}
	if r.Payload != nil {
		v.Type = r.Payload.Type()
	}
	return v
}
