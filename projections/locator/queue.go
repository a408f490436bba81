package locator

import (
	"container/heap"
	"time"

	"dendro/domain"
)

// queue holds a partition's tasks, the next to expire first. It is a heap:
// policies change, so a later task may expire earlier.
type queue []expiry

type expiry struct {
	at   time.Time
	seq  domain.Seq // of the assignment: orders those of one instant
	task domain.TaskID
}

func (q *queue) push(e expiry) { heap.Push((*byExpiry)(q), e) }

// pop takes the next one out that has expired at now.
func (q *queue) pop(now time.Time) (domain.TaskID, bool) {
	if len(*q) == 0 || (*q)[0].at.After(now) {
		return domain.TaskID{}, false
	}
	return heap.Pop((*byExpiry)(q)).(expiry).task, true
}

// byExpiry implements heap.Interface.
type byExpiry []expiry

func (h byExpiry) Len() int      { return len(h) }
func (h byExpiry) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h byExpiry) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].seq < h[j].seq
}
func (h *byExpiry) Push(e any) { *h = append(*h, e.(expiry)) }
func (h *byExpiry) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = (*h)[:last]
	return e
}
