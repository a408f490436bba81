package commands

import (
	"time"

	"dendro/domain"
)

// The memory for command ids is bounded by age and by number; the number is
// far above what a partition takes in that time.
const (
	rememberAtLeast = 24 * time.Hour
	rememberMost    = 2_000_000
)

// span is where a command's events stand.
type span struct {
	from  domain.Seq
	count int
	at    time.Time
}

// memory knows the commands of a partition by their ids.
type memory struct {
	spans map[domain.CommandID]span
	order []domain.CommandID // by time
}

func newMemory() memory { return memory{spans: map[domain.CommandID]span{}} }

// note remembers the command of an event.
func (m *memory) note(r *domain.Recorded) {
	s, known := m.spans[r.Command]
	if known && s.from+domain.Seq(s.count) == r.Position.Seq {
		s.count++
		m.spans[r.Command] = s
		return
	}
	if !known {
		m.order = append(m.order, r.Command)
	}
	m.spans[r.Command] = span{from: r.Position.Seq, count: 1, at: r.Time}
}

// forget drops the commands that are older than keep, or too many.
func (m *memory) forget(now time.Time, keep time.Duration) {
	n := 0
	for n < len(m.order) && (len(m.order)-n > rememberMost || m.spans[m.order[n]].at.Add(keep).Before(now)) {
		delete(m.spans, m.order[n])
		n++
	}
	m.order = m.order[n:]
}
