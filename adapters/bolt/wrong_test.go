package bolt

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/domain"
)

// Whole pages that are zero, older or another page's, and files that are cut off.
func TestWrongPageIsFound(t *testing.T) {
	s := newSample(t)
	h := decodeHead(s.head)
	rng := rand.New(rand.NewPCG(5, 6))
	for id := range int(s.pages) {
		if !s.live[id] {
			continue
		}
		b := bytes.Clone(s.db)
		here := b[id*pageSize:][:pageSize]
		if id%2 == 0 {
			clear(here)
		} else {
			copy(here, s.db[rng.IntN(int(s.pages))*pageSize:][:pageSize])
		}
		if bytes.Equal(b, s.db) {
			continue
		}
		_, err := checkFile(t.Context(), bytes.NewReader(b), h, nil)
		if damage := new(domain.Damage); !errors.As(err, &damage) && id >= firstDataPage {
			t.Errorf("page %d: %v, want Damage", id, err)
		}
	}
	for range 100 {
		n := rng.IntN(int(s.pages) * pageSize)
		_, err := checkFile(t.Context(), bytes.NewReader(s.db[:n]), h, nil)
		var damage *domain.Damage
		if err == nil { // only free pages are cut off
			for id := n / pageSize; id < int(s.pages); id++ {
				if s.live[id] {
					t.Fatalf("the file is cut off at %d, and the check finds nothing", n)
				}
			}
		} else if !errors.As(err, &damage) {
			t.Fatalf("the file is cut off at %d: %v, want Damage", n, err)
		}
	}
}

// A frame that is sound, and belongs elsewhere: the same place in another log
// of the same identity.
func TestFrameOfOtherLogIsFound(t *testing.T) {
	var logs [2]*sample
	for i := range logs {
		s := &sample{dir: t.TempDir()}
		l := mustOpen(t, s.dir, testOptions(2))
		w, feed := mustOwn(t, l, 1)
		for n := range 20 {
			mustAppend(t, w, feed.Events(adaptertest.Command(i, n), 3, 2, 300))
		}
		mustClose(t, l)
		s.scan(t)
		logs[i] = s
	}
	for i := 1; i < len(logs[0].frames); i++ { // the first is the claim, the same in both
		f, g := logs[0].frames[i], logs[1].frames[i]
		db := bytes.Clone(logs[0].db)
		if copy(db[f.from:f.to], logs[1].db[g.from:g.to]) != g.to-g.from || f.name != g.name {
			t.Fatalf("the frames differ in length: %s, %s", f.name, g.name)
		}
		_, err := checkFile(t.Context(), bytes.NewReader(db), nil, nil)
		if damage := new(domain.Damage); !errors.As(err, &damage) {
			t.Errorf("%s is another log's: %v", f.name, err)
		}
	}
}
