package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dendro/domain"
)

// learnAll brings a Partial engine's facts up to the log's end, from the
// checkpoints that this node kept and the log, and keeps them there.
func (e *Engine) learnAll(ctx context.Context) error {
	for p := range e.moves {
		s, err := (&writer{e: e, p: domain.Partition(p)}).restore(ctx)
		if err != nil {
			return err
		}
		e.facts.adopt(s)
	}
	end, err := e.log.End(ctx)
	if err != nil {
		return err
	}
	for r, err := range e.log.Read(ctx, e.facts.cut(), end) {
		if err != nil {
			return err
		}
		e.facts.learn([]domain.Recorded{r})
	}
	e.busy.Go(func() { e.follow(e.life) })
	return nil
}

// followAgain is how long the follower waits after the log failed.
const followAgain = 200 * time.Millisecond

// follow learns what other nodes commit, until ctx ends or the log is damaged.
func (e *Engine) follow(ctx context.Context) {
	for {
		err := e.followOnce(ctx)
		if ctx.Err() != nil {
			err = domain.ErrClosed
		}
		var damage *domain.Damage
		if errors.As(err, &damage) || errors.Is(err, domain.ErrForeignCut) || errors.Is(err, domain.ErrClosed) {
			e.facts.stop(err)
			return
		}
		e.facts.lag(err)
		sleep(ctx, followAgain)
	}
}

func (e *Engine) followOnce(ctx context.Context) error {
	one := make([]domain.Recorded, 1)
	for r, err := range e.log.Follow(ctx, e.facts.cut()) {
		if err != nil {
			return err
		}
		if next := e.facts.known(r.Position.Partition); r.Position.Seq > next {
			return &domain.Damage{Place: fmt.Sprintf("event at %s", r.Position), Why: fmt.Sprintf("the log gave it behind %d/%d", r.Position.Partition, next-1)}
		}
		if one[0] = r; e.facts.learn(one) {
			e.facts.lag(nil)
			e.notice(one)
		}
	}
	return errors.New("the log ended while it was followed")
}

// Following tells why the engine does not know what other nodes commit now;
// nil when it does. A node that stays behind should not serve.
func (e *Engine) Following() error {
	e.facts.mu.RLock()
	defer e.facts.mu.RUnlock()
	return errors.Join(e.facts.stopped, e.facts.late)
}

// catchUp waits until the facts have what the log holds now.
func (e *Engine) catchUp(ctx context.Context) error {
	end, err := e.log.End(ctx)
	for p := 0; err == nil && p < len(end.End); p++ {
		err = e.facts.await(ctx, domain.Position{Partition: domain.Partition(p), Seq: end.End[p]})
	}
	return err
}

// cut is what the facts stand for.
func (f *facts) cut() domain.Cut {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.at.Clone()
}

// known is the first seq of a partition that is not known.
func (f *facts) known(p domain.Partition) domain.Seq {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.at.End[p]
}

// await returns when all before the position is known, or with the reason why
// it will not be.
func (f *facts) await(ctx context.Context, to domain.Position) error {
	if to.Partition < 0 || int(to.Partition) >= len(f.at.End) {
		return fmt.Errorf("%s is no position of this log", to)
	}
	if f.known(to.Partition) >= to.Seq {
		return nil
	}
	defer context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.grown.Broadcast()
	})()
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.at.End[to.Partition] < to.Seq {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.stopped != nil {
			return f.stopped
		}
		f.grown.Wait()
	}
	return nil
}

// stop ends all waiting: nothing more will be learnt from the log.
func (f *facts) stop(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = fmt.Errorf("this node no longer follows the log: %w", why)
	f.grown.Broadcast()
}

// lag notes why nothing comes from the log at present.
func (f *facts) lag(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late = why
}
