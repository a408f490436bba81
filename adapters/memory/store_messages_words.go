package memory

import (
	"slices"

	"dendro/projections/terms"
)

// wordIndex knows which messages have a term. They are numbered in the order in
// which they come, so that lists of them grow at their ends.
type wordIndex struct {
	analyzer terms.Analyzer
	lexicon  lexicon
	lists    []numbers       // by the lexicon's ids
	entries  []*messageEntry // by number; nil for one that was taken away
}

// numbers are those of a term's messages, in order. Most terms are in one
// message only, which takes no list.
type numbers struct {
	first uint32    // when more is nil; noNumber: none
	more  *[]uint32 // all of them
}

const noNumber = ^uint32(0)

func newWordIndex() wordIndex { return wordIndex{lexicon: newLexicon()} }

// add takes a new message in.
func (x *wordIndex) add(e *messageEntry) {
	e.number = uint32(len(x.entries))
	x.entries = append(x.entries, e)
	for _, term := range x.analyzer.Terms(e.reads, e.row.Text) {
		x.list(term).add(e.number)
	}
}

// change moves a message from the terms of the text that it had to those of
// its present one.
func (x *wordIndex) change(e *messageEntry, was string) {
	now := slices.Clone(x.analyzer.Terms(e.reads, e.row.Text)) // which the analyzer takes back
	slices.Sort(now)
	for _, term := range x.analyzer.Terms(e.reads, was) {
		if _, stays := slices.BinarySearch(now, term); !stays {
			x.list(term).remove(e.number)
		}
	}
	for _, term := range now {
		x.list(term).add(e.number)
	}
}

// remove takes a message out.
func (x *wordIndex) remove(e *messageEntry) {
	for _, term := range x.analyzer.Terms(e.reads, e.row.Text) {
		x.list(term).remove(e.number)
	}
	x.entries[e.number] = nil
}

// list gives the numbers of a term, good until the next one's.
func (x *wordIndex) list(term string) *numbers {
	id := x.lexicon.id(term)
	if int(id) == len(x.lists) {
		x.lists = append(x.lists, numbers{first: noNumber})
	}
	return &x.lists[id]
}

func (n *numbers) add(number uint32) {
	switch {
	case n.more == nil && n.first == noNumber:
		n.first = number
		return
	case n.more == nil && n.first == number:
		return
	case n.more == nil:
		n.more = &[]uint32{n.first}
	}
	list := *n.more
	if len(list) == 0 || list[len(list)-1] < number {
		*n.more = append(list, number)
	} else if i, there := slices.BinarySearch(list, number); !there {
		*n.more = slices.Insert(list, i, number)
	}
}

func (n *numbers) remove(number uint32) {
	if n.more == nil {
		if n.first == number {
			n.first = noNumber
		}
		return
	}
	if i, there := slices.BinarySearch(*n.more, number); there {
		*n.more = slices.Delete(*n.more, i, i+1)
	}
}

func (n *numbers) len() int {
	switch {
	case n.more != nil:
		return len(*n.more)
	case n.first == noNumber:
		return 0
	}
	return 1
}

func (n *numbers) has(number uint32) bool {
	if n.more == nil {
		return n.first == number && number != noNumber
	}
	_, there := slices.BinarySearch(*n.more, number)
	return there
}

// from gives the numbers that are not below one. Nobody changes them.
func (n *numbers) from(number uint32) []uint32 {
	switch {
	case n.more != nil:
		i, _ := slices.BinarySearch(*n.more, number)
		return (*n.more)[i:]
	case n.first == noNumber || n.first < number:
		return nil
	}
	return []uint32{n.first}
}

// wanted is what a search wants of the messages of each stemmer: all terms of a
// list, the rarest first. Those of stemmers without one it does not want.
type wanted struct {
	arms [][]uint32 // ids of terms
	of   [terms.Stemmers]int
}

// want finds the terms of a search, and how many messages have the rarest ones.
func (x *wordIndex) want(arms []terms.Arm) (w wanted, candidates int) {
	for i := range w.of {
		w.of[i] = -1
	}
	for _, arm := range arms {
		ids, all := x.idsOf(arm.Terms)
		if !all {
			continue
		}
		for _, by := range arm.Stemmers {
			w.of[by] = len(w.arms)
		}
		w.arms = append(w.arms, ids)
		candidates += x.lists[ids[0]].len()
	}
	return w, candidates
}

// idsOf gives the ids of terms, the rarest first, and whether all are known.
func (x *wordIndex) idsOf(names []string) (ids []uint32, all bool) {
	for _, name := range names {
		id, known := x.lexicon.find(name)
		if !known {
			return nil, false
		}
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uint32) int { return x.lists[a].len() - x.lists[b].len() })
	return ids, true
}

// has reports whether a message has what is wanted of it: nil wants nothing.
func (x *wordIndex) has(e *messageEntry, w *wanted) bool {
	if w == nil {
		return true
	}
	arm := w.of[e.reads]
	return arm >= 0 && x.hasAll(e.number, w.arms[arm])
}

func (x *wordIndex) hasAll(number uint32, ids []uint32) bool {
	for _, id := range ids {
		if !x.lists[id].has(number) {
			return false
		}
	}
	return true
}
