package kafka

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"dendro/domain"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The log's identity is the first record of a topic of its own, of one
// partition: whoever comes first names the log, and nothing changes it
// afterwards. It also names the id that Kafka has given to the topic of events,
// so that one that was deleted and made again is noticed.
type nameplate struct {
	Format     int          `json:"format"`
	Log        domain.LogID `json:"log"`
	Partitions int          `json:"partitions"`
	Placement  string       `json:"placement"`
	Topic      string       `json:"topic"` // hexadecimal
}

const logFormat = 1

// identityTopic is the topic that holds the nameplate.
func (l *Log) identityTopic() string { return l.opt.Topic + ".identity" }

// create makes the topics and the nameplate, as far as they are not there.
func (l *Log) create(ctx context.Context) error {
	admin := kadm.NewClient(l.reads.Client)
	replicas, err := l.replicas(ctx, admin)
	if err != nil {
		return err
	}
	want := *l.opt.Create
	if err := createTopic(ctx, admin, l.opt.Topic, want.Partitions, replicas); err != nil {
		return err
	}
	if err := createTopic(ctx, admin, l.identityTopic(), 1, replicas); err != nil {
		return err
	}
	if plate, err := l.nameplate(ctx); err != nil || plate != nil {
		return err
	}
	meta, err := l.topicOf(ctx, l.reads)
	if err != nil {
		return err
	}
	if len(meta.partitions) != want.Partitions {
		return fmt.Errorf("%w: the topic is there and has %d partitions, the log is to have %d; give it a topic of its own", ErrForeign, len(meta.partitions), want.Partitions)
	}
	ends, err := l.reads.offsets(ctx, want.Partitions, latest)
	if err != nil {
		return err
	}
	for p, end := range ends {
		if end != 0 {
			return fmt.Errorf("%w: partition %d holds records already; give the log a topic of its own", ErrForeign, p)
		}
	}
	return l.putNameplate(ctx, nameplate{
		Format: logFormat, Log: want.ID, Partitions: want.Partitions, Placement: domain.PlacementName, Topic: hex.EncodeToString(meta.id[:]),
	})
}

// replicas is how many a new topic gets.
func (l *Log) replicas(ctx context.Context, admin *kadm.Client) (int, error) {
	if l.opt.Replicas > 0 {
		return l.opt.Replicas, nil
	}
	var brokers int
	err := persist(ctx, func() error {
		b, err := admin.ListBrokers(ctx)
		brokers = len(b)
		return err
	})
	return min(brokers, defaultReplicas), err
}

// maxMessageBytes of a new topic lets an append of some thousand events through.
const maxMessageBytes = 8 << 20

func createTopic(ctx context.Context, admin *kadm.Client, topic string, partitions, replicas int) error {
	configs := map[string]*string{
		"cleanup.policy":                  kadm.StringPtr("delete"),
		"retention.ms":                    kadm.StringPtr("-1"),
		"retention.bytes":                 kadm.StringPtr("-1"),
		"unclean.leader.election.enable":  kadm.StringPtr("false"),
		"min.insync.replicas":             kadm.StringPtr(fmt.Sprint(max(1, replicas-1))),
		"compression.type":                kadm.StringPtr("producer"),
		"message.timestamp.type":          kadm.StringPtr("CreateTime"),
		"message.timestamp.before.max.ms": kadm.StringPtr("9223372036854775807"),
		"message.timestamp.after.max.ms":  kadm.StringPtr("9223372036854775807"),
		"max.message.bytes":               kadm.StringPtr(fmt.Sprint(maxMessageBytes)),
	}
	return persist(ctx, func() error {
		_, err := admin.CreateTopic(ctx, int32(partitions), int16(replicas), configs, topic)
		if errors.Is(err, kerr.TopicAlreadyExists) {
			return nil
		}
		return err
	})
}

// putNameplate writes it. Should another process have been faster, then its
// record comes first, and counts.
func (l *Log) putNameplate(ctx context.Context, plate nameplate) error {
	value, err := json.Marshal(plate)
	if err != nil {
		return err
	}
	cl, err := newClient(l.opt.Brokers, l.identityTopic(), append([]kgo.Opt{kgo.ProducerBatchCompression(kgo.NoCompression())}, l.opt.Client...))
	if err != nil {
		return err
	}
	defer cl.Close()
	return cl.ProduceSync(ctx, &kgo.Record{Topic: l.identityTopic(), Key: []byte("identity"), Value: value}).FirstErr()
}

// nameplate reads the identity; nil when none was written.
func (l *Log) nameplate(ctx context.Context) (*nameplate, error) {
	c, err := newClient(l.opt.Brokers, l.identityTopic(), l.opt.Client)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := l.topicOf(ctx, c); err != nil {
		return nil, err
	}
	ends, err := c.offsets(ctx, 1, latest)
	if err != nil || ends[0] == 0 {
		return nil, err
	}
	raw, err := c.fetch(ctx, 0, 0, minFetchBytes)
	if err != nil {
		return nil, err
	}
	value, err := firstValue(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: topic %s does not begin with an identity: %w", ErrForeign, c.topic, err)
	}
	var plate nameplate
	if err := json.Unmarshal(value, &plate); err != nil {
		return nil, fmt.Errorf("%w: topic %s does not begin with an identity: %w", ErrForeign, c.topic, err)
	}
	return &plate, nil
}

// firstValue gives the value of the first record.
func firstValue(raw []byte) ([]byte, error) {
	b, _, err := parseBatch(raw)
	if err != nil {
		return nil, err
	}
	records, err := b.unfold(nil)
	if err != nil {
		return nil, err
	}
	r, _, err := takeRecord(records)
	return bytes.Clone(r.value), err
}

// identify learns the log's identity, and that the topic is the log's.
func (l *Log) identify(ctx context.Context) error {
	meta, err := l.topicOf(ctx, l.reads)
	if err != nil {
		return err
	}
	plate, err := l.nameplate(ctx)
	switch {
	case errors.Is(err, errNoTopic) || err == nil && plate == nil:
		return fmt.Errorf("%w: the topic has no identity in %s; give the log a topic of its own, or create it again if its creation was cut off", ErrForeign, l.identityTopic())
	case err != nil:
		return err
	case plate.Format != logFormat || plate.Placement != domain.PlacementName:
		return fmt.Errorf("%w: its format is %d with placement %s, this program knows %d with %s; use the program that wrote it",
			ErrNewer, plate.Format, plate.Placement, logFormat, domain.PlacementName)
	case plate.Topic != hex.EncodeToString(meta.id[:]):
		return fmt.Errorf("%w: %w", ErrOtherLog, errReplaced)
	case len(meta.partitions) != plate.Partitions:
		return fmt.Errorf("%w: the topic has %d partitions, the log has %d: somebody has added some; they cannot be used", ErrUnsafe, len(meta.partitions), plate.Partitions)
	}
	l.identity, l.topic, l.reads.expect = domain.Identity{ID: plate.Log, Partitions: plate.Partitions}, meta.id, meta.id
	if want := l.opt.Create; want != nil && *want != l.identity {
		return fmt.Errorf("%w is there: %s with %d partitions, not %s with %d; give a topic of its own",
			ErrOtherLog, l.identity.ID, l.identity.Partitions, want.ID, want.Partitions)
	}
	return nil
}
