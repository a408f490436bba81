package kafka

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"dendro/domain"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Own implements domain.Log. It goes on trying for Options.Patience, also when
// other claimants are faster. It waits longer, until ctx ends, in one case: when
// the brokers have forgotten the producer of the last claim, whose owner may
// still believe in it.
func (l *Log) Own(ctx context.Context, p domain.Partition) (domain.Writer, error) {
	switch {
	case l.opt.Clock == nil:
		return nil, fmt.Errorf("log in topic %s was opened without a clock: for reading only", l.opt.Topic)
	case p < 0 || int(p) >= l.identity.Partitions:
		return nil, fmt.Errorf("partition %d is not one of the log's %d", p, l.identity.Partitions)
	}
	if err := l.usable(ctx); err != nil {
		return nil, err
	}
	c, err := l.connect()
	if err != nil {
		return nil, err
	}
	w := &writer{l: l, p: p, c: c, batcher: newBatcher(), versions: make(map[domain.StreamID]domain.Version)}
	w.release = context.AfterFunc(l.life, c.Close)
	if err := w.own(ctx); err != nil {
		_ = w.Close() // it has nothing to say beside err
		if gone := l.usable(ctx); gone != nil {
			return nil, gone
		}
		return nil, fmt.Errorf("owning partition %d: %w", p, err)
	}
	return w, nil
}

// own tries until a claim stands.
func (w *writer) own(ctx context.Context) error {
	try, cancel := context.WithTimeout(ctx, w.l.opt.Patience)
	defer cancel()
	for tries := 0; ; tries++ {
		err := w.take(ctx, try)
		again := errors.Is(err, domain.ErrFenced) || errors.Is(err, domain.ErrUnknown) || errors.Is(err, domain.ErrOverloaded)
		if !again || try.Err() != nil {
			return err
		}
		if pause(try, tries) != nil {
			return err
		}
	}
}

// take makes one claim under the next epoch of the partition's producer. It
// answers ErrFenced when another claimant was faster, and what send answers.
func (w *writer) take(ctx, try context.Context) error {
	by, err := w.c.nextEpoch(try, w.l.transactional(w.p))
	if err != nil {
		return err
	}
	last, lastBy, err := w.l.last(try, w.p)
	if err != nil {
		return err
	}
	if !fenced || last.Position.Seq == 0 || lastBy.id == by.id {
		return w.claimBehind(try, by, last)
	}
	if err := w.l.outlast(ctx, last); err != nil {
		return err
	}
	return w.claimBehind(ctx, by, last)
}

// claimBehind writes the claim, meant to stand behind last.
func (w *writer) claimBehind(ctx context.Context, by producer, last domain.Recorded) error {
	claim := newClaim(w.l.identity.ID, w.p, by, last, w.l.opt.Owner, w.l.opt.Clock.Now())
	encoded, err := w.encode(by, 0, []domain.Recorded{claim})
	if err != nil {
		return err
	}
	w.until = time.Now().Add(w.l.lease)
	offset, err := w.send(ctx, encoded, claim.Time)
	if err != nil {
		return err
	}
	seq := domain.Seq(offset) + 1
	w.l.see(w.p, seq+1)
	if seq != claim.Position.Seq {
		// The owner before has written meanwhile: what stands counts.
		if claim, _, err = w.l.eventAt(ctx, w.p, seq); err != nil {
			return err
		}
	}
	w.by, w.sequence, w.claim = by, 1, claim
	w.next, w.time = seq+1, claim.Time
	return nil
}

// transactional names a partition's writers to Kafka's coordinator, which gives
// each of them the next epoch of the same producer id.
func (l *Log) transactional(p domain.Partition) string {
	return fmt.Sprintf("dendro.%s.%s.%d", l.opt.Topic, l.identity.ID, p)
}

// transactionTimeout matters to nobody: no transaction ever begins.
const transactionTimeout = 60_000

func (c *client) nextEpoch(ctx context.Context, transactional string) (by producer, err error) {
	req := kmsg.NewPtrInitProducerIDRequest()
	if req.TransactionTimeoutMillis = transactionTimeout; fenced {
		req.TransactionalID = &transactional
	}
	req.ProducerID, req.ProducerEpoch = -1, -1
	err = persist(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout+dialTimeout)
		defer cancel()
		resp, err := req.RequestWith(ctx, c.Client)
		if err != nil {
			return err
		}
		by = producer{resp.ProducerID, resp.ProducerEpoch}
		return kerr.ErrorForCode(resp.ErrorCode)
	})
	return by, err
}

// last gives the newest event of a partition and its producer; the event is
// zero when there is none.
func (l *Log) last(ctx context.Context, p domain.Partition) (domain.Recorded, producer, error) {
	end, err := l.End(ctx)
	if err != nil || end.End[p] == 1 {
		return domain.Recorded{}, producer{}, err
	}
	return l.eventAt(ctx, p, end.End[p]-1)
}

// outlast waits until no owner before can still write. It is for when the
// coordinator has given out another producer id than the last one, so that the
// claim to come fences nobody: an owner stops by itself when its claim is as
// old as the lease. A quarter more is for clocks that differ.
func (l *Log) outlast(ctx context.Context, last domain.Recorded) error {
	patience := l.lease + l.lease/4
	left := min(patience-time.Since(last.Time), patience)
	if left <= 0 {
		return nil
	}
	select {
	case <-time.After(left):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: brokers have forgotten the last owner, who may write for another %s", ctx.Err(), left.Round(time.Second))
	}
}

// newClaim is the first event of the producer's epoch, as it is if it comes to
// stand right behind last. The producer's epoch makes its id.
func newClaim(log domain.LogID, p domain.Partition, by producer, last domain.Recorded, owner string, now time.Time) domain.Recorded {
	if now = domain.Instant(now); now.Before(last.Time) {
		now = last.Time
	}
	hash := sha256.New()
	hash.Write(log[:])
	b := binary.BigEndian.AppendUint16(nil, uint16(p))
	b = binary.BigEndian.AppendUint64(b, uint64(by.id))
	hash.Write(binary.BigEndian.AppendUint16(b, uint16(by.epoch)))
	command := domain.CommandID(domain.NewID(now, [10]byte(hash.Sum(nil))))
	epoch := last.Epoch + 1
	return domain.Recorded{
		ID:       domain.EventID(domain.Derive(command, "event", 0)),
		Position: domain.Position{Partition: p, Seq: last.Position.Seq + 1},
		Stream:   domain.PartitionStream(p),
		Version:  domain.Version(epoch),
		Schema:   1,
		Time:     now,
		Actor:    domain.ByRule("log"),
		Command:  command,
		Epoch:    epoch,
		Payload:  domain.Claimed{Owner: owner},
	}
}
