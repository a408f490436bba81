package reactions

import (
	"bytes"
	"slices"
	"testing"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/domaintest"
	"dendro/schemas"
)

// stored gives an event's canonical bytes, by which events are compared.
func stored(t interface{ Fatal(...any) }, r domain.Recorded) []byte {
	b, err := schemas.AppendRecord(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// anyEvent draws events as logs hold them.
func anyEvent(t *rapid.T) domain.Recorded {
	r := domaintest.AnyRecorded().Draw(t, "event")
	r.Schema = 1
	return r
}

func TestMessagesHoldTheirEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyEvent(t)
		msg := newMessage(&r)
		got, err := eventOf(msg)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(stored(t, got), stored(t, r)) {
			t.Fatalf("%+v came back as %+v", r, got)
		}
		if msg.UUID != r.ID.String() || middleware.MessageCorrelationID(msg) != r.Command.String() || msg.Metadata[metaCausation] != r.ID.String() {
			t.Fatalf("ids: %s, %v", msg.UUID, msg.Metadata)
		}
	})
}

// recordOf makes the record of an event, as a topic has it.
func recordOf(r *domain.Recorded) *sarama.ConsumerMessage {
	msg := newMessage(r)
	record := &sarama.ConsumerMessage{
		Key: []byte(r.Stream), Value: msg.Payload, Partition: int32(r.Position.Partition), Offset: int64(r.Position.Seq) - 1,
	}
	for key, value := range msg.Metadata {
		if key[:3] == "ce_" {
			record.Headers = append(record.Headers, &sarama.RecordHeader{Key: []byte(key), Value: []byte(value)})
		}
	}
	slices.SortFunc(record.Headers, func(a, b *sarama.RecordHeader) int { return bytes.Compare(a.Key, b.Key) })
	return record
}

func unmarshal(t *rapid.T, record *sarama.ConsumerMessage) *message.Message {
	msg, err := Unmarshaler{}.Unmarshal(record)
	if err != nil || msg == nil {
		t.Fatalf("the unmarshaler fails: %v", err)
	}
	at, err := positionOf(msg)
	if want := (domain.Position{Partition: domain.Partition(record.Partition), Seq: domain.Seq(record.Offset + 1)}); err != nil || at != want {
		t.Fatalf("the message stands at %s (%v), its record at %s", at, err, want)
	}
	return msg
}

func TestRecordsOfTheTopicAreMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyEvent(t)
		r.Position.Seq = r.Position.Seq>>1 | 1 // offsets are signed
		record := recordOf(&r)
		// A writer may leave out what the record itself tells.
		leftOut := rapid.SliceOf(rapid.SampledFrom([]string{metaPartition, metaSeq, metaStream, metaSpec, metaSource})).Draw(t, "left out")
		record.Headers = slices.DeleteFunc(record.Headers, func(h *sarama.RecordHeader) bool { return slices.Contains(leftOut, string(h.Key)) })
		got, err := eventOf(unmarshal(t, record))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(stored(t, got), stored(t, r)) {
			t.Fatalf("%+v came back as %+v", r, got)
		}
	})
}

// However a record is spoiled: it becomes a message, and that message is an
// event or broken for good.
func TestSpoiledRecordsAreBrokenMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyEvent(t)
		r.Position.Seq = r.Position.Seq>>1 | 1
		record := recordOf(&r)
		i := rapid.IntRange(0, len(record.Headers)-1).Draw(t, "header")
		h := record.Headers[i]
		must := false // be broken
		switch rapid.IntRange(0, 8).Draw(t, "how") {
		case 0:
			record.Headers = slices.Delete(record.Headers, i, i+1)
		case 1:
			record.Headers, must = append(record.Headers, h), true
		case 2:
			h.Value = rapid.SliceOf(rapid.Byte()).Draw(t, "value")
		case 3:
			h.Value, must = bytes.Repeat([]byte{'x'}, maxHeaderValue+1), true
		case 4:
			record.Value = rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		case 5:
			record.Value, must = append(slices.Clone(record.Value), ' '), true
		case 6:
			record.Key, must = append(slices.Clone(record.Key), 'x'), true
		case 7:
			record.Offset, must = record.Offset+1, true
		case 8:
			*record, must = sarama.ConsumerMessage{Headers: []*sarama.RecordHeader{nil}}, true
		}
		_, err := eventOf(unmarshal(t, record))
		if err == nil && must || err != nil && !isPermanent(err) {
			t.Fatalf("broken is %v, got %v", must, err)
		}
	})
}
