package commands

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
)

// request is a command, or a question about the state, on its way.
type request struct {
	ctx    context.Context
	cmd    Command
	ask    Question    // instead of cmd
	group  []*request  // commands that came together, instead of cmd and ask
	answer chan answer // holds one
}

type answer struct {
	result Result
	value  Answer // of a question
	err    error
}

// reply never blocks: the channel has room for the one answer.
func (r *request) reply(a answer) { r.answer <- a }

// writer is the goroutine that owns one partition.
type writer struct {
	e      *Engine
	p      domain.Partition
	queue  chan *request
	log    domain.Writer
	s      *state
	held   []*request // a group that waits for the batch before it
	kept   domain.Seq // where the newest checkpoint ends
	live   bool       // it has taken commands
	broken error      // why the partition takes no more commands
	lost   error      // why the engine gave it up by itself
	cancel context.CancelFunc
	done   chan struct{} // closed when the queue has ended and all are answered
}

// attempts bounds how often a batch is decided again after failed appends.
const attempts = 3

// run answers until the queue is closed; what is queued then is still answered.
func (w *writer) run(ctx context.Context) {
	for first := range w.queue {
		w.serve(ctx, w.gather(first))
		if group := w.held; group != nil {
			w.held = nil
			w.serve(ctx, group)
		}
	}
	close(w.done)
	if w.lost == nil {
		return
	}
	_ = w.closeLog() // what failed has nothing left to say
	if tell := w.e.opt.Lost; tell != nil {
		tell(w.p, w.lost)
	}
}

func (w *writer) closeLog() error {
	if w.log == nil {
		return nil
	}
	return w.log.Close()
}

func (w *writer) serve(ctx context.Context, batch []*request) {
	if w.broken == nil {
		w.process(ctx, batch)
		return
	}
	for _, r := range batch {
		r.reply(answer{err: w.broken})
	}
}

// gather takes what has queued up. A group is a batch by itself, so that what
// is written together does not hang on timing.
func (w *writer) gather(first *request) []*request {
	if first.group != nil {
		return first.group
	}
	batch := []*request{first}
	for before := 0; before < len(batch) && w.held == nil; {
		before = len(batch)
		batch = w.drain(batch)
		// Those who were just answered get the chance to come again: else
		// callers fall into two halves, each waiting for the other's append.
		runtime.Gosched()
	}
	return batch
}

// drain adds what is queued now, without waiting.
func (w *writer) drain(batch []*request) []*request {
	for len(batch) < w.e.opt.MaxBatch {
		select {
		case r, ok := <-w.queue:
			if !ok {
				return batch
			}
			if r.group != nil {
				w.held = r.group
				return batch
			}
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// process decides, appends and answers a batch, in parts where its events are
// too many for one append.
func (w *writer) process(ctx context.Context, batch []*request) {
	for failures := 0; len(batch) > 0; {
		done, answers, events, err := w.decide(batch)
		if err == nil {
			err = w.store(ctx, events)
		}
		if errors.Is(err, errUnconfirmed) {
			for i := range answers {
				answers[i] = answer{err: err}
			}
			err = nil
		}
		if err == nil {
			w.e.committed(events)
			for i, a := range answers {
				batch[i].reply(a)
			}
			batch = batch[done:]
			failures = 0
			continue
		}
		failures++
		if again := w.recover(ctx, err, failures); again != nil {
			for _, r := range batch {
				r.reply(answer{err: again})
			}
			return
		}
	}
}

// errUnconfirmed means that what was decided without events may rest on a state
// that is no longer the partition's.
var errUnconfirmed = fmt.Errorf("the log does not answer: %w", domain.ErrOverloaded)

// store makes a batch's events durable. Without any there is no append that
// another owner's claim would fence: refusals, and answers that all is so
// already, then wait for the log to say that nobody has written since.
func (w *writer) store(ctx context.Context, events []domain.Recorded) error {
	if len(events) > 0 {
		return w.log.Append(ctx, events)
	}
	if !w.e.opt.Partial {
		return nil
	}
	end, err := w.e.log.End(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", errUnconfirmed, err)
	case end.End[w.p] != w.s.next:
		return domain.ErrFenced
	}
	return nil
}

// decide runs as many of the batch as fit one append. The answers stand for
// the first done requests.
func (w *writer) decide(batch []*request) (done int, answers []answer, events []domain.Recorded, err error) {
	policy, _ := w.e.facts.policy()
	bytes := 0
	for _, r := range batch {
		if len(events) >= w.e.opt.MaxEvents || w.e.opt.MaxBytes > 0 && bytes >= w.e.opt.MaxBytes {
			break
		}
		a, added, err := w.one(r, policy, events)
		if err != nil {
			return 0, nil, nil, err
		}
		answers = append(answers, a)
		events = append(events, added...)
		for i := 0; i < len(added) && w.e.opt.MaxBytes > 0; i++ {
			bytes += w.e.opt.Size(&added[i])
		}
	}
	return len(answers), answers, events, nil
}

// errHalfDecided means that a consequence was refused after its cause was
// folded: a mistake in the rules. The state is thrown away.
var errHalfDecided = errors.New("a consequence of the command was refused")

// one answers a request; before are the events of those decided for the same
// append.
func (w *writer) one(r *request, in campaign.State, before []domain.Recorded) (answer, []domain.Recorded, error) {
	if err := r.ctx.Err(); err != nil {
		return answer{err: err}, nil, nil
	}
	now := w.now()
	if r.ask != nil {
		for _, p := range w.s.pools {
			p.Advance(now)
		}
		value, err := r.ask.look(w, in)
		return answer{value: value, err: err}, nil, nil
	}
	if old, known := w.s.memory.spans[r.cmd.ID]; known {
		res, err := w.recall(r, old, before)
		return answer{result: res, err: err}, nil, nil
	}
	// A contributor may have been shut out while the command was on its way.
	if err := w.e.admit(r.cmd.Body); err != nil {
		return answer{err: err}, nil, nil
	}
	u := &unit{s: w.s, cmd: r.cmd, now: now, dice: domain.NewDice(w.e.opt.Dice(r.cmd.ID))}
	err := u.run(in)
	if err != nil && len(u.events) > 0 {
		return answer{}, nil, fmt.Errorf("%w: %T: %w", errHalfDecided, r.cmd.Body, err)
	}
	w.s.forget(now)
	res := Result{Events: u.events, At: domain.Position{Partition: w.p, Seq: w.s.next}}
	return answer{result: res, err: err}, u.events, nil
}

// now asks the clock, and never goes back behind the newest event.
func (w *writer) now() time.Time {
	now := domain.Instant(w.e.opt.Clock.Now())
	if now.Before(w.s.last) {
		return w.s.last
	}
	return now
}

// recall finds a known command's events: in the log, or among those decided
// for the same append, with which the answer waits.
func (w *writer) recall(r *request, at span, before []domain.Recorded) (Result, error) {
	res := Result{Repeated: true, At: domain.Position{Partition: w.p, Seq: w.s.next}}
	if len(before) > 0 && at.from >= before[0].Position.Seq {
		first := at.from - before[0].Position.Seq
		res.Events = slices.Clone(before[first : first+domain.Seq(at.count)])
		return res, nil
	}
	from, to := w.e.log.Identity().Start(), w.e.log.Identity().Start()
	from.End[w.p], to.End[w.p] = at.from, at.from+domain.Seq(at.count)
	for rec, err := range w.e.log.Read(r.ctx, from, to) {
		if err != nil {
			return Result{}, err
		}
		res.Events = append(res.Events, rec)
	}
	return res, nil
}

// recover brings the partition back after a failed append. nil means: decide
// the batch again, against the rebuilt state; commands that had been written
// after all are then known by their ids.
func (w *writer) recover(ctx context.Context, cause error, failures int) error {
	switch {
	case errors.Is(cause, domain.ErrFenced):
		return w.fenced(cause)
	case ctx.Err() != nil:
		return w.stop(fmt.Errorf("the engine is closing; the command may or may not have been written: %w", domain.ErrUnknown))
	case errors.Is(cause, domain.ErrUnknown):
		if err := w.own(ctx); err != nil {
			return w.stop(fmt.Errorf("partition %d could not be owned again: %w; restart; %w", w.p, err, domain.ErrUnknown))
		}
	default:
		if err := w.rebuild(ctx); err != nil {
			return w.stop(fmt.Errorf("partition %d could not be rebuilt: %w; restart; %w", w.p, err, domain.ErrUnknown))
		}
	}
	switch {
	case errors.Is(cause, errHalfDecided), errors.Is(cause, domain.ErrOverloaded), errors.Is(cause, domain.ErrFull):
		return cause
	case failures >= attempts:
		return fmt.Errorf("gave up after %d attempts: %w", failures, cause)
	}
	return nil
}

// stop ends the work of a partition that cannot go on; what comes later is
// answered so too, or, where others can own it, with *NotOwned.
func (w *writer) stop(err error) error {
	w.broken = err
	if w.e.opt.Partial {
		w.broken = &NotOwned{w.p}
		if w.e.drop(w) {
			w.lost = err
		}
	}
	return err
}

// fenced is stop when another owner has come: nothing of the batch was written.
func (w *writer) fenced(cause error) error {
	if !w.e.opt.Partial {
		return w.stop(fmt.Errorf("partition %d: %w; send the command to its owner", w.p, cause))
	}
	_ = w.stop(cause)
	return w.broken
}
