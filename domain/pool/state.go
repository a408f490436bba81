package pool

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/policy"
)

// State is a pool's memory. Not for concurrent use; changed in place.
type State struct {
	ID       domain.PoolID
	Opened   bool
	Policy   policy.Policy
	Revision int

	trees    map[domain.TreeID]*known
	counts   map[domain.TreeState]int
	shelves  [len(domain.TaskKinds)]shelf
	waiting  map[domain.ContributorID]*set // drawable prompts by author
	backlog  set
	fresh    map[domain.TaskID]*Reservation
	held     map[place][]domain.ContributorID // who has a fresh task there
	queue    []*Reservation                   // by time
	pending  map[domain.ContributorID]int
	firsts   map[domain.ContributorID]int
	winnings []FirstPlace // by time
	texts    map[domain.ContributorID][]Text
	written  []domain.ContributorID // one per text, by time
}

// known is what the pool was last told of a tree.
type known struct {
	state domain.TreeState
	drawn bool // counted among the drawable prompts
	slots []*slot
}

// place names a slot.
type place struct {
	kind    domain.TaskKind
	message domain.MessageID
}

// Reservation is a task while it is fresh: it holds a place, and counts as
// pending.
type Reservation struct {
	Task    domain.TaskID
	Kind    domain.TaskKind
	Message domain.MessageID
	By      domain.ContributorID
	At      time.Time
	over    bool
}

// FirstPlace is a ranking that put a reply of Author first.
type FirstPlace struct {
	Author domain.ContributorID
	At     time.Time
}

// Text is a text handed in, as a digest.
type Text struct {
	Digest [16]byte
	At     time.Time
}

// firstPlacesCount is how long a first place weighs in the lottery: "the last
// month", as 30 days.
const firstPlacesCount = 30 * 24 * time.Hour

// New makes the state of a pool that is not opened yet.
func New(id domain.PoolID) *State {
	s := &State{
		ID: id, trees: map[domain.TreeID]*known{}, counts: map[domain.TreeState]int{},
		waiting: map[domain.ContributorID]*set{}, fresh: map[domain.TaskID]*Reservation{},
		held:    map[place][]domain.ContributorID{},
		pending: map[domain.ContributorID]int{}, firsts: map[domain.ContributorID]int{},
		texts: map[domain.ContributorID][]Text{},
	}
	for i := range s.shelves {
		s.shelves[i] = newShelf()
	}
	return s
}

// Evolve folds an event of the pool's own stream.
func (s *State) Evolve(event domain.Event) {
	switch e := event.(type) {
	case Opened:
		s.Opened, s.Policy, s.Revision = true, e.Policy, e.Revision
	case Configured:
		s.Policy, s.Revision = e.Policy, e.Revision
	}
}

// Count tells how many trees are in the state.
func (s *State) Count(state domain.TreeState) int { return s.counts[state] }

// Drawable counts the waiting prompts that may take part in the lottery.
func (s *State) Drawable() int {
	n := 0
	for _, prompts := range s.waiting {
		n += prompts.len()
	}
	return n
}

// Observe takes in what a tree tells of itself. It reports whether the tree
// has just ended.
func (s *State) Observe(w domain.Work) bool {
	t := s.trees[w.Tree]
	if t == nil {
		t = &known{}
		s.trees[w.Tree] = t
	}
	before := t.state
	if before != w.State {
		s.moved(t, w)
	}
	if t.drawn != w.Drawable {
		s.queued(t, w)
	}
	s.shelve(t, w)
	return before != "" && !ended(before) && ended(w.State)
}

func ended(state domain.TreeState) bool {
	switch state {
	case domain.ReadyForExport, domain.AbortedLowGrade, domain.HaltedByModerator:
		return true
	}
	return false
}

func (s *State) moved(t *known, w domain.Work) {
	id := domain.MessageID(w.Tree)
	if t.state != "" {
		s.counts[t.state]--
	}
	s.counts[w.State]++
	if t.state == domain.BacklogRanking {
		s.backlog.remove(id)
	}
	if w.State == domain.BacklogRanking {
		s.backlog.add(id)
	}
	t.state = w.State
}

// queued moves a prompt into the lottery or out of it.
func (s *State) queued(t *known, w domain.Work) {
	t.drawn = w.Drawable
	id := domain.MessageID(w.Tree)
	prompts := s.waiting[w.Author]
	if prompts == nil {
		prompts = &set{}
		s.waiting[w.Author] = prompts
	}
	if w.Drawable {
		prompts.add(id)
		return
	}
	if prompts.remove(id); prompts.len() == 0 {
		delete(s.waiting, w.Author)
	}
}

// shelve replaces the tree's slots; those that stay the same are not touched.
func (s *State) shelve(t *known, w domain.Work) {
	for _, old := range t.slots {
		if !slices.ContainsFunc(w.Slots, func(n domain.Slot) bool { return n.Kind == old.Kind && n.Message == old.Message }) {
			s.shelves[old.Kind.Index()].drop(old)
		}
	}
	kept := make([]*slot, 0, len(w.Slots))
	for _, want := range w.Slots {
		f := &s.shelves[want.Kind.Index()]
		have := f.slots[want.Message]
		if have == nil {
			have = &slot{Slot: domain.Slot{Kind: want.Kind, Message: want.Message}, tree: w.Tree}
			f.slots[want.Message] = have
		} else if same(have.Slot, want) {
			kept = append(kept, have)
			continue
		}
		f.change(have, want, s.held[place{want.Kind, want.Message}])
		kept = append(kept, have)
	}
	t.slots = kept
}

func same(a, b domain.Slot) bool {
	return a.Places == b.Places && a.Lonely == b.Lonely && slices.Equal(a.Barred, b.Barred)
}
