package memory

import (
	"hash/maphash"

	"dendro/projections/terms"
)

// lexicon numbers terms from 0 on. A campaign has more of them than messages,
// most in one message only, so it keeps them closer together than a map would:
// the bytes of a term take a tenth of what its header and slot would.
type lexicon struct {
	seed  maphash.Seed
	slots []uint32 // ids and 1, where their hashes point or behind; 0: free. A power of 2 of them, a quarter free
	names []uint32 // by id, where the term stands
	pages [][]byte // of terms, a byte for its length before each
}

// A place in the pages is their number and the byte there.
const (
	pageBits = 16
	pageSize = 1 << pageBits
)

// A term's length fits a byte.
const _ = uint8(terms.MaxTermBytes)

func newLexicon() lexicon {
	return lexicon{seed: maphash.MakeSeed(), slots: make([]uint32, 64)}
}

func (l *lexicon) name(id uint32) []byte {
	at := l.names[id]
	page := l.pages[at>>pageBits][at&(pageSize-1):]
	return page[1 : 1+page[0]]
}

// slot gives where a term is, or where it would be, and its id and 1.
func (l *lexicon) slot(term string) (at int, found uint32) {
	mask := len(l.slots) - 1
	for at = int(maphash.String(l.seed, term)) & mask; ; at = (at + 1) & mask {
		if found = l.slots[at]; found == 0 || string(l.name(found-1)) == term {
			return at, found
		}
	}
}

// find gives a term's id, if it has one.
func (l *lexicon) find(term string) (id uint32, known bool) {
	_, found := l.slot(term)
	return found - 1, found > 0
}

// id gives a term's id, a new one when it has none.
func (l *lexicon) id(term string) uint32 {
	at, found := l.slot(term)
	if found > 0 {
		return found - 1
	}
	id := uint32(len(l.names))
	l.names = append(l.names, l.write(term))
	l.slots[at] = id + 1
	if len(l.names) > len(l.slots)/4*3 {
		l.grow()
	}
	return id
}

// write keeps the bytes of a term, and gives their place.
func (l *lexicon) write(term string) uint32 {
	last := len(l.pages) - 1
	if last < 0 || pageSize-len(l.pages[last]) < 1+len(term) {
		l.pages = append(l.pages, make([]byte, 0, pageSize))
		last++
	}
	at := len(l.pages[last])
	l.pages[last] = append(append(l.pages[last], byte(len(term))), term...)
	return uint32(last)<<pageBits | uint32(at)
}

func (l *lexicon) grow() {
	l.slots = make([]uint32, 2*len(l.slots))
	for id := range l.names {
		at, _ := l.slot(string(l.name(uint32(id))))
		l.slots[at] = uint32(id) + 1
	}
}
