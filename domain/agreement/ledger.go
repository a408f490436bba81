package agreement

import (
	"cmp"
	"maps"
	"slices"

	"dendro/domain"
)

// Rating is what one contributor's review of a unit says.
type Rating struct {
	By     domain.ContributorID
	Values Values
}

// Sums are a Sum for each label.
type Sums [Labels]Sum

// Spreads are a Spread for each label, and how far everybody's pairs are apart.
type Spreads [Labels]struct {
	Spread
	Apart Wide
}

// Key names a contributor's Sums of units of one size.
type Key struct {
	By   domain.ContributorID
	Size int
}

// Ledger keeps the sums of units as these come, change and go. Its zero value
// is of no use; make it with NewLedger. Not for concurrent use.
type Ledger struct {
	Own map[Key]*Sums    // nobody changes a Sums that was given out
	All map[int]*Spreads // by size, likewise

	wasOwn map[Key]*Sums // before the changes since Changed; nil: there were none
	wasAll map[int]*Spreads
}

// NewLedger makes a ledger of no units.
func NewLedger() *Ledger {
	return &Ledger{map[Key]*Sums{}, map[int]*Spreads{}, map[Key]*Sums{}, map[int]*Spreads{}}
}

// Replace takes a unit's ratings before out, and those after in. A contributor
// has one rating of a unit.
func (l *Ledger) Replace(before, after []Rating) {
	for label := range Labels {
		l.count(label, before, -1)
		l.count(label, after, 1)
	}
}

func (l *Ledger) count(label int, unit []Rating, sign int64) {
	size := 0
	for i := range unit {
		if unit[i].Values[label] != None {
			size++
		}
	}
	if size < 2 {
		return
	}
	all := l.spreads(size)
	for i := range unit {
		v := int64(unit[i].Values[label])
		if v == int64(None) {
			continue
		}
		apart := int64(0)
		for j := range unit {
			if w := int64(unit[j].Values[label]); w != int64(None) {
				apart += (v - w) * (v - w)
			}
		}
		own := l.sums(Key{unit[i].By, size})
		own[label].Values += sign
		own[label].Apart += sign * apart
		all[label].Values += sign
		all[label].Total += sign * v
		all[label].Squares = all[label].Squares.Plus(Wide64(sign * v * v))
		all[label].Apart = all[label].Apart.Plus(Wide64(sign * apart))
	}
}

// sums gives a copy to change, one for all changes until Changed.
func (l *Ledger) sums(k Key) *Sums { return renewed(l.Own, l.wasOwn, k) }

func (l *Ledger) spreads(size int) *Spreads { return renewed(l.All, l.wasAll, size) }

func renewed[K comparable, V any](now, was map[K]*V, k K) *V {
	if _, fresh := was[k]; !fresh {
		next := new(V)
		if old := now[k]; old != nil {
			*next = *old
		}
		was[k], now[k] = now[k], next
	}
	return now[k]
}

// Changed names what is another than when it was asked last, in order. Sums
// that have come to nothing are gone from the ledger.
func (l *Ledger) Changed() (own []Key, all []int) {
	own, all = changed(l.Own, l.wasOwn), changed(l.All, l.wasAll)
	slices.SortFunc(own, func(a, b Key) int { return cmp.Or(a.By.Compare(b.By), a.Size-b.Size) })
	slices.Sort(all)
	return own, all
}

func changed[K, V comparable](now, was map[K]*V) (keys []K) {
	var nothing V
	for k, old := range was {
		switch next := now[k]; {
		case *next == nothing:
			delete(now, k)
			if old != nil {
				keys = append(keys, k)
			}
		case old == nil || *old != *next:
			keys = append(keys, k)
		default:
			now[k] = old
		}
	}
	clear(was)
	return keys
}

// BySize are sums by the size of their units.
type BySize map[int]*Sums

// Add adds sums of units of one size. They are only read.
func (b BySize) Add(size int, s *Sums) {
	to := b[size]
	if to == nil {
		to = new(Sums)
		b[size] = to
	}
	for i := range s {
		to[i].Values += s[i].Values
		to[i].Apart += s[i].Apart
	}
}

// Groups gives a label's part of sums by size.
func Groups(sums map[int]*Sums, label int) (out []Group) {
	for _, size := range slices.Sorted(maps.Keys(sums)) {
		if s := sums[size][label]; s.Values > 0 {
			out = append(out, Group{size, s.Values, Wide64(s.Apart)})
		}
	}
	return out
}

// Everybody gives a label's spread, and its groups.
func Everybody(all map[int]*Spreads, label int) (s Spread, groups []Group) {
	for _, size := range slices.Sorted(maps.Keys(all)) {
		part := all[size][label]
		if part.Values == 0 {
			continue
		}
		s.Values += part.Values
		s.Total += part.Total
		s.Squares = s.Squares.Plus(part.Squares)
		groups = append(groups, Group{size, part.Values, part.Apart})
	}
	return s, groups
}
