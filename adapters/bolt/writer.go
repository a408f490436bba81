package bolt

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"dendro/domain"
)

// Bounds of one append, and of all that waits.
const (
	MaxAppendEvents = 1 << 16
	MaxAppendBytes  = 64 << 20
	MaxWaiting      = 1024      // appends and takeovers
	MaxWaitingBytes = 128 << 20 // their events
	maxGroupBytes   = 16 << 20  // after which a commit takes no further append
)

// writer implements domain.Writer.
type writer struct {
	l      *Log
	p      domain.Partition
	claim  domain.Recorded
	closed bool
	lost   error // why it is of no more use

	// Used again by each append: the committer has let go of them when it has
	// answered, or when the append was withdrawn; else the writer is lost.
	framer   framer
	versions map[domain.StreamID]domain.Version
}

var _ domain.Writer = (*writer)(nil)

// Own implements domain.Log. Beside the errors of Append it answers ErrClosed.
func (l *Log) Own(ctx context.Context, p domain.Partition) (domain.Writer, error) {
	switch {
	case l.opt.ReadOnly:
		return nil, fmt.Errorf("log in %s is open for reading only; open it to be written to", l.dir)
	case p < 0 || int(p) >= l.identity.Partitions:
		return nil, fmt.Errorf("partition %d is not one of the log's %d", p, l.identity.Partitions)
	}
	r := newRequest(p)
	r.own = true
	if err := l.submit(ctx, r); err != nil {
		return nil, err
	}
	return &writer{l: l, p: p, claim: r.claim, versions: make(map[domain.StreamID]domain.Version)}, nil
}

// Claim implements domain.Writer.
func (w *writer) Claim() domain.Recorded { return w.claim }

// Close implements domain.Writer.
func (w *writer) Close() error {
	w.closed = true
	return nil
}

// Append implements domain.Writer. When ctx ends while the events wait they
// are withdrawn and it answers ctx's error; when they are being written it
// answers ErrUnknown.
func (w *writer) Append(ctx context.Context, events []domain.Recorded) error {
	switch {
	case w.closed:
		return fmt.Errorf("the writer of partition %d was closed: %w", w.p, domain.ErrClosed)
	case w.lost != nil:
		return w.lost
	case len(events) == 0:
		return nil
	case len(events) > MaxAppendEvents:
		return fmt.Errorf("an append of %d events, %d is the most; split it", len(events), MaxAppendEvents)
	}
	r, err := w.request(events)
	if err != nil {
		return err
	}
	if err = w.l.submit(ctx, r); isLost(err) {
		w.lost = err
	}
	return err
}

// request checks and encodes the events, while others are being written.
func (w *writer) request(events []domain.Recorded) (*request, error) {
	if err := w.check(events); err != nil {
		return nil, err
	}
	r := newRequest(w.p)
	r.epoch, r.first, r.events = w.claim.Epoch, events[0].Position.Seq, len(events)
	r.from, r.until = events[0].Time, events[len(events)-1].Time
	var err error
	r.frames, err = w.framer.encode(w.p, r.epoch, events)
	r.bytes = len(w.framer.buf)
	return r, err
}

// check holds the events to what they must be among themselves.
func (w *writer) check(events []domain.Recorded) error {
	misplaced := func(e *domain.Recorded, why string) error {
		return fmt.Errorf("%w: %s: %s", domain.ErrMisplaced, e.Position, why)
	}
	clear(w.versions)
	for i := range events {
		e := &events[i]
		switch {
		case e.Position.Partition != w.p:
			return misplaced(e, fmt.Sprintf("the writer is that of partition %d", w.p))
		case e.Epoch != w.claim.Epoch:
			return misplaced(e, fmt.Sprintf("epoch %d, the writer's is %d", e.Epoch, w.claim.Epoch))
		case e.Stream.Kind() == domain.KindPartition:
			return misplaced(e, fmt.Sprintf("stream %s is the log's own", e.Stream))
		case i > 0 && e.Position.Seq != events[i-1].Position.Seq+1:
			return misplaced(e, fmt.Sprintf("behind seq %d", events[i-1].Position.Seq))
		case i > 0 && e.Time.Before(events[i-1].Time):
			return misplaced(e, "its time goes back")
		}
		if last, ok := w.versions[e.Stream]; ok && e.Version != last+1 {
			return misplaced(e, fmt.Sprintf("version %d of %s behind version %d", e.Version, e.Stream, last))
		}
		w.versions[e.Stream] = e.Version
	}
	return nil
}

// newClaim is the first event of the epoch behind t. The same log, clock and
// appends give the same claim.
func newClaim(log domain.LogID, p domain.Partition, t tail, owner string, now time.Time) domain.Recorded {
	if now = domain.Instant(now); now.Before(t.time) {
		now = t.time
	}
	epoch := t.epoch + 1
	hash := sha256.New()
	hash.Write(log[:])
	hash.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(nil, uint16(p)), uint64(epoch)))
	command := domain.CommandID(domain.NewID(now, [10]byte(hash.Sum(nil))))
	return domain.Recorded{
		ID:       domain.EventID(domain.Derive(command, "event", 0)),
		Position: domain.Position{Partition: p, Seq: t.next},
		Stream:   domain.PartitionStream(p),
		Version:  domain.Version(epoch),
		Schema:   1,
		Time:     now,
		Actor:    domain.ByRule("log"),
		Command:  command,
		Epoch:    epoch,
		Payload:  domain.Claimed{Owner: owner},
	}
}
