package projectionstest

import (
	"time"

	"pgregory.net/rapid"

	"dendro/domain"
)

// Start is when histories begin.
var Start = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// History is the events of partitions, with positions, versions and times.
// Each partition has a time of its own.
type History struct {
	Events   [][]domain.Recorded
	times    []time.Time
	versions map[domain.StreamID]domain.Version
}

// NewHistory begins a history of so many partitions.
func NewHistory(partitions int) *History {
	h := &History{
		Events: make([][]domain.Recorded, partitions), times: make([]time.Time, partitions),
		versions: map[domain.StreamID]domain.Version{},
	}
	for p := range h.times {
		h.times[p] = Start
	}
	return h
}

// Add appends an event that happens so long after the last one of its
// partition.
func (h *History) Add(p domain.Partition, after time.Duration, stream domain.StreamID, by domain.Actor, e domain.Event) domain.Recorded {
	h.times[p] = h.times[p].Add(after)
	h.versions[stream]++
	r := domain.Recorded{
		Position: domain.Position{Partition: p, Seq: domain.Seq(len(h.Events[p]) + 1)},
		Stream:   stream, Version: h.versions[stream], Schema: 1, Time: h.times[p], Actor: by, Epoch: 1, Payload: e,
	}
	h.Events[p] = append(h.Events[p], r)
	return r
}

// Now is the time of the partition's newest event.
func (h *History) Now(p domain.Partition) time.Time { return h.times[p] }

// OneByOne gives the partitions' events one partition after the other, as a
// rebuild reads them.
func (h *History) OneByOne() (all []domain.Recorded) {
	for _, events := range h.Events {
		all = append(all, events...)
	}
	return all
}

// Interleaved gives the partitions' events in some order that keeps each
// partition's own, as a follower may see them.
func (h *History) Interleaved(t *rapid.T) (all []domain.Recorded) {
	var turns []int
	for p, events := range h.Events {
		for range events {
			turns = append(turns, p)
		}
	}
	next := make([]int, len(h.Events))
	for _, p := range rapid.Permutation(turns).Draw(t, "turns") {
		all = append(all, h.Events[p][next[p]])
		next[p]++
	}
	return all
}
