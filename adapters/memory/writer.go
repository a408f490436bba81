package memory

import (
	"context"
	"fmt"

	"dendro/domain"
)

var _ domain.Writer = (*writer)(nil)

type writer struct {
	l      *Log
	p      domain.Partition
	claim  domain.Recorded
	closed bool
}

// Claim implements domain.Writer.
func (w *writer) Claim() domain.Recorded { return w.claim }

// Close implements domain.Writer.
func (w *writer) Close() error {
	w.closed = true
	return nil
}

// Append implements domain.Writer.
func (w *writer) Append(ctx context.Context, events []domain.Recorded) error {
	if w.closed {
		return fmt.Errorf("the writer of partition %d was closed: %w", w.p, domain.ErrClosed)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l := w.l
	l.mu.Lock()
	defer l.mu.Unlock()
	part := &l.partitions[w.p]
	if part.epoch != w.claim.Epoch {
		return fmt.Errorf("partition %d: %w: epoch %d, now it is %d", w.p, domain.ErrFenced, w.claim.Epoch, part.epoch)
	}
	if err := w.check(part.events[len(part.events)-1], events); err != nil {
		return err
	}
	stored, err := throughBytes(events)
	if err != nil {
		return err
	}
	if len(stored) > 0 {
		l.store(w.p, stored)
	}
	return nil
}

// check holds the events to what must follow last.
func (w *writer) check(last domain.Recorded, events []domain.Recorded) error {
	versions := make(map[domain.StreamID]domain.Version)
	for _, e := range events {
		want := domain.Position{Partition: w.p, Seq: last.Position.Seq + 1}
		version, met := versions[e.Stream]
		why := ""
		switch {
		case e.Position != want:
			why = fmt.Sprintf("the next event is %s", want)
		case e.Epoch != w.claim.Epoch:
			why = fmt.Sprintf("epoch %d, the writer's is %d", e.Epoch, w.claim.Epoch)
		case e.Stream.Kind() == domain.KindPartition:
			why = fmt.Sprintf("stream %s is the log's own", e.Stream)
		case e.Time.Before(last.Time):
			why = "its time goes back"
		case met && e.Version != version+1:
			why = fmt.Sprintf("version %d of %s behind version %d", e.Version, e.Stream, version)
		}
		if why != "" {
			return fmt.Errorf("%w: %s: %s", domain.ErrMisplaced, e.Position, why)
		}
		versions[e.Stream] = e.Version
		last = e
	}
	return nil
}
