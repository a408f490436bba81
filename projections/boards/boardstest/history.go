package boardstest

import (
	"encoding/binary"
	"slices"
	"time"

	"dendro/domain"
)

// Began is when histories begin.
var Began = time.Date(2024, 2, 25, 21, 30, 0, 0, time.UTC)

// Shape says how big a history is and how much happens in it that is rare.
type Shape struct {
	Seed         uint64
	Partitions   int
	Trees        int
	Contributors int
	Steps        int           // per tree: replies, reviews, rankings, …
	Rare         int           // of 100 steps, those that do something rare
	Pace         time.Duration // between two events of a partition, about; pauses are far longer
}

// Identity is that of the log that the history is in.
func (s Shape) Identity() domain.Identity {
	return domain.Identity{ID: domain.LogID{0: 0xb0, 15: byte(s.Seed)}, Partitions: s.Partitions}
}

// People are the contributors of the history.
func (s Shape) People() (ids []domain.ContributorID) {
	for i := range s.Contributors {
		ids = append(ids, domain.ContributorID(domain.Derive(domain.CommandID{}, "person", i)))
	}
	return ids
}

// History makes the events of every partition, in order: seq and version are
// dense and times go on within a partition, from the same beginning in each.
// The same shape gives the same history.
func History(s Shape) [][]domain.Recorded {
	h := &history{Shape: s, Dice: domain.NewDice(s.Seed), people: s.People()}
	scripts := make([][]script, s.Partitions)
	for range s.Trees {
		w := newWriter(h)
		p := h.Below(s.Partitions)
		scripts[p] = append(scripts[p], script{stream: domain.TreeStream(domain.TreeID(w.root)), events: w.events})
	}
	out := make([][]domain.Recorded, s.Partitions)
	for p := range out {
		out[p] = h.play(domain.Partition(p), scripts[p])
	}
	return out
}

type history struct {
	Shape
	*domain.Dice
	people []domain.ContributorID
	ids    uint64
}

// script is one stream's events and how many of them have happened.
type script struct {
	stream domain.StreamID
	done   int
	events []domain.Event
}

// play lets the streams of one partition happen at the same time.
func (h *history) play(p domain.Partition, scripts []script) (out []domain.Recorded) {
	now := Began
	const window = 16 // trees that go on at a time, as in a campaign
	for len(scripts) > 0 {
		i := h.Below(min(window, len(scripts)))
		s := &scripts[i]
		if s.done == len(s.events) {
			scripts = slices.Delete(scripts, i, i+1)
			continue
		}
		now = now.Add(h.wait())
		s.done++
		out = append(out, domain.Recorded{
			Position: domain.Position{Partition: p, Seq: domain.Seq(len(out) + 1)},
			Stream:   s.stream, Version: domain.Version(s.done), Schema: 1, Time: now, Epoch: 1, Payload: s.events[s.done-1],
		})
	}
	return out
}

// wait is mostly nothing or little, now and then a night, rarely days.
func (h *history) wait() time.Duration {
	switch h.Weighted([]int{30, 66, 3, 1}) {
	case 0:
		return 0 // the same append
	case 1:
		return time.Duration(h.Below(int(2*h.Pace/time.Microsecond)+1)) * time.Microsecond
	case 2:
		return 300 * h.Pace
	default:
		return time.Duration(h.Below(2000)) * h.Pace
	}
}

func (h *history) rare() bool { return h.Chance(h.Rare, 100) }

func (h *history) person() domain.ContributorID { return h.people[h.Below(len(h.people))] }

func newID[ID ~[16]byte](h *history) (id ID) {
	h.ids++
	binary.BigEndian.PutUint64(id[:], h.ids)
	binary.BigEndian.PutUint64(id[8:], h.Next())
	return id
}
