package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dendro/domain"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What Open refuses; test with errors.Is. The messages around them name the
// topic and what to do.
var (
	ErrNoLog    = errors.New("no log")
	ErrForeign  = errors.New("not a log")
	ErrOtherLog = errors.New("another log")
	ErrNewer    = errors.New("written by a newer program")
	ErrUnsafe   = errors.New("the topic's settings do not keep a log safe")
)

// Options are what Open needs.
type Options struct {
	Brokers []string     // some of them, HOST:PORT
	Topic   string       // the log's; TOPIC.identity is its, too
	Clock   domain.Clock // stamps claims; not needed by those who only read
	Owner   string       // the name that claims give

	Create   *domain.Identity // of a log to be made unless it is there; nil: it must be there
	Replicas int              // of a log to be made; 3, or as many as there are brokers

	// Patience bounds how long an append or a takeover goes on trying while
	// brokers are away; 20 s. An append that has not been answered by then may
	// or may not have been written.
	Patience time.Duration

	Client []kgo.Opt // more for connections, such as TLS and SASL
}

const (
	defaultPatience = 20 * time.Second
	defaultReplicas = 3
	openPatience    = 30 * time.Second
)

// Open opens the log in a topic, or creates it. It checks that the topic is
// the one that the identity names, whole from its first offset on, and keeps
// everything: it answers ErrNoLog, ErrForeign, ErrOtherLog, ErrNewer and
// ErrUnsafe, or ctx's error when no broker answers until it ends.
func Open(ctx context.Context, o Options) (*Log, error) {
	if len(o.Brokers) == 0 || o.Topic == "" {
		return nil, errors.New("a log needs brokers and a topic")
	}
	if o.Create != nil {
		if err := checkIdentity(*o.Create); err != nil {
			return nil, err
		}
	}
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	l := &Log{opt: o}
	l.life, l.close = context.WithCancel(context.Background())
	var err error
	if l.reads, err = l.connect(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	err = l.open(ctx)
	if errors.Is(err, errNoTopic) {
		err = fmt.Errorf("%w: %w; check the name, or create one there", ErrNoLog, err)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("log in topic %s: %w", o.Topic, err), l.Close())
	}
	return l, nil
}

func (l *Log) open(ctx context.Context) error {
	if l.opt.Create != nil {
		if err := l.create(ctx); err != nil {
			return err
		}
	}
	if err := l.identify(ctx); err != nil {
		return err
	}
	l.end = l.identity.Start().End
	if err := l.checkTopics(ctx); err != nil {
		return err
	}
	return l.limits(ctx)
}

func checkIdentity(id domain.Identity) error {
	switch {
	case id.ID.IsZero():
		return errors.New("a log needs an id to be created")
	case id.Partitions < 1 || id.Partitions > domain.MaxPartitions:
		return fmt.Errorf("a log of %d partitions; give 1 to %d", id.Partitions, domain.MaxPartitions)
	}
	return nil
}
