package reactions

import (
	"sync"

	"dendro/domain"
)

// progress knows how far a handler is: the cut before which every event was
// either of no interest or is done. A partition's events are seen, and done, in
// order. It may be used concurrently.
type progress struct {
	mu      sync.Mutex
	cut     domain.Cut
	seen    []domain.Seq // the newest that was read
	waiting []int        // read, wanted, and not done
}

func newProgress(from domain.Cut) *progress {
	p := &progress{cut: from.Clone(), seen: make([]domain.Seq, len(from.End)), waiting: make([]int, len(from.End))}
	for i, end := range from.End {
		p.seen[i] = end - 1
	}
	return p
}

// see notes an event that was read, and whether it is to be done.
func (p *progress) see(at domain.Position, wanted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[at.Partition] = at.Seq
	if wanted {
		p.waiting[at.Partition]++
	} else if p.waiting[at.Partition] == 0 {
		p.cut.End[at.Partition] = at.Seq + 1
	}
}

// done notes that a wanted event is done, and all wanted ones before it.
func (p *progress) done(at domain.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut.End[at.Partition] = at.Seq + 1
	if p.waiting[at.Partition]--; p.waiting[at.Partition] == 0 {
		p.cut.End[at.Partition] = p.seen[at.Partition] + 1
	}
}

// now gives the cut.
func (p *progress) now() domain.Cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut.Clone()
}
