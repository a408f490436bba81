package domain

import "time"

// EventType is the wire name of an event, such as "message.posted". A name
// never changes its meaning: it is the storage format.
type EventType string

// Event is a payload: a past-tense fact. Payloads are plain values; whoever
// holds one does not change it.
type Event interface {
	Type() EventType
}

// ActorKind tells who caused an event.
type ActorKind string

// The kinds of actor.
const (
	ActorContributor ActorKind = "contributor" // ID: contributor UUID
	ActorModerator   ActorKind = "moderator"   // ID: contributor or client UUID
	ActorClient      ActorKind = "client"      // ID: client UUID
	ActorRule        ActorKind = "rule"        // ID: the rule's name, such as "lottery"
)

// Actor is who caused an event. It never holds a name or address.
type Actor struct {
	Kind ActorKind
	ID   string
}

// String writes "kind:id".
func (a Actor) String() string { return string(a.Kind) + ":" + a.ID }

// ByContributor, ByModerator and ByRule are the common actors.
func ByContributor(id ContributorID) Actor { return Actor{ActorContributor, id.String()} }

// ByModerator is the moderator's own contributor id, or the client's.
func ByModerator(id string) Actor { return Actor{ActorModerator, id} }

// ByRule names the rule of the spec that made the engine act.
func ByRule(name string) Actor { return Actor{ActorRule, name} }

// Recorded is an event with its envelope (design: CloudEvents 1.0 attributes).
type Recorded struct {
	ID       EventID   // derived from Command and the event's index in it
	Position Position  // where it stands in the log
	Stream   StreamID  // which aggregate instance it belongs to
	Version  Version   // place in its stream
	Schema   int       // version of the payload's schema as stored, from 1
	Time     time.Time // UTC, whole microseconds, never back within a partition; information, never order
	Actor    Actor
	Command  CommandID
	Cause    EventID // the event that made us react; zero when none
	Epoch    Epoch   // of the writer
	Payload  Event
}

// Claimed is the first event of every epoch of a partition, written by the
// log itself. It is bookkeeping, and means nothing to the aggregates.
type Claimed struct {
	Owner string // who claims: a node's name, never an address of a person
}

// TypeClaimed is the wire name of Claimed.
const TypeClaimed EventType = "writer.claimed"

// Type implements Event.
func (Claimed) Type() EventType { return TypeClaimed }

// Instant cuts a time to what an envelope keeps: UTC, whole microseconds.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// ByItself is implemented by events that a rule may have decided: DecidedBy
// gives the rule's name, which becomes the envelope's actor, or "".
type ByItself interface {
	DecidedBy() string
}
