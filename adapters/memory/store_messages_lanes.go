package memory

import (
	"github.com/tidwall/btree"

	"dendro/projections/conversations"
)

// lane is a walk along one index, within a reach.
type lane struct {
	along btree.IterG[*messageEntry]
	head  *messageEntry // the next one; nil at the end
}

// lanes walks along several indexes as if they were one; what is in more than
// one of them comes once.
type lanes struct {
	all   []lane
	reach messageReach
	desc  bool
}

func merged(indexes []*messageIndex, r messageReach, desc bool) *lanes {
	l := &lanes{all: make([]lane, len(indexes)), reach: r, desc: desc}
	for i, along := range indexes {
		l.all[i].along = along.Iter()
		l.enter(&l.all[i])
	}
	return l
}

// enter goes to the first entry of the lane that is in reach.
func (l *lanes) enter(a *lane) {
	ok := false
	switch {
	case !l.desc:
		ok = a.along.Seek(pivot(l.reach.from))
	case a.along.Seek(pivot(l.reach.to)):
		ok = a.along.Prev()
	default:
		ok = a.along.Last()
	}
	l.see(a, ok)
}

// pivot stands for a message at the place.
func pivot(p messagePlace) *messageEntry {
	return &messageEntry{at: p.at, row: &conversations.Message{ID: p.id}}
}

// see sets the head to where the lane has come, if that is in reach.
func (l *lanes) see(a *lane, ok bool) {
	a.head = nil
	if !ok {
		return
	}
	if e := a.along.Item(); !e.place().before(l.reach.from) && e.place().before(l.reach.to) {
		a.head = e
	}
}

// next gives the next entry in order, or nil.
func (l *lanes) next() *messageEntry {
	var first *messageEntry
	for i := range l.all {
		if e := l.all[i].head; e != nil && (first == nil || e.before(first) != l.desc && e != first) {
			first = e
		}
	}
	if first == nil {
		return nil
	}
	for i := range l.all {
		if a := &l.all[i]; a.head == first {
			if l.desc {
				l.see(a, a.along.Prev())
			} else {
				l.see(a, a.along.Next())
			}
		}
	}
	return first
}
