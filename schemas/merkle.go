package schemas

import (
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"
)

// Root computes the Merkle tree hash of RFC 6962 §2.1 over the records of one
// partition, added in order of Seq. It holds one hash per level: 64 at most.
// Its zero value is the empty tree. Not for concurrent use.
type Root struct {
	count uint64
	// full[i] is the hash of the complete subtree of 2^i records that bit i of
	// count stands for; others are meaningless.
	full [64]tlog.Hash
}

// Add adds the next record: its bytes as AppendRecord made them.
func (r *Root) Add(record []byte) {
	h := tlog.RecordHash(record)
	level := 0
	for n := r.count; n&1 == 1; n >>= 1 {
		h = tlog.NodeHash(r.full[level], h)
		level++
	}
	r.full[level] = h
	r.count++
}

// Count is how many records were added.
func (r *Root) Count() uint64 { return r.count }

// Sum is the hash of all records added so far; more may be added after it.
func (r *Root) Sum() [32]byte {
	if r.count == 0 {
		return sha256.Sum256(nil)
	}
	var h tlog.Hash
	begun := false
	for level, n := 0, r.count; n > 0; level, n = level+1, n>>1 {
		switch {
		case n&1 == 0:
		case begun:
			h = tlog.NodeHash(r.full[level], h)
		default:
			h, begun = r.full[level], true
		}
	}
	return h
}
