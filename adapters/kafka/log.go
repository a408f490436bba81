package kafka

import (
	"context"
	"fmt"
	"sync"
	"time"

	"dendro/domain"
)

var _ domain.Log = (*Log)(nil)

// Log is a domain.Log in one topic. Make it with Open. It may be used
// concurrently, and by any number of processes.
type Log struct {
	opt      Options
	identity domain.Identity
	topic    [16]byte      // its id, which a topic made anew under the name has not
	most     int           // bytes of a batch
	lease    time.Duration // for which a claim lets its owner write
	reads    *client

	life  context.Context // ends with the log
	close context.CancelFunc

	mu  sync.Mutex
	end []domain.Seq // up to which events are known to be there
}

// Identity implements domain.Log.
func (l *Log) Identity() domain.Identity { return l.identity }

// MaxAppendBytes bounds what the batch of one append may have, encoded and
// compressed: the topic's max.message.bytes.
func (l *Log) MaxAppendBytes() int { return l.most }

// End implements domain.Log.
func (l *Log) End(ctx context.Context) (domain.Cut, error) {
	if err := l.usable(ctx); err != nil {
		return domain.Cut{}, err
	}
	offsets, err := l.reads.offsets(ctx, l.identity.Partitions, latest)
	if err != nil {
		if gone := l.usable(ctx); gone != nil {
			return domain.Cut{}, gone
		}
		return domain.Cut{}, fmt.Errorf("where topic %s ends: %w", l.opt.Topic, err)
	}
	for p, offset := range offsets {
		l.see(domain.Partition(p), domain.Seq(offset)+1)
	}
	return l.seen(), nil
}

// see notes that events up to end are durable. A leader that has just been
// elected may not know that yet of all of them, and others do.
func (l *Log) see(p domain.Partition, end domain.Seq) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end[p] = max(l.end[p], end)
}

// seen is the cut behind all events that are known to be durable.
func (l *Log) seen() domain.Cut {
	l.mu.Lock()
	defer l.mu.Unlock()
	return domain.Cut{Log: l.identity.ID, End: l.end}.Clone()
}

func (l *Log) usable(ctx context.Context) error {
	if l.life.Err() != nil {
		return domain.ErrClosed
	}
	return ctx.Err()
}

// Close ends the log for this process: followers and appends end with
// ErrClosed or, where it is too late for that, ErrUnknown.
func (l *Log) Close() error {
	l.close()
	l.reads.Close()
	return nil
}

// connect makes a client of its own for somebody who may keep it busy.
func (l *Log) connect() (*client, error) {
	c, err := newClient(l.opt.Brokers, l.opt.Topic, l.opt.Client)
	if err == nil {
		c.expect = l.topic
	}
	return c, err
}
