package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/domain"
)

// sample is a log on disk, its bytes, and where its live frames are in them.
type sample struct {
	dir    string
	db     []byte
	head   []byte
	events []domain.Recorded
	frames []sampleFrame
	live   []bool // per page
	pages  uint64
	opened int // harmless flips that were opened for real

	// The files before the log was closed, which ends with a commit of no events.
	running, runningHead []byte
}

type sampleFrame struct {
	from, to int // in the file
	name     string
}

// newSample makes a log of some hundred frames: three busy partitions, one
// with a claim only, which comes last, and one never owned.
func newSample(t testing.TB) *sample {
	t.Helper()
	s := &sample{dir: filepath.Join(t.TempDir(), "log")}
	l := mustOpen(t, s.dir, testOptions(5))
	for p := range domain.Partition(4) {
		w, feed := mustOwn(t, l, p)
		if p == 3 {
			continue
		}
		for i := range 80 {
			n, size := 1+i%3, 40
			if i == 40 {
				n, size = 64, 600
			}
			mustAppend(t, w, feed.Events(adaptertest.Command(int(p), i), n, 3, size))
		}
	}
	s.events = mustRead(t, l)
	s.running, s.runningHead = mustReadFile(t, Path(s.dir)), mustReadFile(t, l.head.Name())
	mustClose(t, l)
	s.head = mustReadFile(t, filepath.Join(s.dir, headName))
	s.scan(t)
	return s
}

// scan learns where the live frames and pages are.
func (s *sample) scan(t testing.TB) {
	t.Helper()
	s.db = mustReadFile(t, Path(s.dir))
	c := &checker{ctx: t.Context(), visit: func(f frame, at int64) {
		s.frames = append(s.frames, sampleFrame{from: int(at), to: int(at) + frameHead + len(f.records) + frameTail, name: f.String()})
	}}
	m, err := readMetas(bytes.NewReader(s.db))
	if err == nil {
		_, err = c.run(bytes.NewReader(s.db), m.newest)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.pages = c.outer.used.pages
	s.db = s.db[:s.pages*pageSize] // what is behind was never used
	for id := range s.pages {
		s.live = append(s.live, id < firstDataPage || c.outer.used.seen[id/64]>>(id%64)&1 == 1)
	}
}

func mustReadFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustWriteFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, filePerm); err != nil {
		t.Fatal(err)
	}
}

// frameAt is the live frame that holds the byte.
func (s *sample) frameAt(offset int) (sampleFrame, bool) {
	for _, f := range s.frames {
		if f.from <= offset && offset < f.to {
			return f, true
		}
	}
	return sampleFrame{}, false
}

// flip turns a bit of the file round, checks what the check says, and turns it
// back. It reports whether the flip was found.
func (s *sample) flip(t *testing.T, h *head, offset int, bit byte) bool {
	t.Helper()
	s.db[offset] ^= bit
	defer func() { s.db[offset] ^= bit }()
	_, err := checkFile(t.Context(), bytes.NewReader(s.db), h, nil)
	where := fmt.Sprintf("page %d, byte %d, bit %#x", offset/pageSize, offset%pageSize, bit)
	f, inFrame := s.frameAt(offset)
	var damage *domain.Damage
	switch {
	case errors.As(err, &damage):
		if inFrame && damage.Place != f.name {
			t.Errorf("%s: it is in %q, the damage names %q", where, f.name, damage.Place)
		}
		if !inFrame {
			s.adjacent(t, where, offset, damage)
		}
		return true
	case err != nil:
		t.Errorf("%s: %v, want Damage", where, err)
	case inFrame:
		t.Errorf("%s: not found, and it is inside %s", where, f.name)
	case s.opened < maxOpened:
		s.opened++
		s.harmless(t, where)
	}
	return false
}

// adjacent checks that damage beside frames names a place near the flip: on a
// leaf page a frame of that page, or the one before.
func (s *sample) adjacent(t *testing.T, where string, offset int, damage *domain.Damage) {
	t.Helper()
	leaf := false
	for i, f := range s.frames {
		if f.from/pageSize != offset/pageSize {
			continue
		}
		leaf = true
		if strings.HasSuffix(damage.Place, f.name) || i == 0 || strings.HasSuffix(damage.Place, s.frames[i-1].name) {
			return
		}
	}
	if leaf {
		t.Errorf("%s: the damage names %q, which is elsewhere", where, damage.Place)
	}
}

// maxOpened bounds the harmless flips that are opened for real: it takes long.
const maxOpened = 15

// harmless opens the flipped log for real: all must read back equal.
func (s *sample) harmless(t *testing.T, where string) {
	t.Helper()
	mustWriteFile(t, Path(s.dir), s.db)
	l, err := Open(t.Context(), s.dir, Options{ReadOnly: true})
	if err != nil {
		t.Errorf("%s: the check finds nothing, Open: %v", where, err)
		return
	}
	defer l.Close()
	if got := mustRead(t, l); !reflect.DeepEqual(got, s.events) {
		t.Errorf("%s: not found, and the events differ", where)
	}
}

// Every byte of all that is not a frame, and of some frames; thousands more
// anywhere. Free pages and page ends take some flips: those must be harmless.
func TestFlippedByteIsFound(t *testing.T) {
	s := newSample(t)
	h := decodeHead(s.head)
	if h == nil || len(s.frames) < 250 {
		t.Fatalf("a poor sample: head %v, %d frames", h, len(s.frames))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	bit := func() byte { return 1 << rng.IntN(8) }
	found, missed := 0, 0
	try := func(offset int) {
		if s.flip(t, h, offset, bit()) {
			found++
		} else {
			missed++
		}
	}
	for slot := range 2 {
		for i := range metaBytes {
			try(slot*pageSize + i)
		}
	}
	for id := firstDataPage; id < int(s.pages); id++ {
		p, err := parsePage(s.db[id*pageSize:][:pageSize], uint64(id))
		if err != nil || !s.live[id] {
			continue // not used, or the rest of a large page
		}
		for i := range pageHead + elementHead*p.count {
			if (i < pageHead+2*elementHead || rng.IntN(4) == 0) && !s.flip(t, h, id*pageSize+i, bit()) {
				t.Errorf("page %d, byte %d of its head and entries: not found", id, i)
			}
			found++
		}
	}
	for range 2500 {
		id := rng.IntN(int(s.pages))
		if s.live[id] || rng.IntN(50) == 0 {
			try(id*pageSize + rng.IntN(pageSize))
		}
	}
	t.Logf("%d flips found, %d harmless", found, missed)
	if found < 3000 {
		t.Errorf("only %d flips hit something", found)
	}
}

// The table of buckets and the identity, byte for byte, with and without
// log.head.
func TestFlippedBitOfRootIsFound(t *testing.T) {
	s := newSample(t)
	m, err := readMetas(bytes.NewReader(s.db))
	if err != nil {
		t.Fatal(err)
	}
	from := int(m.newest.root) * pageSize
	used := from + pageHead
	root, err := parsePage(s.db[from:from+pageSize], m.newest.root)
	if err != nil || !root.leaf {
		t.Fatalf("the root is no leaf: %v", err)
	}
	if err := root.elements(func(e element, _ []byte) error {
		used = from + int(e.at) + len(e.value) // e.at counts from the page's start here
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	h := decodeHead(s.head)
	whole, err := checkFile(t.Context(), bytes.NewReader(s.db), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	for offset := from; offset < used; offset++ {
		for bit := range 8 {
			if !s.flip(t, h, offset, 1<<bit) {
				t.Errorf("byte %d, bit %d of the root page: not found", offset-from, bit)
			}
			// Without log.head the last commit may be taken back: it has no events.
			s.db[offset] ^= 1 << bit
			got, err := checkFile(t.Context(), bytes.NewReader(s.db), nil, nil)
			if damage := new(domain.Damage); !errors.As(err, &damage) && (err != nil || !got.report.Cut.Equal(whole.report.Cut)) {
				t.Errorf("byte %d, bit %d of the root page, without log.head: %v, and it ends at %s", offset-from, bit, err, got.report.Cut)
			}
			s.db[offset] ^= 1 << bit
		}
	}
}

// Open says the same as the check, from the files, and reads what it opens.
func TestOpenRefusesFlips(t *testing.T) {
	s := newSample(t)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		f := s.frames[rng.IntN(len(s.frames))]
		offset := f.from + rng.IntN(f.to-f.from)
		s.db[offset] ^= 0x10
		mustWriteFile(t, Path(s.dir), s.db)
		var damage *domain.Damage
		_, err := Open(t.Context(), s.dir, Options{Clock: domain.NewManualClock(noon)})
		if !errors.As(err, &damage) || damage.Place != f.name {
			t.Fatalf("Open: %v, want Damage of %s", err, f.name)
		}
		if _, err := Check(t.Context(), s.dir, nil); !errors.As(err, &damage) {
			t.Fatalf("Check: %v, want Damage", err)
		}
		s.db[offset] ^= 0x10
	}
	mustWriteFile(t, Path(s.dir), s.db)
	for i := range s.head { // a damaged head tells nothing, and hides nothing
		s.head[i] ^= 0x04
		if decodeHead(s.head) != nil {
			t.Errorf("byte %d of log.head: not found", i)
		}
		if i%32 == 0 {
			mustWriteFile(t, filepath.Join(s.dir, headName), s.head)
			s.harmless(t, fmt.Sprintf("byte %d of log.head", i))
		}
		s.head[i] ^= 0x04
	}
}

// Without the newest meta page bbolt would take the commit before, and one
// acknowledged append would be gone. Here the last is the claim of partition 3.
func TestLostCommitIsFound(t *testing.T) {
	s := newSample(t)
	db, h := s.running, decodeHead(s.runningHead)
	m, err := readMetas(bytes.NewReader(db))
	if err != nil {
		t.Fatal(err)
	}
	check := func(h *head) (sound, error) { return checkFile(t.Context(), bytes.NewReader(db), h, nil) }
	end := func(slot uint64) int { return int(slot%2)*pageSize + metaBytes - 1 }
	var damage *domain.Damage

	db[end(m.newest.txid)] ^= 1
	if _, err := check(h); !errors.As(err, &damage) || damage.Place != "partition 3, frames from seq 1 on (events 1 to 1)" {
		t.Errorf("the newest meta page: %v", err)
	}
	if _, err := check(nil); !errors.As(err, &damage) {
		t.Errorf("the newest meta page, no log.head: %v", err)
	}
	db[end(m.older.txid)] ^= 1
	if _, err := check(nil); !errors.As(err, &damage) {
		t.Errorf("both meta pages: %v", err)
	}
	db[end(m.newest.txid)] ^= 1
	if _, err := check(h); err != nil {
		t.Errorf("the older meta page, which nobody needs: %v", err)
	}
	db[end(m.older.txid)] ^= 1

	// Its pages: with log.head it is known that they were whole.
	root := int(m.newest.root) * pageSize
	for i := range 200 {
		db[root+i] ^= 8
		if _, err := check(h); !errors.As(err, &damage) {
			t.Errorf("byte %d of the newest root page: %v", i, err)
		}
		db[root+i] ^= 8
	}
}
