package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"dendro/domain"
)

// What bbolt (file format 2) writes in front of a file: two meta pages, each
// a page header and these numbers in the machine's byte order; commits take
// turns between the two.
const (
	pageSize      = 16 << 10
	pageHead      = 16
	boltMagic     = 0xed0cdaed
	boltVersion   = 2
	metaSummed    = 56
	metaBytes     = pageHead + metaSummed + 8
	noFreelist    = ^uint64(0)
	flagBranch    = 1
	flagLeaf      = 2
	flagMeta      = 4
	flagBucket    = 1 // of a leaf's element
	elementHead   = 16
	bucketHead    = 16
	firstDataPage = 2
)

type meta struct {
	pageSize uint32
	root     uint64
	freelist uint64
	pages    uint64 // the first page id that was never used
	txid     uint64
}

// parseMeta checks all of the 80 bytes that bbolt writes.
func parseMeta(b []byte, slot uint64) (meta, error) {
	n := binary.NativeEndian
	m := meta{
		pageSize: n.Uint32(b[24:]),
		root:     n.Uint64(b[32:]),
		freelist: n.Uint64(b[48:]),
		pages:    n.Uint64(b[56:]),
		txid:     n.Uint64(b[64:]),
	}
	sum := fnv.New64a()
	sum.Write(b[pageHead : pageHead+metaSummed])
	switch {
	case n.Uint32(b[16:]) != boltMagic:
		return m, fmt.Errorf("meta page %d does not begin as bbolt's do", slot)
	case n.Uint64(b[pageHead+metaSummed:]) != sum.Sum64():
		return m, fmt.Errorf("the checksum of meta page %d does not fit its bytes", slot)
	case n.Uint32(b[20:]) != boltVersion, n.Uint64(b) != slot, n.Uint16(b[8:]) != flagMeta, n.Uint16(b[10:]) != 0,
		n.Uint32(b[12:]) != 0, n.Uint32(b[28:]) != 0, n.Uint64(b[40:]) != 0, m.txid%2 != slot:
		return m, fmt.Errorf("meta page %d is not as bbolt writes it", slot)
	}
	return m, nil
}

// metas are both meta pages of a file.
type metas struct {
	newest meta  // the newer one of those that are sound
	older  meta  // the other one, when it is sound, too
	bad    error // what is wrong with one or both; nil when both are sound
	none   bool  // neither is sound
	bolt   bool  // at least one begins as bbolt's do
	other  bool  // a sound one has pages of another size
}

func readMetas(f io.ReaderAt) (metas, error) {
	var out metas
	var sound []meta
	for slot := range uint64(2) {
		var b [metaBytes]byte
		n, err := f.ReadAt(b[:], int64(slot)*pageSize)
		if err != nil && err != io.EOF {
			return out, err
		}
		if n < len(b) {
			out.bad = fmt.Errorf("meta page %d is cut off", slot)
			continue
		}
		m, err := parseMeta(b[:], slot)
		out.bolt = out.bolt || binary.NativeEndian.Uint32(b[16:]) == boltMagic
		switch {
		case err != nil:
			out.bad = err
		case m.pageSize != pageSize:
			out.other = true
		default:
			sound = append(sound, m)
		}
	}
	switch len(sound) {
	case 0:
		out.none = true
	case 1:
		out.newest = sound[0]
	default:
		out.newest, out.older = sound[0], sound[1]
		if out.older.txid > out.newest.txid {
			out.newest, out.older = out.older, out.newest
		}
	}
	return out, nil
}

// explain tells why the meta pages cannot be relied upon. When one is damaged,
// the other must be the one that log.head names: else commits may be lost.
func (m *metas) explain(h *head) error {
	why := ""
	switch {
	case m.none && (m.other || !m.bolt) && h == nil:
		return errNoLog
	case m.none:
		why = "neither of the two is sound"
	case m.bad != nil && h == nil:
		why = m.bad.Error() + ", and there is no log.head to tell whether it was the newer one"
	case m.bad != nil && h.txid < m.newest.txid:
		why = m.bad.Error() + ", and log.head is too old to tell whether it was the newer one"
	default:
		return nil
	}
	return &domain.Damage{Place: "meta pages", Why: why}
}

// takeBack makes the commit before the newest one the newest: the meta page of
// the newest becomes a copy of the other, under the number before that.
func takeBack(f *os.File, newest uint64) error {
	var b [metaBytes]byte
	if _, err := f.ReadAt(b[:], int64((newest+1)%2)*pageSize); err != nil {
		return err
	}
	n := binary.NativeEndian
	n.PutUint64(b[0:], newest%2)
	n.PutUint64(b[64:], newest-2)
	sum := fnv.New64a()
	sum.Write(b[pageHead : pageHead+metaSummed])
	n.PutUint64(b[pageHead+metaSummed:], sum.Sum64())
	if _, err := f.WriteAt(b[:], int64(newest%2)*pageSize); err != nil {
		return err
	}
	return syncData(f)
}
