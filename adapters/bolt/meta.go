package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// What bbolt (file format 2) writes in front of a file: two meta pages, each
// a page header and these numbers in the machine's byte order; commits take
// turns between the two.
const (
	pageSize      = 4096
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
	bad    error // what is wrong with one or both; nil when both are sound
	none   bool  // neither is sound
	bolt   bool  // at least one begins as bbolt's do
	other  bool  // a sound one has pages of another size
}

func readMetas(f io.ReaderAt) (metas, error) {
	var out metas
	sound := 0
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
			if sound++; sound == 1 || m.txid > out.newest.txid {
				out.newest = m
			}
		}
	}
	out.none = sound == 0
	return out, nil
}
