package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"dendro/domain"
)

// Whatever a file holds, the check ends with one of its answers; and what it
// calls sound has all the events, or, where the newest commit was taken back,
// all but those of the last one.
func FuzzCheck(f *testing.F) {
	s := newSample(f)
	sample, h := s.running, decodeHead(s.runningHead)
	f.Add([]byte{0, 0, 0, 8, 1}, true)
	f.Add([]byte{0, 0, 64, 8, 0xff, 0, 0, 0, 16, 1}, false)
	f.Fuzz(func(t *testing.T, edits []byte, headed bool) {
		db := bytes.Clone(sample)
		for ; len(edits) >= 5; edits = edits[5:] {
			db[int(binary.BigEndian.Uint32(edits)%uint32(len(db)))] ^= edits[4]
		}
		using := h
		if !headed {
			using = nil
		}
		got, err := checkFile(context.Background(), bytes.NewReader(db), using, nil)
		var damage *domain.Damage
		switch {
		case errors.As(err, &damage), !headed && errors.Is(err, errNoLog):
		case err != nil:
			t.Fatal(err)
		case got.torn && headed:
			t.Fatal("an acknowledged commit was taken back")
		case !got.torn && got.report.Events != uint64(len(s.events)), got.torn && got.report.Events != uint64(len(s.events)-1):
			t.Fatalf("%d events are sound, of %d", got.report.Events, len(s.events))
		}
	})
}
