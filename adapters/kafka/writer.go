package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dendro/domain"
)

// MaxAppendEvents bounds one append; its bytes are bounded by Log.MaxAppendBytes.
const MaxAppendEvents = 1 << 16

// ErrTooLarge says that an append does not fit one batch; nothing was written,
// and the writer is of use. Split it between two commands, or raise the topic's
// max.message.bytes.
var ErrTooLarge = errors.New("the append is too large for one batch")

// writer implements domain.Writer.
type writer struct {
	*batcher
	l *Log
	p domain.Partition
	c *client // its own: it waits for nobody else's requests
	// release keeps the log's end from closing c, which is closed already.
	release func() bool

	claim    domain.Recorded
	by       producer
	until    time.Time // from when on it may not write
	next     domain.Seq
	sequence int32
	time     time.Time // of the newest event
	closed   bool
	lost     error // why it is of no more use

	versions map[domain.StreamID]domain.Version
}

var _ domain.Writer = (*writer)(nil)

// Claim implements domain.Writer.
func (w *writer) Claim() domain.Recorded { return w.claim }

// Close implements domain.Writer.
func (w *writer) Close() error {
	if !w.closed {
		w.closed = true
		w.disconnect()
	}
	return nil
}

func (w *writer) disconnect() {
	if w.release() {
		w.c.Close()
	}
}

// Append implements domain.Writer. Beside its errors it answers ErrTooLarge;
// and *domain.Damage when the events came to stand where they do not belong,
// because somebody has written to the partition who does not own it.
func (w *writer) Append(ctx context.Context, events []domain.Recorded) error {
	switch {
	case w.closed || w.l.life.Err() != nil:
		return fmt.Errorf("the writer of partition %d was closed: %w", w.p, domain.ErrClosed)
	case w.lost != nil:
		return w.lost
	case ctx.Err() != nil:
		return ctx.Err()
	case len(events) == 0:
		return nil
	case len(events) > MaxAppendEvents:
		return fmt.Errorf("%w: %d events, %d is the most", ErrTooLarge, len(events), MaxAppendEvents)
	}
	if err := w.check(events); err != nil {
		return err
	}
	encoded, err := w.encode(w.by, w.sequence, events)
	if err != nil {
		return err
	}
	if len(encoded) > w.l.most {
		return fmt.Errorf("%w: %d bytes of %d events, topic %s takes %d", ErrTooLarge, len(encoded), len(events), w.l.opt.Topic, w.l.most)
	}
	newest := events[len(events)-1]
	offset, err := w.send(ctx, encoded, newest.Time)
	if errors.Is(err, errOvertaken) {
		offset, err = int64(w.next)-1, w.settle(ctx, events[0], err)
	}
	if err == nil && domain.Seq(offset)+1 != w.next {
		err = damage(w.p, offset, "an append for event %d came to stand there: somebody who does not own the partition has written to it", w.next)
		w.lose(err)
	}
	switch {
	case errors.Is(err, domain.ErrFenced), errors.Is(err, domain.ErrUnknown):
		w.lose(err)
	case err == nil:
		w.next = newest.Position.Seq + 1
		w.time = newest.Time
		w.sequence = advance(w.sequence, int64(len(events)))
		w.l.see(w.p, w.next)
	}
	return err
}

// lose notes why the writer is of no more use.
func (w *writer) lose(why error) {
	w.lost = why
	w.disconnect()
}

// check holds the events to what must follow.
func (w *writer) check(events []domain.Recorded) error {
	clear(w.versions)
	next, last := w.next, w.time
	for i := range events {
		e := &events[i]
		version, met := w.versions[e.Stream]
		why := ""
		switch {
		case e.Position.Partition != w.p:
			why = fmt.Sprintf("the writer is that of partition %d", w.p)
		case e.Position.Seq != next:
			why = fmt.Sprintf("the next event is %d", next)
		case e.Epoch != w.claim.Epoch:
			why = fmt.Sprintf("epoch %d, the writer's is %d", e.Epoch, w.claim.Epoch)
		case e.Stream.Kind() == domain.KindPartition:
			why = fmt.Sprintf("stream %s is the log's own", e.Stream)
		case e.Time.Before(last):
			why = "its time goes back"
		case met && e.Version != version+1:
			why = fmt.Sprintf("version %d of %s behind version %d", e.Version, e.Stream, version)
		}
		if why != "" {
			return fmt.Errorf("%w: %s: %s", domain.ErrMisplaced, e.Position, why)
		}
		w.versions[e.Stream] = e.Version
		next, last = next+1, e.Time
	}
	return nil
}
