// Package memory is a log in memory, for tests: what is appended is encoded and
// decoded once, so that its readers see what a stored log would give them.
package memory

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"sync"

	"dendro/domain"
	"dendro/schemas"
)

var _ domain.Log = (*Log)(nil)

// Log is a domain.Log. Make it with New.
type Log struct {
	identity domain.Identity
	clock    domain.Clock
	owner    string

	mu         sync.Mutex
	partitions []partition
	grown      chan struct{} // closed and replaced whenever the log grows
}

type partition struct {
	events []domain.Recorded // append-only: readers keep what they have seen of it
	epoch  domain.Epoch
}

// New makes an empty log, whose claims name the owner.
func New(id domain.Identity, clock domain.Clock, owner string) *Log {
	return &Log{
		identity: id, clock: clock, owner: owner,
		partitions: make([]partition, id.Partitions), grown: make(chan struct{}),
	}
}

// Identity implements domain.Log.
func (l *Log) Identity() domain.Identity { return l.identity }

// End implements domain.Log.
func (l *Log) End(ctx context.Context) (domain.Cut, error) {
	end, _, _ := l.snapshot()
	return end, ctx.Err()
}

// snapshot is the log as it is now, and a channel that is closed when it grows.
func (l *Log) snapshot() (domain.Cut, [][]domain.Recorded, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := l.identity.Start()
	events := make([][]domain.Recorded, len(l.partitions))
	for p := range l.partitions {
		events[p] = l.partitions[p].events
		end.End[p] += domain.Seq(len(events[p]))
	}
	return end, events, l.grown
}

// Own implements domain.Log.
func (l *Log) Own(ctx context.Context, p domain.Partition) (domain.Writer, error) {
	if p < 0 || int(p) >= l.identity.Partitions {
		return nil, fmt.Errorf("partition %d is not one of the log's %d", p, l.identity.Partitions)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	claim := l.claim(p)
	stored, err := throughBytes([]domain.Recorded{claim})
	if err != nil {
		return nil, err
	}
	l.partitions[p].epoch = claim.Epoch
	l.store(p, stored)
	return &writer{l: l, p: p, claim: stored[0]}, nil
}

// claim is the first event of the next epoch.
func (l *Log) claim(p domain.Partition) domain.Recorded {
	part := &l.partitions[p]
	now := domain.Instant(l.clock.Now())
	if n := len(part.events); n > 0 && now.Before(part.events[n-1].Time) {
		now = part.events[n-1].Time
	}
	epoch := part.epoch + 1
	hash := sha256.New()
	hash.Write(l.identity.ID[:])
	hash.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(nil, uint16(p)), uint64(epoch)))
	command := domain.CommandID(domain.NewID(now, [10]byte(hash.Sum(nil))))
	return domain.Recorded{
		ID:       domain.EventID(domain.Derive(command, "event", 0)),
		Position: domain.Position{Partition: p, Seq: domain.Seq(len(part.events) + 1)},
		Stream:   domain.PartitionStream(p), Version: domain.Version(epoch), Schema: 1,
		Time: now, Actor: domain.ByRule("log"), Command: command, Epoch: epoch,
		Payload: domain.Claimed{Owner: l.owner},
	}
}

// store keeps the events and wakes the followers; mu is held.
func (l *Log) store(p domain.Partition, events []domain.Recorded) {
	l.partitions[p].events = append(l.partitions[p].events, events...)
	close(l.grown)
	l.grown = make(chan struct{})
}

// throughBytes gives the events as a stored log would.
func throughBytes(events []domain.Recorded) ([]domain.Recorded, error) {
	out := make([]domain.Recorded, len(events))
	var buf []byte
	for i := range events {
		var err error
		if buf, err = schemas.AppendRecord(buf[:0], events[i]); err != nil {
			return nil, fmt.Errorf("event %s cannot be stored: %w", events[i].Position, err)
		}
		if out[i], err = schemas.DecodeRecord(buf); err != nil {
			return nil, fmt.Errorf("event %s cannot be read back: %w", events[i].Position, err)
		}
	}
	return out, nil
}

// Read implements domain.Log.
func (l *Log) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		end, events, _ := l.snapshot()
		if err := to.Check(l.identity, end); err != nil {
			yield(domain.Recorded{}, err)
			return
		}
		l.read(ctx, from, to, end, events, yield)
	}
}

// read yields the range and reports whether more may follow.
func (l *Log) read(ctx context.Context, from, to, end domain.Cut, events [][]domain.Recorded, yield func(domain.Recorded, error) bool) bool {
	if err := from.Check(l.identity, end); err != nil {
		yield(domain.Recorded{}, err)
		return false
	}
	for p := range events {
		for s := from.End[p]; s < to.End[p]; s++ {
			if err := ctx.Err(); err != nil {
				yield(domain.Recorded{}, err)
				return false
			}
			if !yield(events[p][s-1], nil) {
				return false
			}
		}
	}
	if err := ctx.Err(); err != nil {
		yield(domain.Recorded{}, err)
		return false
	}
	return true
}

// Follow implements domain.Log.
func (l *Log) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for at := from; ; {
			end, events, grown := l.snapshot()
			if !l.read(ctx, at, end, end, events, yield) {
				return
			}
			at = end
			select {
			case <-grown:
			case <-ctx.Done():
				yield(domain.Recorded{}, ctx.Err())
				return
			}
		}
	}
}
