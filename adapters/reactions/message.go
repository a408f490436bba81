package reactions

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"dendro/domain"
	"dendro/schemas"
)

// The metadata of a message: CloudEvents attributes under the names that they
// have as headers of a Kafka record in binary mode.
const (
	metaSpec      = "ce_specversion"
	metaID        = "ce_id"
	metaSource    = "ce_source"
	metaType      = "ce_type"
	metaSchema    = "ce_dataschema"
	metaTime      = "ce_time"
	metaPartition = "ce_partition"
	metaSeq       = "ce_seq"
	metaStream    = "ce_stream"
	metaVersion   = "ce_version"
	metaActor     = "ce_actor"
	metaCommand   = "ce_command"
	metaCause     = "ce_cause"
	metaEpoch     = "ce_epoch"

	// metaBroken tells why a message cannot be read; it is poison.
	metaBroken = "dendro_broken"
	// metaCausation is what made whatever a handler does: the event.
	metaCausation = "causation_id"
)

// newMessage makes the message of an event. One that has no stored form is
// marked as broken.
func newMessage(r *domain.Recorded) *message.Message {
	payload, version, err := schemas.EncodePayload(nil, r.Payload)
	msg := message.NewMessage(r.ID.String(), payload)
	m := msg.Metadata
	m[metaSpec] = "1.0"
	m[metaID] = r.ID.String()
	m[metaSource] = "/partitions/" + strconv.Itoa(int(r.Position.Partition))
	place(m, r.Position)
	m[metaTime] = r.Time.Format(timeForm)
	m[metaStream] = string(r.Stream)
	m[metaVersion] = strconv.FormatUint(uint64(r.Version), 10)
	m[metaActor] = r.Actor.String()
	m[metaCommand] = r.Command.String()
	m[metaEpoch] = strconv.FormatUint(uint64(r.Epoch), 10)
	if !r.Cause.IsZero() {
		m[metaCause] = r.Cause.String()
	}
	if err != nil {
		m[metaBroken] = err.Error()
	} else {
		m[metaType] = string(r.Payload.Type())
		m[metaSchema] = fmt.Sprintf("%s.v%d.json", r.Payload.Type(), version)
	}
	correlate(msg)
	return msg
}

const timeForm = "2006-01-02T15:04:05.000000Z07:00"

// correlate marks what follows from the message: with the command that all
// began with, and with the event.
func correlate(msg *message.Message) {
	middleware.SetCorrelationID(msg.Metadata[metaCommand], msg)
	msg.Metadata[metaCausation] = msg.Metadata[metaID]
}

// place notes where in the log the event stands.
func place(m message.Metadata, at domain.Position) {
	m[metaPartition] = strconv.Itoa(int(at.Partition))
	m[metaSeq] = strconv.FormatUint(uint64(at.Seq), 10)
}

// positionOf gives where in the log the message's event stands. Every
// subscriber has set it.
func positionOf(msg *message.Message) (domain.Position, error) {
	p, err := strconv.ParseUint(msg.Metadata[metaPartition], 10, 31)
	if err != nil {
		return domain.Position{}, fmt.Errorf("%s: %w", metaPartition, err)
	}
	seq, err := strconv.ParseUint(msg.Metadata[metaSeq], 10, 64)
	if err != nil {
		return domain.Position{}, fmt.Errorf("%s: %w", metaSeq, err)
	}
	return domain.Position{Partition: domain.Partition(p), Seq: domain.Seq(seq)}, nil
}

// eventOf reads the event back. Its errors are for good, and quote no payload.
func eventOf(msg *message.Message) (domain.Recorded, error) {
	if why := msg.Metadata[metaBroken]; why != "" {
		return domain.Recorded{}, forGood("the message is broken: %s", why)
	}
	in := reader{m: msg.Metadata}
	var r domain.Recorded
	in.id(metaID, (*[16]byte)(&r.ID))
	in.id(metaCommand, (*[16]byte)(&r.Command))
	if in.m[metaCause] != "" {
		in.id(metaCause, (*[16]byte)(&r.Cause))
	}
	r.Version = domain.Version(in.number(metaVersion))
	r.Epoch = domain.Epoch(in.number(metaEpoch))
	r.Stream = domain.StreamID(in.text(metaStream))
	kind, id, _ := strings.Cut(in.text(metaActor), ":")
	r.Actor = domain.Actor{Kind: domain.ActorKind(kind), ID: id}
	at, err := time.Parse(time.RFC3339Nano, in.text(metaTime))
	in.keep(metaTime, err)
	r.Time = domain.Instant(at)
	r.Position, err = positionOf(msg)
	in.keep("position", err)
	name := in.text(metaType)
	r.Schema = in.schema(name)
	if in.err != nil {
		return domain.Recorded{}, forGood("the message is broken: %v", in.err)
	}
	r.Payload, err = schemas.DecodePayload(domain.EventType(name), r.Schema, msg.Payload)
	if err != nil { // which may quote a text
		return domain.Recorded{}, forGood("the message is broken: its payload is no %s of version %d that is known here", clip(name, 100), r.Schema)
	}
	return r, nil
}

var errMissing = errors.New("missing")

// reader takes values from metadata; it keeps the first error.
type reader struct {
	m   message.Metadata
	err error
}

func (in *reader) keep(key string, err error) {
	if err != nil && in.err == nil {
		in.err = fmt.Errorf("%s: %w", key, err)
	}
}

func (in *reader) text(key string) string {
	v, there := in.m[key]
	if !there {
		in.keep(key, errMissing)
	}
	return v
}

func (in *reader) id(key string, to *[16]byte) {
	id, err := domain.ParseID(in.text(key))
	in.keep(key, err)
	*to = id
}

func (in *reader) number(key string) uint64 {
	n, err := strconv.ParseUint(in.text(key), 10, 64)
	in.keep(key, err)
	return n
}

// schema reads the version from the name of a schema's file.
func (in *reader) schema(eventType string) int {
	name := in.text(metaSchema)
	version, ok := strings.CutPrefix(name, eventType+".v")
	if version, json := strings.CutSuffix(version, ".json"); ok && json {
		n, err := strconv.ParseUint(version, 10, 31)
		in.keep(metaSchema, err)
		return int(n)
	}
	in.keep(metaSchema, fmt.Errorf("%q is no schema of %q", clip(name, 100), clip(eventType, 100)))
	return 0
}
