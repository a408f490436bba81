package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dendro/domain"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// produceTimeout is how long a leader waits for its replicas.
	produceTimeout = 3 * time.Second
	// shortage is for how long too few replicas are waited for: a broker that
	// restarts is soon back.
	shortage = time.Second
)

// send writes the batch and gives the offset of its first record. It sends the
// same batch again, under the same sequence number, until a broker tells what
// became of it: a leader that has it already gives the offset again.
//
//	ErrFenced     a newer claim stands, and the batch was not written
//	ErrUnknown    it may have been written
//	ErrOverloaded it was not written, and may be at another try
//
// Other errors: it was not written, and never will be.
func (w *writer) send(ctx context.Context, batch []byte, newest time.Time) (int64, error) {
	try, cancel := context.WithTimeout(ctx, w.l.opt.Patience)
	defer cancel()
	defer context.AfterFunc(w.l.life, cancel)()
	s := sending{w: w, ctx: ctx, newest: newest, began: time.Now()}
	for tries := 0; ; tries++ {
		offset, err := int64(0), try.Err()
		if err == nil {
			err = s.mayWrite()
		}
		if err != nil {
			return 0, s.giveUp(err)
		}
		offset, err = w.c.produce(try, w.p, batch)
		if err == nil {
			return offset, nil
		}
		if done := s.judge(err); done != nil {
			return 0, done
		}
		w.c.forget()
		_ = pause(try, tries)
	}
}

// sending is one batch on its way.
type sending struct {
	w      *writer
	ctx    context.Context // the caller's
	newest time.Time       // the last event's
	began  time.Time
	doubt  error // why an earlier try may have been written
	last   error // of the last try
}

// mayWrite guards what brokers can't: they forget a producer some time after
// the timestamp of its last batch. Past half of that an owner may not write
// (compare both clocks: one of them stands still while a machine sleeps), and a
// batch with old timestamps may not be sent twice.
func (s *sending) mayWrite() error {
	now := time.Now()
	switch {
	case now.After(s.w.until) || now.Round(0).After(s.w.until.Round(0)):
		return errExpired
	case s.doubt != nil && now.Sub(s.newest) > s.w.l.lease:
		return errOldTime
	}
	return nil
}

var (
	errExpired = errors.New("the claim is too old to be relied on")
	errOldTime = errors.New("its events are too old to be sent again")
)

// judge gives the answer, or nil when the batch is to be sent again.
func (s *sending) judge(err error) error {
	s.last = err
	switch {
	case errors.Is(err, kerr.InvalidProducerEpoch), errors.Is(err, kerr.ProducerFenced):
		if s.doubt != nil {
			return fmt.Errorf("partition %d: %w: %w: %w; own the partition again and look", s.w.p, domain.ErrUnknown, s.doubt, errOvertaken)
		}
		return fmt.Errorf("partition %d: %w", s.w.p, domain.ErrFenced)
	case errors.Is(err, kerr.NotEnoughReplicas):
		if s.doubt == nil && time.Since(s.began) > shortage {
			return s.giveUp(err)
		}
	case neverSent(err):
	case refused(err) && s.doubt == nil:
		return fmt.Errorf("partition %d: topic %s refuses the append: %w", s.w.p, s.w.l.opt.Topic, err)
	case !passing(err):
		return fmt.Errorf("partition %d: %w: %w; own the partition again and look", s.w.p, domain.ErrUnknown, err)
	default:
		s.doubt = err
	}
	return nil
}

// errOvertaken says that an append may have been written before its owner was
// fenced, and will not be any more: it can be seen.
var errOvertaken = errors.New("and then another owner came")

// settle looks what became of an append that was overtaken, and gives the
// answer to it. At its place stands either it, or the claim behind which it can
// never come.
func (w *writer) settle(ctx context.Context, first domain.Recorded, doubt error) error {
	ctx, cancel := context.WithTimeout(ctx, w.l.opt.Patience)
	defer cancel()
	there, _, err := w.l.eventAt(ctx, w.p, first.Position.Seq)
	switch {
	case err != nil:
		return doubt
	case there.ID == first.ID:
		return nil
	}
	return fmt.Errorf("partition %d: %w", w.p, domain.ErrFenced)
}

// refused reports whether a broker will take the batch never, and has not.
func refused(err error) bool {
	for _, k := range []error{kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord, kerr.InvalidTimestamp,
		kerr.CorruptMessage, kerr.TopicAuthorizationFailed, kerr.UnsupportedCompressionType} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// giveUp is the answer when there is no next try.
func (s *sending) giveUp(why error) error {
	if s.last != nil && !errors.Is(why, s.last) {
		why = fmt.Errorf("%w: %w", why, s.last)
	}
	switch {
	case s.doubt != nil:
		return fmt.Errorf("partition %d: %w: %w; own the partition again and look", s.w.p, domain.ErrUnknown, why)
	case errors.Is(why, errExpired):
		// Nothing was written, but only a new claim makes writing safe.
		return fmt.Errorf("partition %d: %w: %w; own the partition again", s.w.p, domain.ErrUnknown, why)
	case s.w.l.life.Err() != nil:
		return domain.ErrClosed
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	}
	return fmt.Errorf("partition %d: %w: %w", s.w.p, domain.ErrOverloaded, why)
}

// produce sends the batch once, to the partition's leader.
func (c *client) produce(ctx context.Context, p domain.Partition, batch []byte) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, produceTimeout+requestTimeout)
	defer cancel()
	leader, id, err := c.leader(ctx, int32(p))
	if err != nil {
		// Nothing was sent, whatever kept us from learning where to.
		return 0, fmt.Errorf("%w: %w", kerr.LeaderNotAvailable, err)
	}
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, int32(produceTimeout/time.Millisecond)
	part := kmsg.NewProduceRequestTopicPartition()
	part.Partition, part.Records = int32(p), batch
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic, topic.TopicID, topic.Partitions = c.topic, id, []kmsg.ProduceRequestTopicPartition{part}
	req.Topics = append(req.Topics, topic)
	answer, err := c.Broker(int(leader)).Request(ctx, req)
	if err != nil {
		return 0, err
	}
	resp, ok := answer.(*kmsg.ProduceResponse)
	if !ok || len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return 0, errors.New("an answer to an append has other partitions")
	}
	got := resp.Topics[0].Partitions[0]
	return got.BaseOffset, kerr.ErrorForCode(got.ErrorCode)
}
