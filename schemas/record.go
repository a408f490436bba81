package schemas

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"dendro/domain"
)

// recordFormat is the first byte of every record. Another layout of the
// envelope gets another byte.
const recordFormat = 1

// AppendRecord appends the canonical bytes of the whole event: what is stored,
// hashed and proved. They are, in this order:
//
//	format      one byte, 1
//	partition   uvarint
//	seq         uvarint
//	epoch       uvarint
//	id          16 bytes
//	stream      string
//	version     uvarint
//	type        string
//	schema      uvarint
//	time        varint (zigzag), microseconds since 1970
//	actor kind  string
//	actor id    string
//	command     16 bytes
//	cause       string, empty or 16 bytes
//	payload     string, canonical JSON
//
// Numbers are of minimal length; a string is its length as uvarint and its
// bytes, valid UTF-8 but for cause. Schema must be the current version of the
// type, or 0 for "the current one". On error dst is returned as it was.
func AppendRecord(dst []byte, r domain.Recorded) ([]byte, error) {
	k, err := events.kindOf(r.Payload)
	if err != nil {
		return dst, err
	}
	if r.Schema != 0 && r.Schema != k.Version {
		return dst, fmt.Errorf("%s is written as version %d only, not %d: copy older records as bytes", k.Type, k.Version, r.Schema)
	}
	if err := checkEnvelope(&r); err != nil {
		return dst, err
	}
	b := append(dst, recordFormat)
	b = binary.AppendUvarint(b, uint64(r.Position.Partition))
	b = binary.AppendUvarint(b, uint64(r.Position.Seq))
	b = binary.AppendUvarint(b, uint64(r.Epoch))
	b = append(b, r.ID[:]...)
	b = appendString(b, string(r.Stream))
	b = binary.AppendUvarint(b, uint64(r.Version))
	b = appendString(b, string(k.Type))
	b = binary.AppendUvarint(b, uint64(k.Version))
	b = binary.AppendVarint(b, r.Time.UnixMicro())
	b = appendString(b, string(r.Actor.Kind))
	b = appendString(b, r.Actor.ID)
	b = append(b, r.Command[:]...)
	if r.Cause.IsZero() {
		b = append(b, 0)
	} else {
		b = append(b, byte(len(r.Cause)))
		b = append(b, r.Cause[:]...)
	}
	if b, err = appendPayload(b, k, r.Payload); err != nil {
		return dst, err
	}
	return b, nil
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendPayload appends the payload behind its length, for which it guesses
// two bytes: payloads of 128 to 16,383 bytes need no move.
func appendPayload(dst []byte, k *kind, e domain.Event) ([]byte, error) {
	const guess = 2
	start := len(dst)
	b, err := k.encode(append(dst, make([]byte, guess)...), e)
	if err != nil {
		return dst, err
	}
	var head [binary.MaxVarintLen64]byte
	n := len(b) - start - guess
	size := binary.PutUvarint(head[:], uint64(n))
	if size > guess {
		b = append(b, head[:size-guess]...)
	}
	if size != guess {
		copy(b[start+size:], b[start+guess:start+guess+n])
	}
	copy(b[start:], head[:size])
	return b[:start+size+n], nil
}

// checkEnvelope tells what of an envelope the format cannot hold.
func checkEnvelope(r *domain.Recorded) error {
	switch {
	case r.Position.Partition < 0 || r.Position.Partition >= domain.MaxPartitions:
		return fmt.Errorf("partition %d is not one of 0 to %d", r.Position.Partition, domain.MaxPartitions-1)
	case r.Position.Seq == 0 || r.Version == 0:
		return errFromOne
	case !utf8.ValidString(string(r.Stream)) || !utf8.ValidString(string(r.Actor.Kind)) || !utf8.ValidString(r.Actor.ID):
		return fmt.Errorf("stream %q or actor %q: %w", r.Stream, r.Actor, errUTF8)
	}
	return checkTime(r.Time)
}

var errFromOne = errors.New("seq and version count from 1, and one of them is 0")

// DecodeRecord reads what AppendRecord wrote, now or in an earlier release;
// payloads of older versions are upcast, and Schema tells the version as
// stored. It refuses everything else: other formats, types and versions,
// missing and trailing bytes, and any form that is not canonical. It keeps
// nothing of b. Empty lists are nil in what it gives.
func DecodeRecord(b []byte) (domain.Recorded, error) { return events.decodeRecord(b) }

func (c *catalogue) decodeRecord(b []byte) (domain.Recorded, error) {
	in := input{rest: b}
	if format := in.byte(); format != recordFormat || in.err != nil {
		return domain.Recorded{}, fmt.Errorf("record format %d is unknown here (known: %d)", format, recordFormat)
	}
	var r domain.Recorded
	partition := in.uvarint()
	r.Position.Seq = domain.Seq(in.uvarint())
	r.Epoch = domain.Epoch(in.uvarint())
	in.id((*[16]byte)(&r.ID))
	r.Stream = domain.StreamID(in.text())
	r.Version = domain.Version(in.uvarint())
	name := in.bytes()
	schema := in.uvarint()
	micros := in.varint()
	r.Actor.Kind = actorKind(in.bytes())
	r.Actor.ID = in.text()
	in.id((*[16]byte)(&r.Command))
	in.optID((*[16]byte)(&r.Cause))
	raw := in.bytes()
	if in.err == nil && len(in.rest) > 0 {
		in.fail("more follows")
	}
	if in.err != nil {
		return domain.Recorded{}, fmt.Errorf("record: %w", in.err)
	}
	r.Position.Partition = domain.Partition(min(partition, domain.MaxPartitions))
	r.Schema = int(min(schema, math.MaxInt32))
	r.Time = time.UnixMicro(micros).UTC()
	return c.finish(r, name, raw)
}

// finish checks the envelope and reads the payload.
func (c *catalogue) finish(r domain.Recorded, name, raw []byte) (domain.Recorded, error) {
	k, err := c.find(domain.EventType(name))
	if err == nil {
		err = checkEnvelope(&r)
	}
	if err == nil {
		r.Payload, err = c.decode(k, r.Schema, raw)
	}
	if err != nil {
		return domain.Recorded{}, fmt.Errorf("record %s: %w", r.Position, err)
	}
	return r, nil
}

// actorKind makes no new strings of the known kinds.
func actorKind(b []byte) domain.ActorKind {
	for _, k := range [...]domain.ActorKind{domain.ActorContributor, domain.ActorRule, domain.ActorModerator, domain.ActorClient} {
		if string(b) == string(k) {
			return k
		}
	}
	return domain.ActorKind(b)
}

// input takes the fields of an envelope one after another; after the first
// error all are zero.
type input struct {
	rest []byte
	err  error
}

func (in *input) fail(why string) {
	if in.err == nil {
		in.err = fmt.Errorf("%w: %s, %d bytes before the end", errSyntax, why, len(in.rest))
	}
	in.rest = nil
}

func (in *input) take(n uint64) []byte {
	if n > uint64(len(in.rest)) {
		in.fail("bytes are missing")
		return nil
	}
	b := in.rest[:n]
	in.rest = in.rest[n:]
	return b
}

func (in *input) byte() byte {
	if b := in.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (in *input) uvarint() uint64 {
	x, n := binary.Uvarint(in.rest)
	// A last byte of 0 adds nothing: the number has a shorter form.
	if n <= 0 || n > 1 && in.rest[n-1] == 0 {
		in.fail("a number is cut off or too long")
		return 0
	}
	in.rest = in.rest[n:]
	return x
}

func (in *input) varint() int64 {
	x := in.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}

func (in *input) bytes() []byte { return in.take(in.uvarint()) }

func (in *input) text() string { return string(in.bytes()) }

func (in *input) id(p *[16]byte) { copy(p[:], in.take(16)) }

func (in *input) optID(p *[16]byte) {
	switch b := in.bytes(); len(b) {
	case 0:
	case len(p):
		if copy(p[:], b); *p == [16]byte{} {
			in.fail("an empty id is written out")
		}
	default:
		in.fail("an id has not 16 bytes")
	}
}
