package bolt

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"dendro/domain"
)

// request is an append or a takeover on its way through the queue.
type request struct {
	p      domain.Partition
	frames [][]byte // sealed by the committer
	bytes  int
	state  atomic.Int32
	answer chan error // holds one

	epoch       domain.Epoch // of an append
	first       domain.Seq
	events      int
	from, until time.Time // of the first and the last event

	own   bool
	claim domain.Recorded // what a takeover has written
}

// The states of a request: it waits, and is then either taken by the
// committer or withdrawn by its caller.
const (
	stateWaiting int32 = iota
	stateTaken
	stateWithdrawn
)

func newRequest(p domain.Partition) *request {
	return &request{p: p, answer: make(chan error, 1)}
}

// next is the seq behind the request's events.
func (r *request) next() domain.Seq { return r.first + domain.Seq(r.events) }

// submit queues the request and waits for its answer.
func (l *Log) submit(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.enqueue(r); err != nil {
		return err
	}
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
	}
	if r.state.CompareAndSwap(stateWaiting, stateWithdrawn) {
		return ctx.Err()
	}
	select {
	case err := <-r.answer:
		return err
	default:
		return fmt.Errorf("%w: %w while it was being written; own the partition again and look", domain.ErrUnknown, ctx.Err())
	}
}

func (l *Log) enqueue(r *request) error {
	l.gate.RLock()
	defer l.gate.RUnlock()
	if l.closed {
		return domain.ErrClosed
	}
	if l.waiting.Add(int64(r.bytes)) > MaxWaitingBytes {
		l.waiting.Add(-int64(r.bytes))
		return fmt.Errorf("%w: more than %d bytes wait for the disk", domain.ErrOverloaded, MaxWaitingBytes)
	}
	select {
	case l.queue <- r:
		return nil
	default:
		l.waiting.Add(-int64(r.bytes))
		return fmt.Errorf("%w: %d appends wait for the disk", domain.ErrOverloaded, MaxWaiting)
	}
}

// isLost reports whether a writer is of no more use after the answer.
func isLost(err error) bool {
	return errors.Is(err, domain.ErrFenced) || errors.Is(err, domain.ErrUnknown)
}
