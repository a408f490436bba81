package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// pager reads the pages of a bbolt file and trusts none of their bytes. bbolt
// itself checks only its meta pages: it takes whatever a page says for a
// pointer into the mapped file, and may fault or panic, also in goroutines of
// its own where nobody can recover. So every page is read here, by plain reads
// and before bbolt opens the file, and must be byte for byte as bbolt writes
// it; what it leaves unused at a page's end may hold anything.
type pager struct {
	f    io.ReaderAt
	used *used

	buf   []byte // what was read last
	at    int64  // where in the file
	valid int
	ahead int // how much to read at once
}

// used tells which pages were met; none may be met twice.
type used struct {
	pages uint64   // page ids are below
	seen  []uint64 // one bit a page
	found int64
}

// How much is read at once: more and more while pages lie one behind another,
// as those of a busy partition mostly do.
const (
	minAhead = 4 * pageSize
	maxAhead = 64 * pageSize
)

// maxDepth bounds the levels of a tree of pages; 2^64 pages need fewer.
const maxDepth = 64

func newPager(f io.ReaderAt, pages uint64) *pager {
	return &pager{f: f, used: &used{pages: pages, seen: make([]uint64, pages/64+1)}}
}

// beside is a pager of the same file with a buffer of its own: for what is
// visited while an entry of this one is.
func (r *pager) beside() *pager { return &pager{f: r.f, used: r.used} }

// take notes that the pages are used.
func (u *used) take(id, span uint64) error {
	if span > u.pages-id {
		return fmt.Errorf("page %d goes on beyond the file's %d pages", id, u.pages)
	}
	for i := id; i < id+span; i++ {
		if u.seen[i/64]>>(i%64)&1 == 1 {
			return fmt.Errorf("page %d is used twice", i)
		}
		u.seen[i/64] |= 1 << (i % 64)
	}
	u.found += int64(span)
	return nil
}

// read gives size bytes of the file; they last until the next read.
func (r *pager) read(at int64, size int) ([]byte, error) {
	if at < r.at || at+int64(size) > r.at+int64(r.valid) {
		if behind := at - r.at - int64(r.valid); behind >= 0 && behind < int64(r.ahead) {
			r.ahead = min(2*r.ahead, maxAhead)
		} else {
			r.ahead = minAhead
		}
		want := max(size, r.ahead)
		if len(r.buf) < want {
			r.buf = make([]byte, want)
		}
		n, err := r.f.ReadAt(r.buf[:want], at)
		if err != nil && err != io.EOF {
			r.valid = 0
			return nil, err
		}
		r.at, r.valid = at, n
		if n < size {
			return nil, errors.New("the file ends before it does")
		}
	}
	start := int(at - r.at)
	return r.buf[start : start+size], nil
}

// page is one page with its overflow, or the page inside an inline bucket.
type page struct {
	id       uint64 // 0 is inline
	at       int64  // of its first byte in the file
	leaf     bool
	count    int
	overflow uint32
	data     []byte
}

// page reads the page and its overflow. What it gives lasts until the next read.
func (r *pager) page(id uint64) (page, error) {
	if id < firstDataPage || id >= r.used.pages {
		return page{}, fmt.Errorf("page %d is beyond the file's %d pages", id, r.used.pages)
	}
	at := int64(id) * pageSize
	b, err := r.read(at, pageSize)
	if err != nil {
		return page{}, fmt.Errorf("page %d: %w", id, err)
	}
	p, err := parsePage(b, id)
	if err != nil {
		return page{}, err
	}
	span := uint64(p.overflow) + 1
	if err := r.used.take(id, span); err != nil {
		return page{}, err
	}
	if p.at, p.data = at, b; span > 1 {
		if p.data, err = r.read(at, int(span)*pageSize); err != nil {
			return page{}, fmt.Errorf("page %d: %w", id, err)
		}
	}
	return p, nil
}

func parsePage(b []byte, id uint64) (page, error) {
	n := binary.NativeEndian
	p := page{id: id, leaf: n.Uint16(b[8:]) == flagLeaf, count: int(n.Uint16(b[10:])), overflow: n.Uint32(b[12:]), data: b}
	switch {
	case n.Uint64(b) != id:
		return page{}, fmt.Errorf("page %d says that it is page %d", id, n.Uint64(b))
	case !p.leaf && n.Uint16(b[8:]) != flagBranch:
		return page{}, fmt.Errorf("page %d is neither a branch nor a leaf", id)
	}
	return p, nil
}

// element is an entry of a page: of a branch a child's first key and page, of
// a leaf a key and its value.
type element struct {
	key, value []byte
	child      uint64
	bucket     bool  // the value is a bucket
	at         int64 // of the value in the file
}

// errElement says that an element is not where, or not as long as, it must be.
var errElement = errors.New("an entry of its page does not fit the page")

// elements visits the page's entries in order. They must lie one behind
// another and fill the page and its overflow as bbolt fills them; next is the
// key of the entry behind, unchecked, and nil behind the last one.
func (p *page) elements(visit func(e element, next []byte) error) error {
	start := pageHead + elementHead*p.count
	if start > len(p.data) {
		return errElement
	}
	for i := range p.count {
		e, end, err := p.element(i, start)
		if err != nil {
			return err
		}
		var next []byte
		if i+1 < p.count {
			if behind, _, err := p.element(i+1, end); err == nil {
				next = behind.key
			}
		}
		if err := visit(e, next); err != nil {
			return err
		}
		start = end
	}
	if p.id == 0 && start != len(p.data) || p.id > 0 && (start-1)/pageSize != int(p.overflow) {
		return fmt.Errorf("page %d is not as long as it says", p.id)
	}
	return nil
}

// element reads entry i, whose key must start at the given place.
func (p *page) element(i, start int) (e element, end int, err error) {
	n := binary.NativeEndian
	at := pageHead + elementHead*i
	head := p.data[at : at+elementHead]
	var pos, key, value uint32
	if p.leaf {
		flags := n.Uint32(head)
		pos, key, value = n.Uint32(head[4:]), n.Uint32(head[8:]), n.Uint32(head[12:])
		if flags > flagBucket {
			return e, 0, errElement
		}
		e.bucket = flags == flagBucket
	} else {
		pos, key = n.Uint32(head), n.Uint32(head[4:])
		e.child = n.Uint64(head[8:])
	}
	if int64(at)+int64(pos) != int64(start) || key == 0 || int64(start)+int64(key)+int64(value) > int64(len(p.data)) {
		return e, 0, errElement
	}
	end = start + int(key)
	e.key, e.value, e.at = p.data[start:end], p.data[end:end+int(value)], p.at+int64(end)
	return e, end + int(value), nil
}

// entry is a key and value of a tree of pages.
type entry struct {
	element
	next []byte // the key behind, as far as it can be told
}

var errBranchKey = errors.New("a branch page leads to a page that begins with another key")

// walk visits the entries of the tree below the page, in order. Bytes last
// only during the visit.
func (r *pager) walk(root uint64, visit func(entry) error) error {
	return r.walkBelow(root, nil, nil, maxDepth, visit)
}

// walkBelow walks a page that its parent says begins with first, if not nil,
// and ends before next, if not nil.
func (r *pager) walkBelow(id uint64, first, next []byte, depth int, visit func(entry) error) error {
	if depth == 0 {
		return fmt.Errorf("page %d is too deep in its tree", id)
	}
	p, err := r.page(id)
	if err != nil {
		return err
	}
	if p.count == 0 {
		return fmt.Errorf("page %d is empty", id)
	}
	if !p.leaf {
		p.data = append([]byte(nil), p.data...) // its children are read into the same buffer
	}
	begun := false
	return p.elements(func(e element, behind []byte) error {
		if !begun && first != nil && string(first) != string(e.key) {
			return errBranchKey
		}
		begun = true
		if behind == nil {
			behind = next
		}
		if p.leaf {
			return visit(entry{element: e, next: behind})
		}
		return r.walkBelow(e.child, e.key, behind, depth-1, visit)
	})
}

// bucket is what a bucket's entry says.
type bucket struct {
	root     uint64 // 0 is inline
	sequence uint64
	inline   page
}

func parseBucket(e element) (bucket, error) {
	if !e.bucket || len(e.value) < bucketHead {
		return bucket{}, errElement
	}
	n := binary.NativeEndian
	b := bucket{root: n.Uint64(e.value), sequence: n.Uint64(e.value[8:])}
	if b.root > 0 {
		if len(e.value) != bucketHead {
			return bucket{}, errElement
		}
		return b, nil
	}
	if len(e.value) < bucketHead+pageHead {
		return bucket{}, errElement
	}
	var err error
	if b.inline, err = parsePage(e.value[bucketHead:], 0); err != nil {
		return bucket{}, err
	}
	if !b.inline.leaf || b.inline.overflow != 0 {
		return bucket{}, errElement
	}
	b.inline.at = e.at + bucketHead
	return b, nil
}

// walkBucket visits the entries of a bucket.
func (r *pager) walkBucket(b bucket, visit func(entry) error) error {
	if b.root > 0 {
		return r.walk(b.root, visit)
	}
	return b.inline.elements(func(e element, next []byte) error {
		return visit(entry{element: e, next: next})
	})
}
