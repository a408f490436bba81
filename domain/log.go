package domain

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Log is an append-only record of events in a fixed number of partitions.
// All methods may be called concurrently.
type Log interface {
	// Identity is what the log was created with.
	Identity() Identity

	// Own takes the partition over: it starts the next epoch and appends
	// Claimed as its first event. When it returns, every earlier Writer of the
	// partition is fenced, and End covers all they ever wrote.
	Own(ctx context.Context, p Partition) (Writer, error)

	// Read yields the events of the half-open range [from, to), partition by
	// partition in ascending order, each in order of Seq. It yields exactly
	// that range or an error, which is its last yield: a gap, a damaged record
	// (*Damage) or a range beyond the end (ErrForeignCut) is never passed over.
	Read(ctx context.Context, from, to Cut) iter.Seq2[Recorded, error]

	// End is the cut behind all durable events.
	End(ctx context.Context) (Cut, error)

	// Follow is Read from the cut on, without end: it waits for new events,
	// and ends with ctx's error when ctx does. Within a partition the order is
	// that of Seq; between partitions there is none.
	Follow(ctx context.Context, from Cut) iter.Seq2[Recorded, error]
}

// Writer is the right to append to one partition, until the next Own.
// It is used by one goroutine at a time.
type Writer interface {
	// Claim is the Claimed event that this writer began with.
	Claim() Recorded

	// Append makes the events durable, all or none, and returns after that.
	// The caller has set all of the envelope; positions must follow the last
	// event of the partition without a gap, Epoch must be the writer's, and
	// Time must not go back: otherwise ErrMisplaced and nothing is written.
	//
	//	ErrFenced     another owner came: nothing was or will be written
	//	ErrUnknown    it may have been written: Own again, read to the end, look
	//	ErrOverloaded nothing was written now; back off and try again
	//	ErrFull       nothing was written: there is no room; free some, restart
	//
	// After ErrFenced or ErrUnknown the writer is of no more use.
	Append(ctx context.Context, events []Recorded) error

	// Close gives the partition up. It waits for no other owner.
	Close() error
}

// What an append can answer beside success; test with errors.Is.
var (
	ErrFenced     = errors.New("another owner has taken the partition over")
	ErrUnknown    = errors.New("the append may or may not have been written")
	ErrOverloaded = errors.New("too much is waiting; try again later")
	ErrMisplaced  = errors.New("the events do not continue the partition")
	ErrFull       = errors.New("no room is left to write to")
	ErrClosed     = errors.New("the log is closed")
)

// Damage is stored bytes that are not what was written. It names the place as
// exactly as the log can tell.
type Damage struct {
	Place string // such as "partition 2, frame at seq 17 (events 17 to 24)"
	Why   string
}

// Error implements error.
func (d *Damage) Error() string {
	return fmt.Sprintf("damaged log: %s: %s; restore the file from a copy", d.Place, d.Why)
}
