package main

import (
	"context"
	"strings"

	"dendro/adapters/bolt"
	"dendro/adapters/kafka"
	"dendro/domain"
)

// place is where a log is: a data directory, or a topic of a cluster, written
// kafka://HOST:PORT,HOST:PORT/TOPIC.
type place struct {
	dir     string
	brokers []string
	topic   string
}

const kafkaScheme = "kafka://"

// parsePlace reads a place; what is no address of a topic is a directory.
func parsePlace(text string) (place, error) {
	rest, is := strings.CutPrefix(text, kafkaScheme)
	if !is {
		return place{dir: text}, nil
	}
	brokers, topic, _ := strings.Cut(rest, "/")
	p := place{topic: topic}
	for _, b := range strings.Split(brokers, ",") {
		if b == "" {
			return p, misuse("%q names no brokers; give kafka://HOST:PORT,HOST:PORT/TOPIC", text)
		}
		p.brokers = append(p.brokers, b)
	}
	if topic == "" || strings.Contains(topic, "/") {
		return p, misuse("%q names no topic; give kafka://HOST:PORT,HOST:PORT/TOPIC", text)
	}
	return p, nil
}

// same reports whether both are the same log's place, as far as their names
// and the file system tell.
func (p place) same(o place) bool {
	if p.dir != "" || o.dir != "" {
		return p.dir != "" && o.dir != "" && sameDir(p.dir, o.dir)
	}
	return p.topic == o.topic && strings.Join(p.brokers, ",") == strings.Join(o.brokers, ",")
}

// read opens the log that is there for reading.
func (p place) read(ctx context.Context) (closingLog, error) {
	if p.dir == "" {
		return kafka.Open(ctx, kafka.Options{Brokers: p.brokers, Topic: p.topic})
	}
	return bolt.Open(ctx, p.dir, bolt.Options{ReadOnly: true})
}

// make opens the log that is there, or makes it, for writing.
func (p place) make(ctx context.Context, id domain.Identity, clock domain.Clock, owner string, replicas int) (closingLog, error) {
	if p.dir == "" {
		return kafka.Open(ctx, kafka.Options{
			Brokers: p.brokers, Topic: p.topic, Clock: clock, Owner: owner, Create: &id, Replicas: replicas,
		})
	}
	return bolt.Open(ctx, p.dir, bolt.Options{Clock: clock, Owner: owner, Create: &id})
}
