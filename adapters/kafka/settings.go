package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// topicMeta is a topic as the cluster has it.
type topicMeta struct {
	id         [16]byte
	partitions []kmsg.MetadataResponseTopicPartition
}

// patientTries bounds for how long a topic may be unknown, as it is to brokers
// that have not heard of it yet: most of a second.
const patientTries = 6

// topicOf asks for the client's topic. It answers errNoTopic.
func (l *Log) topicOf(ctx context.Context, c *client) (m topicMeta, err error) {
	unknown := 0
	err = persist(ctx, func() error {
		t, err := c.lookup(ctx)
		if errors.Is(err, kerr.UnknownTopicOrPartition) {
			if unknown++; unknown >= patientTries && l.opt.Create == nil { // one that was just made becomes known for certain
				return errNoTopic
			}
		}
		m = topicMeta{t.TopicID, t.Partitions}
		return err
	})
	return m, err
}

// whileThere is persist for a question about the topic of events that brokers
// answer as if it was unknown: it ends with errNoTopic when it really is gone.
func (l *Log) whileThere(ctx context.Context, try func() error) error {
	return persist(ctx, func() error {
		err := try()
		if errors.Is(err, kerr.UnknownTopicOrPartition) {
			if _, gone := l.topicOf(ctx, l.reads); gone != nil {
				return gone
			}
		}
		return err
	})
}

// rule is what a topic's setting must be for a log to be safe in it.
type rule struct {
	name string
	ok   func(value string) bool
	why  string
}

func one(of ...string) func(string) bool {
	return func(v string) bool {
		for _, s := range of {
			if v == s {
				return true
			}
		}
		return false
	}
}

var rules = []rule{
	{"cleanup.policy", one("delete", ""), "a log is never compacted; set it to delete"},
	{"retention.ms", one("-1"), "a log keeps everything; set it to -1"},
	{"retention.bytes", one("-1"), "a log keeps everything; set it to -1"},
	{"unclean.leader.election.enable", one("false"), "a leader that lacks acknowledged events loses them; set it to false"},
	{"compression.type", one("producer", "zstd"), "batches are zstd; set it to producer"},
	{"message.timestamp.type", one("CreateTime"), "events carry their own time; set it to CreateTime"},
}

// checkTopics holds both topics to the rules, and to being whole.
func (l *Log) checkTopics(ctx context.Context) error {
	admin := kadm.NewClient(l.reads.Client)
	for _, topic := range []string{l.opt.Topic, l.identityTopic()} {
		var configs map[string]string
		err := l.whileThere(ctx, func() (err error) {
			configs, err = settingsOf(admin.DescribeTopicConfigs(ctx, topic))
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range rules {
			if v, known := configs[r.name]; known && !r.ok(v) {
				return fmt.Errorf("%w: %s of topic %s is %q: %s", ErrUnsafe, r.name, topic, v, r.why)
			}
		}
		if topic == l.opt.Topic {
			if err := l.checkEvents(ctx, configs); err != nil {
				return err
			}
		}
	}
	return l.checkStarts(ctx)
}

// checkStarts holds every partition to begin at its first offset.
func (l *Log) checkStarts(ctx context.Context) error {
	var starts []int64
	err := l.whileThere(ctx, func() (err error) {
		starts, err = l.reads.offsetsOnce(ctx, l.identity.Partitions, earliest)
		return err
	})
	if err != nil {
		return err
	}
	for p, start := range starts {
		if start != 0 {
			return damageStart(p, start)
		}
	}
	return nil
}

func damageStart(p int, start int64) error {
	return fmt.Errorf("%w: partition %d begins at offset %d: %w", ErrUnsafe, p, start, errLost)
}

// checkEvents looks at what depends on the number of replicas, and learns how
// large a batch may be.
func (l *Log) checkEvents(ctx context.Context, configs map[string]string) error {
	meta, err := l.topicOf(ctx, l.reads)
	if err != nil {
		return err
	}
	for _, p := range meta.partitions {
		if insync := atoi(configs["min.insync.replicas"]); len(p.Replicas) >= 3 && insync < 2 {
			return fmt.Errorf("%w: min.insync.replicas is %d with %d replicas: one broker's loss could lose acknowledged events; set it to 2", ErrUnsafe, insync, len(p.Replicas))
		}
	}
	l.most = atoi(configs["max.message.bytes"])
	return nil
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// settingsOf gives the settings of the one thing that was asked about, by name.
func settingsOf(answers kadm.ResourceConfigs, err error) (map[string]string, error) {
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	for _, a := range answers {
		if a.Err != nil {
			return nil, a.Err
		}
		for _, c := range a.Configs {
			out[c.Key] = c.MaybeValue()
		}
	}
	return out, nil
}

// limits learns for how long a claim lets its owner write: half of the time
// after which brokers may forget it.
func (l *Log) limits(ctx context.Context) error {
	admin := kadm.NewClient(l.reads.Client)
	brokers, err := admin.ListBrokers(ctx)
	if err != nil {
		return err
	}
	shortest := longestMemory
	for _, b := range brokers {
		var configs map[string]string
		err := persist(ctx, func() (err error) {
			configs, err = settingsOf(admin.DescribeBrokerConfigs(ctx, b.NodeID))
			return err
		})
		if err != nil {
			return err
		}
		for _, name := range []string{"producer.id.expiration.ms", "transactional.id.expiration.ms"} {
			if ms := atoi(configs[name]); ms > 0 {
				shortest = min(shortest, time.Duration(ms)*time.Millisecond)
			}
		}
	}
	l.lease = shortest / 2
	return nil
}

// longestMemory is Kafka's default for how long a leader remembers a producer.
const longestMemory = 24 * time.Hour
