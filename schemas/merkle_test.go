package schemas

import (
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// hashes is a tlog.HashReader in memory.
type hashes []tlog.Hash

func (h hashes) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, n := range at {
		out[i] = h[n]
	}
	return out, nil
}

// TestRootIsThatOfRFC6962 compares with tlog's trees, and proves records of
// them to be in ours.
func TestRootIsThatOfRFC6962(t *testing.T) {
	var root Root
	var stored hashes
	for n := int64(0); n <= 130; n++ {
		want, err := tlog.TreeHash(n, stored)
		if err != nil {
			t.Fatal(err)
		}
		got := root.Sum()
		if got != [32]byte(want) || root.Count() != uint64(n) {
			t.Fatalf("root of %d records is %x, not %x", root.Count(), got, want)
		}
		for i := int64(0); i < n; i += 7 {
			proof, err := tlog.ProveRecord(n, i, stored)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(proof, n, got, i, tlog.RecordHash(recordNumber(i))); err != nil {
				t.Fatalf("record %d is not provably one of %d: %v", i, n, err)
			}
		}
		more, err := tlog.StoredHashes(n, recordNumber(n), stored)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		root.Add(recordNumber(n))
	}
}

func recordNumber(n int64) []byte { return fmt.Appendf(nil, "record %d", n) }
