package reactions

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"

	"dendro/domain"
)

// KafkaSubscribers gives Config.Subscribe for a cluster: a consumer group for
// each handler, named PREFIX.HANDLER, which reads the topic from its start.
// The nodes of a cluster share the partitions of each; a partition's messages
// come one after another.
func KafkaSubscribers(brokers []string, prefix string, again time.Duration, l *slog.Logger) func(string) (message.Subscriber, error) {
	return func(handler string) (message.Subscriber, error) {
		c := kafka.DefaultSaramaSubscriberConfig()
		c.ClientID = "dendro-" + handler
		c.Consumer.Offsets.Initial = sarama.OffsetOldest
		return kafka.NewSubscriber(kafka.SubscriberConfig{
			Brokers: brokers, Unmarshaler: Unmarshaler{}, OverwriteSaramaConfig: c,
			ConsumerGroup: prefix + "." + handler, NackResendSleep: orDefault(again, time.Second),
		}, newCalm(quiet(l), time.Now))
	}
}

// Unmarshaler makes messages of a topic's records. It has no errors, because
// the subscriber would stand still with one: a record that is no event becomes
// a message marked as broken, which goes to the poison store.
type Unmarshaler struct{}

var _ kafka.Unmarshaler = Unmarshaler{}

// Bounds on the headers of a record; ours have 14, of less than 100 bytes each.
const (
	maxHeaders     = 64
	maxHeaderValue = 4 << 10
)

// Unmarshal implements kafka.Unmarshaler. The position is the record's own,
// whatever its headers say, and the stream is its key.
func (Unmarshaler) Unmarshal(record *sarama.ConsumerMessage) (*message.Message, error) {
	msg := message.NewMessage("", record.Value)
	why := readHeaders(msg.Metadata, record.Headers)
	at := domain.Position{Partition: domain.Partition(record.Partition), Seq: domain.Seq(record.Offset + 1)}
	said, err := positionOf(msg)
	if stream := string(record.Key); why == "" && msg.Metadata[metaStream] != "" && msg.Metadata[metaStream] != stream {
		why = "its key is not the stream that its header names"
	} else if msg.Metadata[metaStream] = clip(stream, maxHeaderValue); err == nil && said != at && why == "" {
		why = fmt.Sprintf("its headers say that it stands at %s", said)
	}
	place(msg.Metadata, at)
	if why == "" && msg.Metadata[metaID] == "" {
		why = "it has no header " + metaID
	}
	if why != "" {
		msg.Metadata[metaBroken] = why
	}
	msg.UUID = msg.Metadata[metaID]
	correlate(msg)
	return msg, nil
}

// readHeaders takes over the attributes of the event; it tells what is wrong
// with them, if anything.
func readHeaders(m message.Metadata, headers []*sarama.RecordHeader) (why string) {
	if len(headers) > maxHeaders {
		return fmt.Sprintf("it has %d headers", len(headers))
	}
	for _, h := range headers {
		if h == nil {
			continue
		}
		key := string(h.Key)
		if !strings.HasPrefix(key, "ce_") {
			continue
		}
		if _, twice := m[key]; twice {
			why = fmt.Sprintf("it has the header %s twice", clip(key, 100))
		}
		if len(key) > 100 || len(h.Value) > maxHeaderValue {
			why = "one of its headers is too long"
			continue
		}
		m[key] = string(h.Value)
	}
	return why
}
