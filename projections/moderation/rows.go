package moderation

import (
	"context"
	"time"

	"dendro/domain"
)

// The tables.
const (
	TableFlags   = "moderation_flags"
	TableHistory = "moderation_history"
)

// Flag is a message that was reported. Key: Message. It is never gone: a
// report that was worked through leaves it, Processed.
type Flag struct {
	Message   domain.MessageID
	Tree      domain.TreeID
	Created   time.Time // of the first report
	Reported  time.Time // of the newest
	Reports   int
	Processed bool
}

// Entry says where an event stands, for one who asks after a subject. Key: At
// and Subject. It is never changed.
type Entry struct {
	Subject Subject
	At      domain.Position
	Time    time.Time
}

// Subject is what a history can be asked of: a stream's name, or
// "moderator/ID" for what a moderator did.
type Subject string

// OfStream and OfModerator make subjects.
func OfStream(s domain.StreamID) Subject { return Subject(s) }

// OfModerator names what the moderator (a contributor or a client) did.
func OfModerator(id string) Subject { return Subject("moderator/" + id) }

// Table implements projections.Row.
func (*Flag) Table() string { return TableFlags }

// Table implements projections.Row.
func (*Entry) Table() string { return TableHistory }

// Reader answers what moderators ask.
type Reader interface {
	// Flags gives reported messages in the order of Created, then Message.
	Flags(ctx context.Context, q FlagQuery) ([]*Flag, error)
	// Flag gives one, nil when the message was never reported.
	Flag(ctx context.Context, id domain.MessageID) (*Flag, error)
	// History gives where the newest events of a subject stand, at most so
	// many, oldest first: by time, then partition, then seq.
	History(ctx context.Context, of Subject, most int) ([]*Entry, error)
}

// FlagQuery chooses flags. The zero value of a field does not limit.
type FlagQuery struct {
	Open   bool     // not processed only
	After  *FlagKey // exclusive: created later, whatever Desc
	Before *FlagKey // exclusive: created earlier, whatever Desc
	Desc   bool     // newest first
	Max    int      // at most so many, the first in the order asked for; at least 1
}

// FlagKey is a place in the order of flags. Without Message it stands outside
// of all flags of its instant: as After or Before it lets them in.
type FlagKey struct {
	Created time.Time
	Message domain.MessageID
}
