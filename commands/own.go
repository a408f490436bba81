package commands

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"dendro/domain"
)

// NotOwned says that a partition is another node's, or nobody's for the moment:
// nothing was changed here. It is domain.ErrFenced to errors.Is.
type NotOwned struct{ Partition domain.Partition }

// Error implements error.
func (n *NotOwned) Error() string {
	return fmt.Sprintf("partition %d is not owned by this node; ask its owner, or try again later", n.Partition)
}

// Is makes it a case of domain.ErrFenced.
func (n *NotOwned) Is(target error) bool { return target == domain.ErrFenced }

func isElsewhere(err error) bool {
	var n *NotOwned
	return errors.As(err, &n)
}

// Acquire takes a partition over, whoever had it: a Partial engine owns it when
// the call returns nil, and takes commands for it. It costs what lies behind
// the newest checkpoint. Acquiring what is owned changes nothing. After an error
// the partition is not owned, and an earlier owner may be fenced already.
func (e *Engine) Acquire(ctx context.Context, p domain.Partition) error {
	leave, err := e.move(ctx, p)
	defer leave()
	if err != nil || e.owner(p) != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.life, cancel)()
	if err := e.acquire(ctx, p); err != nil {
		if e.life.Err() != nil {
			err = domain.ErrClosed
		}
		return fmt.Errorf("partition %d could not be acquired: %w", p, err)
	}
	return nil
}

func (e *Engine) acquire(ctx context.Context, p domain.Partition) error {
	w, err := e.claim(ctx, p)
	if err != nil {
		return err
	}
	err = w.rebuild(ctx)
	if err == nil {
		// What an earlier owner was asked because of an event, the next one must
		// not undo because it has not heard of it.
		err = e.catchUp(ctx)
	}
	if err == nil {
		err = e.start(w)
	}
	if err != nil {
		return errors.Join(err, w.closeLog())
	}
	if err := e.takeUp(ctx, p); err != nil {
		return errors.Join(err, e.giveUp(ctx, p))
	}
	return nil
}

// takeUp does what whoever owned the partition before may have left undone.
func (e *Engine) takeUp(ctx context.Context, p domain.Partition) error {
	if p == e.place(domain.CampaignStream) {
		if err := e.begin(ctx); err != nil {
			return err
		}
	}
	if e.react == nil {
		return nil
	}
	return e.react.reconcile(ctx, p)
}

// Release gives a partition up: it takes no more commands, answers those that
// are queued, and keeps a checkpoint. When ctx ends first, what is left is
// answered with *NotOwned or ErrUnknown. Releasing what is not owned changes
// nothing. The partition is not owned when the call returns, whatever it does.
func (e *Engine) Release(ctx context.Context, p domain.Partition) error {
	leave, err := e.move(ctx, p)
	defer leave()
	if err != nil {
		return err
	}
	return e.giveUp(ctx, p)
}

func (e *Engine) giveUp(ctx context.Context, p domain.Partition) error {
	w := e.owner(p)
	if w == nil || !e.drop(w) {
		return nil
	}
	defer context.AfterFunc(ctx, w.cancel)()
	<-w.done
	return errors.Join(w.closeLog(), w.keep())
}

// Owned lists the partitions that take commands here, in order.
func (e *Engine) Owned() []domain.Partition {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var all []domain.Partition
	for p, w := range e.writers {
		if w != nil && !e.closed {
			all = append(all, domain.Partition(p))
		}
	}
	return all
}

func (e *Engine) owner(p domain.Partition) *writer {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.writers[p]
}

// move waits until nobody else acquires or releases the partition, and keeps
// others from it until leave is called, which is never nil.
func (e *Engine) move(ctx context.Context, p domain.Partition) (leave func(), err error) {
	leave = func() {}
	if !e.opt.Partial {
		return leave, errors.New("only a partial engine acquires and releases partitions")
	}
	if p < 0 || int(p) >= len(e.moves) {
		return leave, fmt.Errorf("partition %d is not one of the log's %d", p, len(e.moves))
	}
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return leave, domain.ErrClosed
	}
	e.busy.Add(1)
	e.mu.Unlock()
	select {
	case e.moves[p] <- struct{}{}:
		return func() { <-e.moves[p]; e.busy.Done() }, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-e.life.Done():
		err = domain.ErrClosed
	}
	e.busy.Done()
	return leave, err
}

// claim begins the next epoch of a partition.
func (e *Engine) claim(ctx context.Context, p domain.Partition) (*writer, error) {
	w := &writer{e: e, p: p, queue: make(chan *request, e.opt.QueueSize), done: make(chan struct{})}
	var err error
	if w.log, err = e.log.Own(ctx, p); err != nil {
		return nil, fmt.Errorf("partition %d: %w", p, err)
	}
	return w, nil
}

// start lets a rebuilt writer take commands.
func (e *Engine) start(w *writer) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return domain.ErrClosed
	}
	e.writers[w.p] = w
	w.live = true
	run, cancel := context.WithCancel(e.run)
	w.cancel = cancel
	e.done.Go(func() {
		defer cancel()
		w.run(run)
	})
	return nil
}

// drop ends the writer's queue, if it is still the engine's; whoever dropped it
// closes its log.
func (e *Engine) drop(w *writer) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.writers[w.p] != w {
		return false
	}
	e.writers[w.p] = nil
	close(w.queue)
	return true
}

// ownAll takes over all partitions, in parallel: each is checkpoint and tail.
func (e *Engine) ownAll(ctx context.Context) error {
	writers := make([]*writer, len(e.moves))
	// Claims first and one after another: their order is part of the log.
	for p := range writers {
		var err error
		if writers[p], err = e.claim(ctx, domain.Partition(p)); err != nil {
			return errors.Join(err, closeLogs(writers))
		}
	}
	failed := make([]error, len(writers))
	var all sync.WaitGroup
	for p, w := range writers {
		all.Go(func() { failed[p] = w.rebuild(ctx) })
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return errors.Join(err, closeLogs(writers))
	}
	for _, w := range writers {
		if err := e.start(w); err != nil {
			return err
		}
	}
	if err := e.begin(ctx); err != nil || e.react == nil {
		return err
	}
	// What was decided before the last stop and had not followed yet follows.
	if err := e.react.reconcile(ctx, e.Owned()...); err != nil {
		return err
	}
	return e.Quiesce(ctx)
}

func closeLogs(writers []*writer) error {
	var failed []error
	for _, w := range writers {
		if w != nil {
			failed = append(failed, w.closeLog())
		}
	}
	return errors.Join(failed...)
}
