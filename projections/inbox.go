package projections

import (
	"sync"

	"dendro/domain"
)

// inbox is a bounded buffer between the reader of a log and the committer.
type inbox struct {
	mu     sync.Mutex
	wake   *sync.Cond
	events []domain.Recorded
	ended  bool
	why    error
}

func newInbox() *inbox {
	in := &inbox{}
	in.wake = sync.NewCond(&in.mu)
	return in
}

// put waits for room; false means that nobody takes any more.
func (in *inbox) put(e domain.Recorded) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.events) >= MaxBatch && !in.ended {
		in.wake.Wait()
	}
	if in.ended {
		return false
	}
	in.events = append(in.events, e)
	if len(in.events) == 1 {
		in.wake.Broadcast()
	}
	return true
}

// take waits for events and gives all there are, in exchange for spare room;
// when there are none and the inbox has ended, why.
func (in *inbox) take(spare []domain.Recorded) ([]domain.Recorded, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.events) == 0 && !in.ended {
		in.wake.Wait()
	}
	if len(in.events) == 0 {
		return nil, in.why
	}
	got := in.events
	in.events = spare
	in.wake.Broadcast()
	return got, nil
}

// end lets nothing more in. The first reason given stays.
func (in *inbox) end(why error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.ended {
		in.ended, in.why = true, why
	}
	in.wake.Broadcast()
}
