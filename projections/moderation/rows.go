package moderation

import (
	"context"
	"time"

	"dendro/domain"
)

// The tables.
const (
	TableFlags   = "moderation_flags"
	TableReports = "moderation_reports"
	TableHistory = "moderation_history"
)

// Flag is a message that was reported. Key: Message. It is never gone: a
// report that was worked through leaves it, Processed.
type Flag struct {
	Message   domain.MessageID
	Tree      domain.TreeID
	Author    domain.ContributorID // of the message; zero when it is not known
	Language  string               // of the tree; "" when it is not known
	Created   time.Time            // of the first report
	Reported  time.Time            // of the newest
	Reports   int
	Processed bool
}

// Report is one contributor's report of a message. Key: Message and Number. It
// is never changed.
type Report struct {
	Message domain.MessageID
	Number  int // from 1
	By      domain.ContributorID
	At      time.Time
	Reason  string
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
func (*Report) Table() string { return TableReports }

// Table implements projections.Row.
func (*Entry) Table() string { return TableHistory }

// Reader answers what moderators ask.
type Reader interface {
	// Flags gives reported messages in the order of Created, then Message, or in
	// that of the query's.
	Flags(ctx context.Context, q FlagQuery) ([]*Flag, error)
	// Flag gives one, nil when the message was never reported.
	Flag(ctx context.Context, id domain.MessageID) (*Flag, error)
	// Reports gives the reports of messages, message by message in the order of
	// ids, the oldest first.
	Reports(ctx context.Context, of []domain.MessageID) ([]*Report, error)
	// ReportsBy gives the newest reports that contributors made, at most so many,
	// the newest first: by At, then Message, then Number, all descending.
	ReportsBy(ctx context.Context, by []domain.ContributorID, most int) ([]*Report, error)
	// History gives where the newest events of a subject stand, at most so
	// many, oldest first: by time, then partition, then seq.
	History(ctx context.Context, of Subject, most int) ([]*Entry, error)
}

// FlagQuery chooses flags. The zero value of a field does not limit.
type FlagQuery struct {
	Open     bool                   // not processed only
	Language string                 // exactly as the tree has it
	Authors  []domain.ContributorID // any of them; nil: all
	Most     bool                   // in the order of Reports, most first, then Created, then Message
	After    *FlagKey               // exclusive: later in the order, whatever Desc
	Before   *FlagKey               // exclusive: earlier in the order, whatever Desc
	Desc     bool                   // from the end of the order
	Max      int                    // at most so many, the first in the order asked for; at least 1
}

// FlagKey is a place in the order of flags. Without Message it stands outside
// of all flags of its instant, or of its Reports and instant: as After or Before
// it lets them in.
type FlagKey struct {
	Reports int // of the order of Reports only
	Created time.Time
	Message domain.MessageID
}
