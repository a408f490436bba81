package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
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
func (l *Log) topicOf(ctx context.Context, c *client) (topicMeta, error) {
	var m topicMeta
	unknown := 0
	err := persist(ctx, func() error {
		t, err := c.lookup(ctx)
		if errors.Is(err, errNoTopic) {
			if unknown++; unknown < patientTries || l.opt.Create != nil {
				return err // one that was just made becomes known for certain
			}
			m.partitions = nil
			return nil
		}
		m = topicMeta{t.TopicID, t.Partitions}
		return err
	})
	if err == nil && m.partitions == nil {
		err = errNoTopic
	}
	return m, err
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
		configs, err := describe(ctx, func() (kadm.ResourceConfigs, error) { return admin.DescribeTopicConfigs(ctx, topic) })
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
	starts, err := l.reads.offsets(ctx, l.identity.Partitions, earliest)
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

// describe gives the settings of one thing by name.
func describe(ctx context.Context, ask func() (kadm.ResourceConfigs, error)) (map[string]string, error) {
	out := make(map[string]string)
	err := persist(ctx, func() error {
		answers, err := ask()
		if err != nil {
			return err
		}
		for _, a := range answers {
			if a.Err != nil {
				return a.Err
			}
			for _, c := range a.Configs {
				out[c.Key] = c.MaybeValue()
			}
		}
		return nil
	})
	return out, err
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
		configs, err := describe(ctx, func() (kadm.ResourceConfigs, error) { return admin.DescribeBrokerConfigs(ctx, b.NodeID) })
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
