package transfer

import (
	"container/heap"
	"context"
	"fmt"
	"iter"

	"dendro/domain"
	"dendro/domain/tree"
)

// reader gives the events of one partition in order, without its claims.
type reader struct {
	next func() (domain.Recorded, error, bool)
	stop func()
	head domain.Recorded
}

// read begins to read partition p up to the cut.
func read(ctx context.Context, log domain.Log, p int, end domain.Cut) *reader {
	from := end.Clone()
	from.End[p] = 1
	next, stop := iter.Pull2(log.Read(ctx, from, end))
	return &reader{next: next, stop: stop}
}

// advance moves head to the next event; false at the end.
func (r *reader) advance() (bool, error) {
	for {
		event, err, ok := r.next()
		if err != nil || !ok {
			return false, err
		}
		if event.Stream.Kind() != domain.KindPartition {
			r.head = event
			return true, nil
		}
	}
}

// queue is a heap of readers by the event that each is at.
type queue []*reader

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	a, b := &q[i].head, &q[j].head
	if c := a.Time.Compare(b.Time); c != 0 {
		return c < 0
	}
	return a.Position.Partition < b.Position.Partition
}
func (q *queue) Push(x any) { *q = append(*q, x.(*reader)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// merge yields the events of all partitions up to the cut, without claims, by
// time, then partition, those of one partition in their order. An error is the
// last thing that it yields.
func merge(ctx context.Context, log domain.Log, end domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		var q queue
		for p := range end.End {
			r := read(ctx, log, p, end)
			defer r.stop()
			more, err := r.advance()
			if err != nil {
				yield(domain.Recorded{}, err)
				return
			}
			if more {
				q = append(q, r)
			}
		}
		heap.Init(&q)
		for len(q) > 0 {
			r := q[0]
			if !yield(r.head, nil) {
				return
			}
			more, err := r.advance()
			switch {
			case err != nil:
				yield(domain.Recorded{}, err)
				return
			case more:
				heap.Fix(&q, 0)
			default:
				heap.Pop(&q)
			}
		}
	}
}

// homes knows which partition of the target each stream belongs to.
type homes struct {
	partitions int
	trees      map[domain.StreamID]domain.Partition
}

func newHomes(partitions int) *homes {
	return &homes{partitions: partitions, trees: map[domain.StreamID]domain.Partition{}}
}

// of gives the partition of the event, whose stream it must have seen from
// its first event on: a tree lives with the pool of its language, which only
// that one tells.
func (h *homes) of(r domain.Recorded) (domain.Partition, error) {
	if r.Stream.Kind() != domain.KindTree {
		return domain.Place(string(r.Stream), h.partitions), nil
	}
	if p, ok := h.trees[r.Stream]; ok {
		return p, nil
	}
	var language string
	switch e := r.Payload.(type) {
	case tree.TaskAssigned:
		language = e.Language
	case tree.Opened:
		language = e.Language
	case tree.Imported:
		language = e.Language
	}
	if language == "" {
		return 0, fmt.Errorf("event %s begins %s with %s, which tells no language; see `dendro log verify`", r.Position, r.Stream, r.Payload.Type())
	}
	p := domain.Place(string(domain.PoolID{Language: language}.Stream()), h.partitions)
	h.trees[r.Stream] = p
	return p, nil
}
