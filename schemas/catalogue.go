package schemas

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"dendro/domain"
)

// Entry describes one type of event.
type Entry struct {
	Type      domain.EventType
	Version   int               // current version of its payload's schema, from 1
	Aggregate domain.StreamKind // the kind of stream that it stands in
}

// Types lists all types of event in a fixed order. The caller owns the slice.
func Types() []Entry {
	out := make([]Entry, len(events.kinds))
	for i, k := range events.kinds {
		out[i] = k.Entry
	}
	return out
}

// events is what this release of the program can read and write.
var events = func() *catalogue {
	c, err := newCatalogue(slices.Concat(treeEvents, contributorEvents, poolEvents, campaignEvents, partitionEvents), nil)
	if err != nil {
		panic(err)
	}
	return c
}()

// kind is one type of event with its codec, which knows the current version.
type kind struct {
	Entry
	encode func(dst []byte, e domain.Event) ([]byte, error)
	decode func(raw []byte) (domain.Event, error)
}

// hop turns a payload of version From of a type into one of version From+1.
// It is pure, and never changes once a release has had it.
type hop struct {
	Type domain.EventType
	From int
	Up   func(raw []byte) ([]byte, error)
}

type catalogue struct {
	kinds  []kind
	byType map[domain.EventType]*kind
	hops   map[domain.EventType][]hop // of version 1, 2, …, current-1
}

// newCatalogue refuses types that are there twice, and chains of upcasters
// that do not lead from version 1 to the current one step by step.
func newCatalogue(kinds []kind, hops []hop) (*catalogue, error) {
	c := &catalogue{kinds: kinds, byType: make(map[domain.EventType]*kind), hops: make(map[domain.EventType][]hop)}
	for i := range kinds {
		k := &kinds[i]
		if c.byType[k.Type] != nil {
			return nil, fmt.Errorf("event type %s is listed twice", k.Type)
		}
		c.byType[k.Type] = k
		c.hops[k.Type] = make([]hop, k.Version-1)
	}
	for _, h := range hops {
		chain, known := c.hops[h.Type]
		switch {
		case !known:
			return nil, fmt.Errorf("an upcaster is for the unknown event type %s", h.Type)
		case h.From < 1 || h.From > len(chain):
			return nil, fmt.Errorf("an upcaster of %s starts at version %d; its versions are 1 to %d", h.Type, h.From, len(chain)+1)
		case chain[h.From-1].Up != nil:
			return nil, fmt.Errorf("two upcasters of %s start at version %d", h.Type, h.From)
		}
		chain[h.From-1] = h
	}
	for _, k := range kinds {
		for i, h := range c.hops[k.Type] {
			if h.Up == nil {
				return nil, fmt.Errorf("no upcaster leads %s from version %d to %d", k.Type, i+1, i+2)
			}
		}
	}
	return c, nil
}

func (c *catalogue) find(t domain.EventType) (*kind, error) {
	if k := c.byType[t]; k != nil {
		return k, nil
	}
	return nil, fmt.Errorf("event type %q is unknown here: written by a later release; use that one", t)
}

// kindOf finds the kind of a payload.
func (c *catalogue) kindOf(e domain.Event) (*kind, error) {
	if e == nil {
		return nil, errNoPayload
	}
	return c.find(e.Type())
}

var errNoPayload = errors.New("the event has no payload")

// decode reads a payload of any known version.
func (c *catalogue) decode(k *kind, version int, raw []byte) (domain.Event, error) {
	if version < 1 || version > k.Version {
		return nil, fmt.Errorf("%s has no version %d here (it has 1 to %d): written by a later release; use that one", k.Type, version, k.Version)
	}
	for v := version; v < k.Version; v++ {
		up, err := c.hops[k.Type][v-1].Up(raw)
		if err != nil {
			return nil, fmt.Errorf("%s, from version %d to %d: %w", k.Type, v, v+1, err)
		}
		raw = up
	}
	return k.decode(raw)
}

// EncodePayload appends the payload's canonical JSON, and tells the version of
// its schema. It refuses a payload that the format cannot hold: of an unknown
// type, with text that is not UTF-8, with times that domain.Instant would
// change. Then dst is returned as it was.
func EncodePayload(dst []byte, e domain.Event) ([]byte, int, error) {
	k, err := events.kindOf(e)
	if err != nil {
		return dst, 0, err
	}
	out, err := k.encode(dst, e)
	if err != nil {
		return dst, 0, err
	}
	return out, k.Version, nil
}

// DecodePayload reads a payload as stored under the version, and upcasts it to
// the current one. It refuses unknown types and versions, and JSON that is not
// canonical. It keeps nothing of raw.
func DecodePayload(t domain.EventType, version int, raw []byte) (domain.Event, error) {
	k, err := events.find(t)
	if err != nil {
		return nil, err
	}
	return events.decode(k, version, raw)
}

// job is one payload under way and its wire; jobs are used again.
type job[T any] struct {
	wire
	payload T
}

// of makes a kind of a payload type and the list of its members.
func of[T domain.Event](aggregate domain.StreamKind, version int, members func(*wire, *T)) kind {
	var zero T
	t := zero.Type()
	pool := &sync.Pool{New: func() any { return new(job[T]) }}
	return kind{
		Entry: Entry{Type: t, Version: version, Aggregate: aggregate},
		encode: func(dst []byte, e domain.Event) ([]byte, error) {
			payload, ok := e.(T)
			if !ok {
				return nil, fmt.Errorf("a payload of type %s is a %T, not a %T", t, e, zero)
			}
			j := pool.Get().(*job[T])
			j.buf, j.reading, j.payload = dst, false, payload
			out, _, err := run(pool, j, members)
			return out, err
		},
		decode: func(raw []byte) (domain.Event, error) {
			j := pool.Get().(*job[T])
			j.buf, j.reading = raw, true
			_, payload, err := run(pool, j, members)
			if err != nil {
				return nil, err
			}
			return payload, nil
		},
	}
}

// roomLimit bounds the scratch space that a job keeps.
const roomLimit = 64 << 10

func run[T domain.Event](pool *sync.Pool, j *job[T], members func(*wire, *T)) ([]byte, T, error) {
	w := &j.wire
	object(w, &j.payload, members)
	if w.reading && w.err == nil && w.at < len(w.buf) {
		w.fail("more follows: %s", w.rest())
	}
	out, payload, err := w.buf, j.payload, w.err
	if err != nil {
		err = fmt.Errorf("%s: %w", payload.Type(), err)
	}
	var zero T
	j.payload, w.buf, w.at, w.key, w.err = zero, nil, 0, "", nil
	if cap(w.room) > roomLimit {
		w.room = nil
	}
	pool.Put(j)
	return out, payload, err
}
