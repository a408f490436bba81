package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dendro/domain"
)

// Peers reaches the owners of partitions that are not owned here. Beside what
// the owner's engine answers: *NotOwned means that nobody was found, or that
// whoever was asked is not the owner, and nothing was changed; ErrUnknown that
// no answer came.
type Peers interface {
	// Do is DoHere of the partition's owner.
	Do(ctx context.Context, p domain.Partition, c Command) (Result, error)
	// Ask is AskHere of the partition's owner.
	Ask(ctx context.Context, p domain.Partition, q Question) (Answer, error)
}

// A command follows its partition, while ownership moves, for passFor at most;
// then it is answered that no owner was found. The pauses between two looks
// double from the shortest to the longest.
const (
	passFor       = 30 * time.Second
	shortestPause = 5 * time.Millisecond
	longestPause  = 250 * time.Millisecond
)

// doAt runs a routed command at the partition's owner. The answer of another
// node is given once its events are known here too, unless ctx ends before:
// they are durable in any case.
func (e *Engine) doAt(ctx context.Context, p domain.Partition, c Command) (Result, error) {
	return pass(ctx, e, p,
		func(ctx context.Context) (Result, error) { return e.doHere(ctx, p, c) },
		func(ctx context.Context) (Result, error) {
			res, err := e.opt.Peers.Do(ctx, p, c)
			if err == nil {
				_ = e.facts.await(ctx, res.At)
			}
			return res, err
		})
}

// pass tries here, then there, and both again while the partition is neither
// here nor there. What was sent before and may have been done is not done
// twice: its id is known to every later owner.
func pass[T any](ctx context.Context, e *Engine, p domain.Partition, here, there func(context.Context) (T, error)) (T, error) {
	a, err := here(ctx)
	if e.opt.Peers == nil || !isElsewhere(err) {
		return a, err
	}
	limit, cancel := context.WithTimeout(ctx, passFor)
	defer cancel()
	perhaps := false // an earlier try may have been done
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		a, err = there(limit)
		unknown := errors.Is(err, domain.ErrUnknown)
		if !isElsewhere(err) && !unknown {
			break
		}
		perhaps = perhaps || unknown
		if !sleep(limit, pause) {
			break
		}
		if a, err = here(limit); !isElsewhere(err) {
			break
		}
	}
	return a, passed(ctx, limit, p, err, perhaps)
}

// passed words the end of a passage; perhaps tells that an earlier try may have
// been done.
func passed(ctx, limit context.Context, p domain.Partition, err error, perhaps bool) error {
	switch {
	case err == nil || domain.RefusalKind(err) != "":
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case limit.Err() != nil && isElsewhere(err) && !perhaps:
		return fmt.Errorf("for %s: %w", passFor, err)
	case limit.Err() != nil, perhaps:
		return fmt.Errorf("partition %d: %w; at last: %v", p, domain.ErrUnknown, err)
	}
	return err
}

// sleep reports whether ctx went on for that long.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// DoHere runs a command that another node has routed to the partition: never
// passed on, it is answered with *NotOwned when the partition is not owned
// here. Otherwise as Do.
func (e *Engine) DoHere(ctx context.Context, p domain.Partition, c Command) (Result, error) {
	if err := c.check(); err != nil {
		return Result{}, err
	}
	if err := e.belongs(c, p); err != nil {
		return Result{}, err
	}
	if e.owner(p) == nil {
		return Result{}, &NotOwned{p}
	}
	if err := e.settled(ctx, func() error { return e.admit(c.Body) }); err != nil {
		return Result{}, err
	}
	res, err := e.doHere(ctx, p, c)
	if errors.Is(err, domain.ErrClosed) {
		err = &NotOwned{p}
	}
	return res, err
}
