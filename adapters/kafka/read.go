package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"dendro/domain"
)

// Read implements domain.Log. What it holds of the topic is two fetches.
func (l *Log) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		if err := l.checkRange(ctx, from, to); err != nil {
			yield(domain.Recorded{}, err)
			return
		}
		l.readRange(ctx, from, to, yield)
	}
}

// checkRange refuses cuts that are not of this log.
func (l *Log) checkRange(ctx context.Context, from, to domain.Cut) error {
	if err := l.usable(ctx); err != nil {
		return err
	}
	if end := l.seen(); from.Check(l.identity, end) == nil && to.Check(l.identity, end) == nil {
		return nil
	}
	end, err := l.End(ctx)
	if err != nil {
		return err
	}
	if err := from.Check(l.identity, end); err != nil {
		return err
	}
	return to.Check(l.identity, end)
}

// readRange yields the range and reports whether more may follow.
func (l *Log) readRange(ctx context.Context, from, to domain.Cut, yield func(domain.Recorded, error) bool) bool {
	for p := range to.End {
		if !l.readPartition(ctx, domain.Partition(p), from.End[p], to.End[p], yield) {
			return false
		}
	}
	if err := l.usable(ctx); err != nil {
		yield(domain.Recorded{}, err)
		return false
	}
	return true
}

// readPartition yields the events [from, to) of a partition. The next fetch is
// under way while the consumer takes the events of the last.
func (l *Log) readPartition(ctx context.Context, p domain.Partition, from, to domain.Seq, yield func(domain.Recorded, error) bool) bool {
	if from >= to {
		return true
	}
	r := &reader{l: l, ctx: ctx, to: int64(to) - 1, yield: yield, chain: chain{p: p, next: int64(from) - 1}}
	ahead := r.fetch(r.next)
	defer func() { ahead.stop() }()
	for r.next < r.to {
		f := ahead
		if f.wait(); f.err != nil {
			return r.stop(f.err)
		}
		if follows := whole(f.raw); follows < r.to {
			ahead = r.fetch(follows)
		}
		if !r.batches(f.raw) {
			return false
		}
	}
	return true
}

// whole gives the offset behind the last batch that is there whole; 0 when
// there is none.
func whole(raw []byte) (next int64) {
	for len(raw) > 0 {
		b, rest, err := parseHead(raw)
		if err != nil {
			break
		}
		next, raw = b.next(), rest
	}
	return next
}

// fetching is a fetch under way.
type fetching struct {
	raw  []byte
	err  error
	done chan struct{}
	stop func()
}

func (f *fetching) wait() { <-f.done }

// fetch starts a fetch; stop ends it and waits.
func (r *reader) fetch(offset int64) *fetching {
	ctx, cancel := context.WithCancel(r.ctx)
	f := &fetching{done: make(chan struct{})}
	f.stop = func() { cancel(); f.wait() }
	go func() {
		defer close(f.done)
		f.raw, f.err = r.l.reads.fetch(ctx, r.p, offset, (r.to-offset)*roomPerEvent)
	}()
	return f
}

// reader yields the events of one partition up to an offset.
type reader struct {
	chain
	l     *Log
	ctx   context.Context
	to    int64
	yield func(domain.Recorded, error) bool
	room  []byte // where batches are unfolded
}

// stop yields the error and is false: nothing may follow.
func (r *reader) stop(err error) bool {
	switch {
	case r.ctx.Err() != nil:
		err = r.ctx.Err()
	case r.l.usable(r.ctx) != nil:
		err = domain.ErrClosed
	case errors.Is(err, errLost):
		err = damage(r.p, r.next, "%v", err)
	}
	r.yield(domain.Recorded{}, err)
	return false
}

// batches yields the events of the batches that are there whole, and reports
// whether more may follow.
func (r *reader) batches(raw []byte) bool {
	found := false
	for len(raw) > 0 && r.next < r.to {
		b, rest, err := parseBatch(raw)
		if errors.Is(err, errCut) && found {
			return true
		}
		if err != nil {
			return r.stop(damage(r.p, r.next, "%v", err))
		}
		if err := r.begin(&b); err != nil {
			return r.stop(err)
		}
		if !r.events(&b) {
			return false
		}
		raw, found = rest, true
	}
	return true
}

func (r *reader) events(b *batch) bool {
	records, err := b.unfold(r.room)
	if err != nil {
		return r.stop(damage(r.p, r.next, "%v", err))
	}
	if b.attributes&codecMask != codecNone {
		r.room = records
	}
	for offset := b.base; offset < min(b.next(), r.to); offset++ {
		rec, rest, err := takeRecord(records)
		if records = rest; err == nil && rec.offset != offset-b.base {
			err = errBatch
		}
		if err != nil {
			return r.stop(damage(r.p, max(offset, r.next), "%v", err))
		}
		if offset < r.next {
			continue // before the range
		}
		e, err := r.one(b, &rec)
		if err != nil {
			return r.stop(err)
		}
		if err := r.ctx.Err(); err != nil {
			return r.stop(err)
		}
		if !r.yield(e, nil) {
			return false
		}
	}
	return true
}

// one reads the record of the next event.
func (r *reader) one(b *batch, rec *record) (domain.Recorded, error) {
	e, err := rec.event(r.p, b.first)
	switch {
	case errors.Is(err, errForeign):
		return e, damage(r.p, r.next, "%v", err)
	case err != nil:
		return e, fmt.Errorf("event %d/%d cannot be read: %w; use the program that wrote it", r.p, r.next+1, err)
	}
	got, err := r.event(b, e)
	if !errors.Is(err, errLate) {
		return got, err
	}
	if r.next > 0 {
		before, by, err := r.l.eventAt(r.ctx, r.p, domain.Seq(r.next))
		if err != nil {
			return e, err
		}
		r.known, r.last, r.by = true, before, by
	} else {
		return e, damage(r.p, r.next, "it says that it is event %d", e.Position.Seq)
	}
	return r.event(b, e)
}

// eventAt reads one event, which must be there, and tells its producer.
func (l *Log) eventAt(ctx context.Context, p domain.Partition, seq domain.Seq) (found domain.Recorded, by producer, err error) {
	r := &reader{l: l, ctx: ctx, to: int64(seq), chain: chain{p: p, next: int64(seq) - 1}}
	r.yield = func(e domain.Recorded, failed error) bool {
		found, err = e, failed
		return true
	}
	raw, failed := l.reads.fetch(ctx, p, r.next, minFetchBytes)
	if failed != nil {
		return found, by, failed
	}
	r.batches(raw)
	return found, r.by, err
}
