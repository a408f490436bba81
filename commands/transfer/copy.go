package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"dendro/domain"
)

// Bounds of one append to the target, and of what waits for all of them.
const (
	groupEvents   = 1000
	groupBytes    = 1 << 20
	waitingEvents = 64 * groupEvents
)

// Options are what Copy needs beside the logs.
type Options struct {
	// Encode appends the canonical bytes of an event: what is compared.
	Encode func(dst []byte, r domain.Recorded) ([]byte, error)
	// Progress, if set, is told how many of all steps are done; it may stop a
	// little before the end, as claims are no steps.
	Progress func(done, total int64)
}

// Report tells what a copy holds.
type Report struct {
	Cut    domain.Cut                  // of the source: what was copied
	Events uint64                      // in the copy, without claims
	Copied uint64                      // of them, by this call
	Types  map[domain.EventType]uint64 // their counts
}

// Copy brings the target up to the source's present end and then compares
// both, event by event. The target has the identity that Identity gives, a
// clock as Began says, and holds nothing, or a part of the copy. When Copy
// fails or ctx ends, what is copied so far stays: call it again. ErrNoCopy:
// the target holds something else, and was left as it is.
func Copy(ctx context.Context, source, target domain.Log, o Options) (Report, error) {
	if err := checkIdentity(source.Identity(), target.Identity()); err != nil {
		return Report{}, err
	}
	end, err := source.End(ctx)
	if err != nil {
		return Report{}, err
	}
	begun, err := target.End(ctx)
	if err != nil {
		return Report{}, err
	}
	c := &transfer{Options: o, source: source, target: target, cut: end, total: 2 * int64(end.Events())}
	there := make([]uint64, len(begun.End))
	if begun.Events() > 0 {
		c.total += int64(end.Events())
		if there, _, err = c.compare(ctx, false); err != nil {
			return Report{}, err
		}
	}
	report := Report{Cut: end}
	if report.Copied, err = c.append(ctx, there); err != nil {
		return Report{}, err
	}
	counts, types, err := c.compare(ctx, true)
	if err != nil {
		return Report{}, err
	}
	for _, n := range counts {
		report.Events += n
	}
	report.Types = types
	return report, nil
}

// transfer is one call of Copy.
type transfer struct {
	Options
	source, target domain.Log
	cut            domain.Cut // of the source
	done, total    int64
	a, b           []byte // encoded, to be compared
}

func (c *transfer) step() {
	c.done++
	if c.Progress != nil {
		c.Progress(c.done, c.total)
	}
}

// compare reads both logs and tells how many events each partition of the
// target holds. Unless whole, the target may end before the source does.
func (c *transfer) compare(ctx context.Context, whole bool) (counts []uint64, types map[domain.EventType]uint64, err error) {
	end, err := c.target.End(ctx)
	if err != nil {
		return nil, nil, err
	}
	readers := make([]*reader, len(end.End))
	for p := range readers {
		readers[p] = read(ctx, c.target, p, end)
		defer readers[p].stop()
	}
	counts, types = make([]uint64, len(readers)), map[domain.EventType]uint64{}
	over := make([]bool, len(readers))
	places := newHomes(len(readers))
	for want, err := range merge(ctx, c.source, c.cut) {
		if err != nil {
			return nil, nil, err
		}
		p, err := places.of(want)
		if err != nil {
			return nil, nil, err
		}
		c.step()
		if over[p] {
			continue
		}
		more, err := readers[p].advance()
		switch {
		case err != nil:
			return nil, nil, err
		case !more && whole:
			return nil, nil, fmt.Errorf("%w: event %s is missing in partition %d of the target", ErrNoCopy, want.Position, p)
		case !more:
			over[p] = true
			continue
		}
		if err := c.equal(want, readers[p].head); err != nil {
			return nil, nil, err
		}
		counts[p]++
		types[want.Payload.Type()]++
	}
	return counts, types, surplus(readers, over)
}

// surplus refuses a target that goes on where the source ends.
func surplus(readers []*reader, over []bool) error {
	for p, r := range readers {
		if over[p] {
			continue
		}
		more, err := r.advance()
		if err != nil {
			return err
		}
		if more {
			return fmt.Errorf("%w: its event %s is not in the source; copy to another place", ErrNoCopy, r.head.Position)
		}
	}
	return nil
}

// equal compares two events but for their position and epoch.
func (c *transfer) equal(want, got domain.Recorded) error {
	var err error
	if c.a, err = c.Encode(c.a[:0], bare(want)); err != nil {
		return err
	}
	if c.b, err = c.Encode(c.b[:0], bare(got)); err != nil {
		return err
	}
	if !bytes.Equal(c.a, c.b) {
		return fmt.Errorf("%w: its event %s is not event %s of the source, which belongs there; copy to another place", ErrNoCopy, got.Position, want.Position)
	}
	return nil
}

// bare puts every event at the same position, in the current schema.
func bare(r domain.Recorded) domain.Recorded {
	r.Position, r.Epoch, r.Schema = domain.Position{Seq: 1}, 0, 0
	return r
}

// append copies what is missing: in each partition of the target all behind
// the events that are there.
func (c *transfer) append(ctx context.Context, there []uint64) (copied uint64, err error) {
	groups := make([]group, len(there))
	limit := max(1, min(groupEvents, waitingEvents/len(groups)))
	defer func() {
		for i := range groups {
			err = errors.Join(err, groups[i].close())
		}
	}()
	places := newHomes(len(there))
	for r, err := range merge(ctx, c.source, c.cut) {
		if err != nil {
			return copied, err
		}
		p, err := places.of(r)
		if err != nil {
			return copied, err
		}
		c.step()
		if there[p] > 0 {
			there[p]--
			continue
		}
		if err := c.put(ctx, &groups[p], limit, p, r); err != nil {
			return copied, err
		}
		copied++
	}
	for p := range groups {
		if err := groups[p].flush(ctx); err != nil {
			return copied, err
		}
	}
	return copied, nil
}

// group is what waits to be appended to one partition of the target.
type group struct {
	writer domain.Writer // nil until there is something to write
	next   domain.Position
	events []domain.Recorded
	bytes  int
}

// put adds an event to the group, before which it writes the group when it is
// full. How groups are cut follows from the events alone.
func (c *transfer) put(ctx context.Context, g *group, limit int, p domain.Partition, r domain.Recorded) error {
	if g.writer == nil {
		w, err := c.target.Own(ctx, p)
		if err != nil {
			return err
		}
		g.writer, g.next = w, w.Claim().Position
		if w.Claim().Time.After(r.Time) {
			return fmt.Errorf("the claim of partition %d is of %s, later than the first event to copy: the target's clock must stand at the source's beginning", p, w.Claim().Time)
		}
	}
	g.next.Seq++
	r.Position, r.Epoch, r.Schema = g.next, g.writer.Claim().Epoch, 0
	var err error
	if c.a, err = c.Encode(c.a[:0], r); err != nil {
		return err
	}
	if len(g.events) >= limit || g.bytes > 0 && g.bytes+len(c.a) > groupBytes {
		if err := g.flush(ctx); err != nil {
			return err
		}
	}
	g.events, g.bytes = append(g.events, r), g.bytes+len(c.a)
	return nil
}

func (g *group) flush(ctx context.Context) error {
	if len(g.events) == 0 {
		return nil
	}
	if err := g.writer.Append(ctx, g.events); err != nil {
		return fmt.Errorf("copying to partition %d: %w; copy again to go on from there", g.next.Partition, err)
	}
	clear(g.events)
	g.events, g.bytes = g.events[:0], 0
	return nil
}

func (g *group) close() error {
	if g.writer == nil {
		return nil
	}
	return g.writer.Close()
}
