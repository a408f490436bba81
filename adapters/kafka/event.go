package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"dendro/domain"
	"dendro/schemas"
)

// The headers of a record, in the order in which they always stand: an event
// has one form. Names and values are those of schemas.AppendJSON; the stream is
// the record's key, data its value.
const (
	headerContent   = "content-type"
	headerSpec      = "ce_specversion"
	headerID        = "ce_id"
	headerSource    = "ce_source"
	headerType      = "ce_type"
	headerSchema    = "ce_dataschema"
	headerTime      = "ce_time"
	headerSeq       = "ce_seq"
	headerVersion   = "ce_version"
	headerActor     = "ce_actor"
	headerCommand   = "ce_command"
	headerCause     = "ce_cause" // left out when there is none
	headerEpoch     = "ce_epoch"
	headers         = 13 // with a cause
	contentType     = "application/json"
	specVersion     = "1.0"
	sourcePrefix    = "/partitions/"
	timeForm        = "2006-01-02T15:04:05.000000Z"
	dataschemaStart = ".v"
	dataschemaEnd   = ".json"
)

// appender builds records. Its buffers are used again.
type appender struct {
	record  []byte // the one at work
	value   []byte
	payload []byte
}

// append adds the event as the n-th record of a batch whose first time is base.
func (a *appender) append(dst []byte, n int, base int64, e *domain.Recorded) ([]byte, error) {
	if err := schemas.CheckEnvelope(*e); err != nil {
		return dst, err
	}
	payload, schema, err := schemas.EncodePayload(a.payload[:0], e.Payload)
	if err != nil {
		return dst, err
	}
	a.payload = payload
	if e.Schema != 0 && e.Schema != schema {
		return dst, fmt.Errorf("%s is written as version %d only, not %d", e.Payload.Type(), schema, e.Schema)
	}
	if !knownActor(e.Actor.Kind) {
		return dst, fmt.Errorf("%q is no kind of actor", e.Actor.Kind)
	}
	b := append(a.record[:0], 0) // attributes
	b = binary.AppendVarint(b, e.Time.UnixMilli()-base)
	b = binary.AppendVarint(b, int64(n))
	b = appendBytes(b, string(e.Stream))
	b = binary.AppendVarint(b, int64(len(payload)))
	b = append(b, payload...)
	a.record = a.headers(b, e, schema)
	dst = binary.AppendVarint(dst, int64(len(a.record)))
	return append(dst, a.record...), nil
}

func (a *appender) headers(b []byte, e *domain.Recorded, schema int) []byte {
	count := headers
	if e.Cause.IsZero() {
		count--
	}
	b = binary.AppendVarint(b, int64(count))
	b = appendHeader(b, headerContent, contentType)
	b = appendHeader(b, headerSpec, specVersion)
	v := a.value[:0]
	put := func(name string) {
		b = appendBytes(b, name)
		b = binary.AppendVarint(b, int64(len(v)))
		b = append(b, v...)
		v = v[:0]
	}
	number := func(name string, n uint64) {
		v = strconv.AppendUint(v, n, 10)
		put(name)
	}
	v, _ = e.ID.AppendText(v)
	put(headerID)
	v = append(v, sourcePrefix...)
	number(headerSource, uint64(e.Position.Partition))
	v = append(v, e.Payload.Type()...)
	put(headerType)
	v = append(append(v, e.Payload.Type()...), dataschemaStart...)
	v = append(strconv.AppendInt(v, int64(schema), 10), dataschemaEnd...)
	put(headerSchema)
	v = e.Time.AppendFormat(v, timeForm)
	put(headerTime)
	number(headerSeq, uint64(e.Position.Seq))
	number(headerVersion, uint64(e.Version))
	v = append(append(append(v, e.Actor.Kind...), ':'), e.Actor.ID...)
	put(headerActor)
	v, _ = e.Command.AppendText(v)
	put(headerCommand)
	if !e.Cause.IsZero() {
		v, _ = e.Cause.AppendText(v)
		put(headerCause)
	}
	number(headerEpoch, uint64(e.Epoch))
	a.value = v
	return b
}

func knownActor(k domain.ActorKind) bool {
	switch k {
	case domain.ActorContributor, domain.ActorModerator, domain.ActorClient, domain.ActorRule:
		return true
	}
	return false
}

func appendHeader(b []byte, name, value string) []byte {
	return appendBytes(appendBytes(b, name), value)
}

func appendBytes(b []byte, s string) []byte {
	return append(binary.AppendVarint(b, int64(len(s))), s...)
}

// record is one record of a batch, before anything is known of its meaning.
type record struct {
	delta   int64 // of its time, in milliseconds
	offset  int64 // within the batch
	key     []byte
	value   []byte
	headers int64
	rest    []byte // the headers
}

var errForeign = errors.New("a record that this log did not write")

// event reads a record's event. Its position is what the record says.
func (r *record) event(p domain.Partition, base int64) (domain.Recorded, error) {
	in := fields{rest: r.rest}
	var e domain.Recorded
	in.constant(headerContent, contentType)
	in.constant(headerSpec, specVersion)
	in.id(headerID, (*[16]byte)(&e.ID))
	in.source(p)
	name := in.header(headerType)
	schema := in.header(headerSchema)
	e.Time = in.time()
	e.Position = domain.Position{Partition: p, Seq: domain.Seq(in.number(headerSeq))}
	e.Version = domain.Version(in.number(headerVersion))
	e.Actor = in.actor()
	in.id(headerCommand, (*[16]byte)(&e.Command))
	if r.headers == headers {
		in.id(headerCause, (*[16]byte)(&e.Cause))
	}
	e.Epoch = domain.Epoch(in.number(headerEpoch))
	e.Stream = domain.StreamID(r.key)
	e.Schema = in.version(name, schema)
	switch {
	case in.err != nil:
		return e, in.err
	case len(in.rest) > 0 || r.headers < headers-1 || r.headers > headers:
		return e, fmt.Errorf("%w: it has other headers", errForeign)
	case e.Time.UnixMilli() != base+r.delta:
		return e, fmt.Errorf("%w: its timestamp is not its %s", errForeign, headerTime)
	}
	if err := schemas.CheckEnvelope(e); err != nil {
		return e, fmt.Errorf("%w: %w", errForeign, err)
	}
	var err error
	e.Payload, err = schemas.DecodePayload(domain.EventType(name), e.Schema, r.value)
	return e, err
}

// fields takes the headers one after another; after the first error all are
// zero.
type fields struct {
	rest []byte
	err  error
}

func (in *fields) fail(format string, args ...any) {
	if in.err == nil {
		in.err = fmt.Errorf("%w: %s", errForeign, fmt.Sprintf(format, args...))
	}
	in.rest = nil
}

func (in *fields) bytes() []byte {
	n, size := binary.Varint(in.rest)
	if size <= 0 || n < 0 || n > int64(len(in.rest)-size) {
		in.rest = nil
		return nil
	}
	b := in.rest[size : size+int(n)]
	in.rest = in.rest[size+int(n):]
	return b
}

// header takes the value of the header that must come next.
func (in *fields) header(name string) []byte {
	if in.err != nil {
		return nil
	}
	if got := in.bytes(); string(got) != name {
		in.fail("header %s expected, found %q", name, got)
		return nil
	}
	return in.bytes()
}

func (in *fields) constant(name, value string) {
	if got := in.header(name); string(got) != value {
		in.fail("%s is %q, not %q", name, got, value)
	}
}

func (in *fields) id(name string, id *[16]byte) {
	b := in.header(name)
	if in.err != nil {
		return
	}
	if err := (*domain.EventID)(id).UnmarshalText(b); err != nil || bytes.ContainsAny(b, "ABCDEF") {
		in.fail("%s is %q, no lower-case UUID", name, b)
	}
}

func (in *fields) number(name string) uint64 { return in.digits(name, in.header(name)) }

func (in *fields) digits(name string, b []byte) uint64 {
	n, err := strconv.ParseUint(string(b), 10, 64)
	if in.err == nil && (err != nil || b[0] == '0' && len(b) > 1 || b[0] == '+') {
		in.fail("%s is %q, no number", name, b)
	}
	return n
}

func (in *fields) source(p domain.Partition) {
	b := in.header(headerSource)
	n, ok := bytes.CutPrefix(b, []byte(sourcePrefix))
	if in.err == nil && (!ok || in.digits(headerSource, n) != uint64(p)) {
		in.fail("%s is %q in partition %d", headerSource, b, p)
	}
}

func (in *fields) time() time.Time {
	b := in.header(headerTime)
	var t time.Time
	if in.err == nil && (len(b) != len(timeForm) || b[len(b)-1] != 'Z' || b[19] != '.' || t.UnmarshalText(b) != nil) {
		in.fail("%s is %q, not of the form %s", headerTime, b, timeForm)
	}
	return t
}

func (in *fields) actor() domain.Actor {
	b := in.header(headerActor)
	kind, id, ok := bytes.Cut(b, []byte{':'})
	if a := (domain.Actor{Kind: domain.ActorKind(kind), ID: string(id)}); ok && knownActor(a.Kind) {
		return a
	}
	in.fail("%s is %q", headerActor, b)
	return domain.Actor{}
}

// version reads the version out of the name of the payload's schema.
func (in *fields) version(name, schema []byte) int {
	n, ok := bytes.CutPrefix(schema, name)
	if ok {
		n, ok = bytes.CutPrefix(n, []byte(dataschemaStart))
	}
	if ok {
		n, ok = bytes.CutSuffix(n, []byte(dataschemaEnd))
	}
	v := in.digits(headerSchema, n)
	if in.err == nil && (!ok || v > 1<<30) {
		in.fail("%s is %q for %s", headerSchema, schema, name)
	}
	return int(v)
}
