package pool

import (
	"slices"
	"time"

	"dendro/domain"
)

// Reserve takes in that a task was assigned: while it is fresh it holds its
// slot's place, and counts as pending for its contributor.
func (s *State) Reserve(r Reservation) {
	fresh := &r
	s.queue = append(s.queue, fresh)
	s.fresh[r.Task] = fresh
	s.pending[r.By]++
	s.hold(fresh, func(list []domain.ContributorID) []domain.ContributorID { return append(slices.Clone(list), r.By) })
}

// hold changes who holds fresh tasks on the slot of the reservation.
func (s *State) hold(r *Reservation, change func([]domain.ContributorID) []domain.ContributorID) {
	i := r.Kind.Index()
	if i < 0 || r.Message.IsZero() {
		return
	}
	at := place{r.Kind, r.Message}
	holders := change(s.held[at])
	if s.held[at] = holders; len(holders) == 0 {
		delete(s.held, at)
	}
	if held := s.shelves[i].slots[r.Message]; held != nil {
		s.shelves[i].change(held, held.Slot, holders)
	}
}

// Release takes in that a task is done, declined or closed.
func (s *State) Release(task domain.TaskID) {
	if r := s.fresh[task]; r != nil {
		s.release(r)
	}
}

func (s *State) release(r *Reservation) {
	r.over = true
	delete(s.fresh, r.Task)
	if s.pending[r.By]--; s.pending[r.By] <= 0 {
		delete(s.pending, r.By)
	}
	s.hold(r, func(list []domain.ContributorID) []domain.ContributorID {
		i := slices.Index(list, r.By)
		return slices.Delete(slices.Clone(list), i, i+1)
	})
}

// Won takes in that a ranking put a reply of the author first.
func (s *State) Won(author domain.ContributorID, at time.Time) {
	s.firsts[author]++
	s.winnings = append(s.winnings, FirstPlace{Author: author, At: at})
}

// Wrote takes in a text that was handed in.
func (s *State) Wrote(by domain.ContributorID, digest [16]byte, at time.Time) {
	s.texts[by] = append(s.texts[by], Text{Digest: digest, At: at})
	s.written = append(s.written, by)
}

// Repeats reports whether the contributor handed the same text in within the
// policy's window. Call Advance first.
func (s *State) Repeats(by domain.ContributorID, digest [16]byte) bool {
	return slices.ContainsFunc(s.texts[by], func(t Text) bool { return t.Digest == digest })
}

// Advance lets the time pass: reservations cool, first places and texts get
// old. What is left depends on the facts and on now alone.
func (s *State) Advance(now time.Time) {
	n := 0
	for n < len(s.queue) && (s.queue[n].over || !s.queue[n].At.Add(s.Policy.RecentTasksSpan).After(now)) {
		if !s.queue[n].over {
			s.release(s.queue[n])
		}
		n++
	}
	s.queue = trim(s.queue, n)
	for n = 0; n < len(s.winnings) && !s.winnings[n].At.Add(firstPlacesCount).After(now); n++ {
		author := s.winnings[n].Author
		if s.firsts[author]--; s.firsts[author] <= 0 {
			delete(s.firsts, author)
		}
	}
	s.winnings = trim(s.winnings, n)
	s.forgetTexts(now)
}

func (s *State) forgetTexts(now time.Time) {
	n := 0
	for n < len(s.written) {
		by := s.written[n]
		if list := s.texts[by]; list[0].At.Add(s.Policy.DuplicateMessageWindow).After(now) {
			break
		} else if len(list) == 1 {
			delete(s.texts, by)
		} else {
			s.texts[by] = list[1:]
		}
		n++
	}
	s.written = trim(s.written, n)
}

// trim drops the first n, and their memory once they are the greater part.
func trim[T any](list []T, n int) []T {
	if n == 0 {
		return list
	}
	clear(list[:n])
	list = list[n:]
	if cap(list) > 4*len(list)+64 {
		return slices.Clone(list)
	}
	return list
}

// Memory is what a pool cannot learn anew from its trees: for checkpoints.
type Memory struct {
	Opened       bool
	Revision     int
	Reservations []Reservation
	FirstPlaces  []FirstPlace
	Writers      []domain.ContributorID
	Texts        []Text // parallel to Writers
}

// Remember gives the memory.
func (s *State) Remember() Memory {
	m := Memory{Opened: s.Opened, Revision: s.Revision, FirstPlaces: s.winnings, Writers: s.written}
	for _, r := range s.queue {
		if !r.over {
			m.Reservations = append(m.Reservations, *r)
		}
	}
	next := map[domain.ContributorID]int{}
	for _, by := range s.written {
		m.Texts = append(m.Texts, s.texts[by][next[by]])
		next[by]++
	}
	return m
}

// Recall puts the memory into a new state; the policy is to be set, and the
// trees observed, by the caller.
func (s *State) Recall(m Memory) {
	s.Opened, s.Revision = m.Opened, m.Revision
	for _, r := range m.Reservations {
		s.Reserve(r)
	}
	for _, w := range m.FirstPlaces {
		s.Won(w.Author, w.At)
	}
	for i, by := range m.Writers {
		s.Wrote(by, m.Texts[i].Digest, m.Texts[i].At)
	}
}
