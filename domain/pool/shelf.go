package pool

import (
	"slices"

	"dendro/domain"
)

// slot is an open need with those who hold a fresh task on it.
type slot struct {
	domain.Slot
	tree    domain.TreeID
	holders []domain.ContributorID
	shelved bool
}

// bars reports whether the contributor may not take the slot.
func (s *slot) bars(who domain.ContributorID) bool {
	return slices.Contains(s.Barred, who) || slices.Contains(s.holders, who)
}

// shelf indexes the slots of one kind of task: those with a free place, those
// of them to prefer, and for each contributor those that they may not take.
type shelf struct {
	slots  map[domain.MessageID]*slot
	open   set
	lonely set
	barred map[domain.ContributorID]map[domain.MessageID]struct{}
}

func newShelf() shelf {
	return shelf{slots: map[domain.MessageID]*slot{}, barred: map[domain.ContributorID]map[domain.MessageID]struct{}{}}
}

// change replaces what the slot asks for and who holds tasks on it, and brings
// the index up to date.
func (f *shelf) change(s *slot, want domain.Slot, holders []domain.ContributorID) {
	was := *s
	if was.shelved {
		f.eachBarred(s, f.unbar)
	}
	s.Slot, s.holders = want, holders
	if s.shelved = s.Places > len(s.holders); s.shelved {
		f.eachBarred(s, f.bar)
	}
	f.open.move(s.Message, was.shelved, s.shelved)
	f.lonely.move(s.Message, was.shelved && was.Lonely, s.shelved && s.Lonely)
}

// drop takes the slot out.
func (f *shelf) drop(s *slot) {
	f.change(s, domain.Slot{Kind: s.Kind, Message: s.Message}, nil)
	delete(f.slots, s.Message)
}

// eachBarred calls do once for each contributor that the slot bars.
func (f *shelf) eachBarred(s *slot, do func(domain.ContributorID, domain.MessageID)) {
	for i, who := range s.Barred {
		if !slices.Contains(s.Barred[:i], who) {
			do(who, s.Message)
		}
	}
	for i, who := range s.holders {
		if !slices.Contains(s.Barred, who) && !slices.Contains(s.holders[:i], who) {
			do(who, s.Message)
		}
	}
}

func (f *shelf) bar(who domain.ContributorID, id domain.MessageID) {
	if f.barred[who] == nil {
		f.barred[who] = map[domain.MessageID]struct{}{}
	}
	f.barred[who][id] = struct{}{}
}

func (f *shelf) unbar(who domain.ContributorID, id domain.MessageID) {
	if delete(f.barred[who], id); len(f.barred[who]) == 0 {
		delete(f.barred, who)
	}
}

// available counts the slots that the contributor may take.
func (f *shelf) available(who domain.ContributorID) int {
	return f.open.len() - len(f.barred[who])
}

// quickTries is how often pick guesses before it counts.
const quickTries = 8

// pick draws uniformly from the members of among that the contributor may
// take; among is open or lonely. It guesses a few times, then counts past
// what is barred: O(b log n) for b barred slots, whatever the number of trees.
func (f *shelf) pick(among *set, who domain.ContributorID, dice *domain.Dice) (*slot, bool) {
	n := among.len()
	if n == 0 {
		return nil, false
	}
	for range quickTries {
		if s := f.slots[among.at(dice.Below(n))]; !s.bars(who) {
			return s, true
		}
	}
	var passed []int
	for id := range f.barred[who] {
		if rank, ok := among.rank(id); ok {
			passed = append(passed, rank)
		}
	}
	if len(passed) == n {
		return nil, false
	}
	slices.Sort(passed)
	k := dice.Below(n - len(passed))
	for _, rank := range passed {
		if rank <= k {
			k++
		}
	}
	return f.slots[among.at(k)], true
}
