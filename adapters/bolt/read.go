package bolt

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"

	"dendro/domain"
	"dendro/schemas"

	"go.etcd.io/bbolt"
)

// chunkBytes is how much is copied out under one read transaction: while one
// is open, pages that commits free cannot be used again.
const chunkBytes = 1 << 20

// Read implements domain.Log. It holds nothing of the file while the consumer
// runs. Every frame's checksum and chain are checked again.
func (l *Log) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		if err := l.checkRange(ctx, from, to); err != nil {
			yield(domain.Recorded{}, err)
			return
		}
		l.readRange(ctx, from, to, yield)
	}
}

// Follow implements domain.Log; it ends with ErrClosed when the log is closed.
func (l *Log) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for at := from; ; {
			end, grown := l.ends()
			if err := l.checkRange(ctx, at, end); err != nil {
				yield(domain.Recorded{}, err)
				return
			}
			if !l.readRange(ctx, at, end, yield) {
				return
			}
			at = end
			select {
			case <-grown:
			case <-ctx.Done():
				yield(domain.Recorded{}, ctx.Err())
				return
			}
		}
	}
}

func (l *Log) checkRange(ctx context.Context, from, to domain.Cut) error {
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
	var c chunk
	for p := range to.End {
		r := reader{ctx: ctx, p: domain.Partition(p), at: from.End[p], end: to.End[p], yield: yield}
		for r.at < r.end {
			if err := l.copyChunk(ctx, r.p, r.at, r.end, &c); err != nil {
				return r.stop(err)
			}
			if !r.chunk(&c) {
				return false
			}
		}
	}
	return true
}

// chunk is a run of frames copied out of the file.
type chunk struct {
	buf  []byte
	ends []int
}

func (c *chunk) add(frame []byte) {
	c.buf = append(c.buf, frame...)
	c.ends = append(c.ends, len(c.buf))
}

// copyChunk copies the frames from the one that holds at on: at least one, and
// none that begins at or behind end.
func (l *Log) copyChunk(ctx context.Context, p domain.Partition, at, end domain.Seq, c *chunk) (err error) {
	if err := l.usable(ctx); err != nil {
		return err
	}
	l.files.RLock()
	defer l.files.RUnlock()
	if l.db == nil {
		return errors.New("the log could not be opened again after a failed write; restart")
	}
	// bbolt trusts its pages, and a disk that fails makes the mapped file fault.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = damageAt(p, at, fmt.Sprintf("the file changed under the log: %v", r))
		}
	}()
	c.buf, c.ends = c.buf[:0], c.ends[:0]
	return l.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(frameBucket)
		if b == nil {
			return damageAt(p, at, "its bucket is missing")
		}
		cursor := b.Cursor()
		var last uint64
		for _, f := range l.frames(p).holding(at) {
			if f.first >= end || len(c.buf) >= chunkBytes {
				break
			}
			k, v := seek(cursor, last, f.number)
			if key := parseKey(k); key.number != f.number || key.partition != p || key.first != f.first {
				return damageAt(p, f.first, "it is missing")
			}
			c.add(v)
			last = f.number
		}
		return nil
	})
}

// holding is the index from the frame that holds the event on.
func (x index) holding(at domain.Seq) index {
	i, exact := slices.BinarySearchFunc(x, at, func(f place, at domain.Seq) int { return cmp.Compare(f.first, at) })
	if !exact && i > 0 {
		i--
	}
	return x[i:]
}

// seek moves the cursor, which is at the frame of number last, to another.
func seek(cursor *bbolt.Cursor, last, number uint64) (key, value []byte) {
	if last > 0 && number == last+1 {
		return cursor.Next()
	}
	return cursor.Seek(binary.BigEndian.AppendUint64(nil, number))
}

// damageAt names the frame at seq, of which no more is known.
func damageAt(p domain.Partition, seq domain.Seq, why string) error {
	return &domain.Damage{Place: fmt.Sprintf("partition %d, frame at seq %d", p, seq), Why: why}
}

// reader yields the events [at, end) of a partition; at moves on with them.
type reader struct {
	ctx     context.Context
	p       domain.Partition
	at, end domain.Seq
	yield   func(domain.Recorded, error) bool
}

// stop yields the error and is false: nothing may follow.
func (r *reader) stop(err error) bool {
	r.yield(domain.Recorded{}, err)
	return false
}

func (r *reader) damaged(f *frame, why string) bool {
	if f.events == 0 {
		return r.stop(damageAt(r.p, r.at, why))
	}
	return r.stop(&domain.Damage{Place: f.String(), Why: why})
}

// chunk checks the frames and yields their events, and reports whether more
// may follow.
func (r *reader) chunk(c *chunk) bool {
	var previous frame
	start := 0
	for _, stops := range c.ends {
		f, err := parseFrame(c.buf[start:stops])
		start = stops
		switch {
		case err != nil:
			return r.damaged(&f, err.Error())
		case f.partition != r.p || f.first > r.at || f.next() <= r.at:
			return r.damaged(&frame{}, "it is missing")
		case previous.events > 0 && f.previous != previous.checksum:
			return r.damaged(&f, "the frame before it is not the one that it was written behind")
		case r.ctx.Err() != nil:
			return r.stop(r.ctx.Err())
		}
		if !r.frame(&f) {
			return false
		}
		previous = f
	}
	if previous.events == 0 {
		return r.damaged(&previous, "it is missing")
	}
	return true
}

// frame yields the frame's events that are in the range.
func (r *reader) frame(f *frame) bool {
	rest := f.records
	for seq := f.first; seq < min(f.next(), r.end); seq++ {
		rec, behind, err := record(rest)
		if err != nil {
			return r.damaged(f, err.Error())
		}
		rest = behind
		if seq < r.at {
			continue
		}
		event, err := schemas.DecodeRecord(rec)
		switch {
		case err != nil:
			return r.stop(fmt.Errorf("event %d/%d cannot be read: %w; use the program that wrote it", r.p, seq, err))
		case event.Position != domain.Position{Partition: r.p, Seq: seq}:
			return r.damaged(f, "it holds event "+event.Position.String())
		}
		r.at = seq + 1
		if !r.yield(event, nil) {
			return false
		}
	}
	return true
}
