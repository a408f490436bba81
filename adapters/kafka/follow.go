package kafka

import (
	"context"
	"iter"
	"sync"

	"dendro/domain"
)

// Follow implements domain.Log; it ends with ErrClosed when the log is closed.
func (l *Log) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		var waits *client // made when there is something to wait for
		defer func() {
			if waits != nil {
				waits.Close()
			}
		}()
		for at := from; ; {
			end, err := l.End(ctx)
			if err == nil {
				err = l.checkRange(ctx, at, end)
			}
			if err == nil && !l.readRange(ctx, at, end, yield) {
				return
			}
			if err == nil && waits == nil {
				waits, err = l.connect()
			}
			if err != nil {
				yield(domain.Recorded{}, err)
				return
			}
			at = end
			l.await(ctx, waits, end)
		}
	}
}

// await returns when some partition may have grown beyond the cut, when ctx
// ends or the log is closed, and from time to time: then the caller looks, and
// waits again.
func (l *Log) await(ctx context.Context, c *client, end domain.Cut) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	release := context.AfterFunc(l.life, cancel)
	defer release()
	led, err := c.byLeader(ctx, l.identity.Partitions)
	if err != nil {
		c.forget()
		_ = pause(ctx, awaitTries)
		return
	}
	var all sync.WaitGroup
	for _, partitions := range led {
		all.Go(func() {
			defer cancel() // the first that has news ends the others
			if c.grown(ctx, partitions, end) != nil {
				c.forget()
				_ = pause(ctx, awaitTries)
			}
		})
	}
	all.Wait()
}

// awaitTries makes pauses of 200 ms.
const awaitTries = 3

// byLeader groups the topic's partitions by the brokers that lead them.
func (c *client) byLeader(ctx context.Context, partitions int) (map[int32][]int32, error) {
	led := make(map[int32][]int32)
	for p := range int32(partitions) {
		leader, _, err := c.leader(ctx, p)
		if err != nil {
			return nil, err
		}
		led[leader] = append(led[leader], p)
	}
	return led, nil
}

// grown waits a while for news of partitions of one broker.
func (c *client) grown(ctx context.Context, partitions []int32, end domain.Cut) error {
	offsets := make([]int64, len(partitions))
	for i, p := range partitions {
		offsets[i] = int64(end.End[p]) - 1
	}
	_, err := c.fetchOnce(ctx, partitions, offsets, 1)
	return err
}
