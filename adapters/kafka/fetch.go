package kafka

import (
	"context"
	"errors"
	"fmt"

	"dendro/domain"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Bounds of one fetch.
const (
	maxFetchBytes = 8 << 20
	minFetchBytes = 64 << 10
	roomPerEvent  = 1 << 10 // what a short range is taken to need
	fetchWait     = 500     // milliseconds that a broker waits for news
)

// errLost says that the topic does not hold an offset that it once held.
var errLost = errors.New("the topic does not have it any more")

// fetch gives stored batches of a partition, the first of which holds offset:
// at least one that is whole. The last may be cut off. It asks until ctx ends.
func (c *client) fetch(ctx context.Context, p domain.Partition, offset, room int64) ([]byte, error) {
	var raw []byte
	err := persist(ctx, func() error {
		got, err := c.fetchOnce(ctx, []int32{int32(p)}, []int64{offset}, room)
		if err != nil {
			c.forget()
			return err
		}
		part := &got[0]
		switch err := kerr.ErrorForCode(part.ErrorCode); {
		case errors.Is(err, kerr.OffsetOutOfRange) && offset < part.LogStartOffset:
			return fmt.Errorf("%w: %w", errLost, err)
		case errors.Is(err, kerr.OffsetOutOfRange):
			return kerr.OffsetNotAvailable // a new leader that is not there yet
		case err != nil:
			c.forget()
			return err
		case len(part.RecordBatches) == 0:
			return kerr.OffsetNotAvailable
		}
		raw = part.RecordBatches
		return nil
	})
	return raw, err
}

// fetchOnce asks the leader of the first of the partitions for them all.
func (c *client) fetchOnce(ctx context.Context, partitions []int32, offsets []int64, room int64) ([]kmsg.FetchResponseTopicPartition, error) {
	leader, id, err := c.leader(ctx, partitions[0])
	if err != nil {
		return nil, err
	}
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = fetchWait, 1, maxFetchBytes
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = c.topic, id
	for i, p := range partitions {
		part := kmsg.NewFetchRequestTopicPartition()
		part.Partition, part.FetchOffset = p, offsets[i]
		part.PartitionMaxBytes = int32(min(max(room, minFetchBytes), maxFetchBytes))
		topic.Partitions = append(topic.Partitions, part)
	}
	req.Topics = append(req.Topics, topic)
	ctx, cancel := context.WithTimeout(ctx, requestTimeout+dialTimeout)
	defer cancel()
	answer, err := c.Broker(int(leader)).Request(ctx, req)
	if err != nil {
		return nil, err
	}
	resp, ok := answer.(*kmsg.FetchResponse)
	if !ok {
		return nil, fmt.Errorf("a %T answers a fetch", answer)
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != len(partitions) {
		return nil, errors.New("an answer to a fetch has other partitions")
	}
	return resp.Topics[0].Partitions, nil
}

// offsets gives where each partition of the topic starts (earliest) or ends
// (latest: its high watermark, below which all is on as many replicas as the
// topic demands). It asks until ctx ends.
func (c *client) offsets(ctx context.Context, partitions int, at int64) (offsets []int64, err error) {
	err = persist(ctx, func() error {
		offsets, err = c.offsetsOnce(ctx, partitions, at)
		return err
	})
	return offsets, err
}

func (c *client) offsetsOnce(ctx context.Context, partitions int, at int64) ([]int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic = c.topic
	for p := range partitions {
		part := kmsg.NewListOffsetsRequestTopicPartition()
		part.Partition, part.Timestamp = int32(p), at
		topic.Partitions = append(topic.Partitions, part)
	}
	req.Topics = append(req.Topics, topic)
	ctx, cancel := context.WithTimeout(ctx, requestTimeout+dialTimeout)
	defer cancel()
	resp, err := req.RequestWith(ctx, c.Client)
	if err != nil {
		return nil, err
	}
	out, left := make([]int64, partitions), partitions
	for _, t := range resp.Topics {
		for _, part := range t.Partitions {
			if err := kerr.ErrorForCode(part.ErrorCode); err != nil {
				return nil, err
			}
			if int(part.Partition) < partitions {
				out[part.Partition] = part.Offset
				left--
			}
		}
	}
	if left != 0 {
		return nil, errors.New("an answer lacks partitions")
	}
	return out, nil
}

// The times for which offsets are asked.
const (
	latest   = -1 // the high watermark
	earliest = -2
)
