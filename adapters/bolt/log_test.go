package bolt

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/domain"
)

var (
	testID = domain.LogID{0x01, 0x90, 15: 1}
	noon   = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
)

func testOptions(partitions int) Options {
	return Options{
		Clock: domain.NewManualClock(noon), Owner: "tester",
		Create: &domain.Identity{ID: testID, Partitions: partitions},
	}
}

func mustOpen(t testing.TB, dir string, o Options) *Log {
	t.Helper()
	l, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func mustClose(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustOwn(t testing.TB, l *Log, p domain.Partition) (domain.Writer, *adaptertest.Feed) {
	t.Helper()
	w, err := l.Own(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	var past []domain.Recorded
	from, to := l.Identity().Start(), l.Identity().Start()
	to.End[p] = w.Claim().Position.Seq
	for r, err := range l.Read(t.Context(), from, to) {
		if err != nil {
			t.Fatal(err)
		}
		past = append(past, r)
	}
	return w, adaptertest.NewFeed(w.Claim(), past...)
}

func mustAppend(t testing.TB, w domain.Writer, events []domain.Recorded) {
	t.Helper()
	if err := w.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t testing.TB, l *Log) []domain.Recorded {
	t.Helper()
	all, err := readAll(t, l)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func readAll(t testing.TB, l *Log) ([]domain.Recorded, error) {
	end, err := l.End(t.Context())
	if err != nil {
		return nil, err
	}
	var out []domain.Recorded
	for r, err := range l.Read(t.Context(), l.Identity().Start(), end) {
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

func TestLog(t *testing.T) {
	adaptertest.LogSuite(t, func(t *testing.T, partitions int) adaptertest.Harness {
		dir := filepath.Join(t.TempDir(), "data")
		l := mustOpen(t, dir, testOptions(partitions))
		return adaptertest.Harness{Log: l, Reopen: func(t *testing.T) domain.Log {
			mustClose(t, l)
			l = mustOpen(t, dir, testOptions(partitions))
			return l
		}}
	})
}

// The same identity, clock and appends give the same files.
func TestSameBytes(t *testing.T) {
	var files [2][2][]byte
	for run := range files {
		dir := t.TempDir()
		for session := range 2 {
			l := mustOpen(t, dir, testOptions(5))
			for p := range domain.Partition(3) {
				w, feed := mustOwn(t, l, p)
				for i := range 40 {
					mustAppend(t, w, feed.Events(adaptertest.Command(session, 100*int(p)+i), 1+i*i%90, 3, 600))
				}
			}
			mustClose(t, l)
		}
		for i, name := range []string{dbName, headName} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			files[run][i] = b
		}
	}
	for i, name := range []string{dbName, headName} {
		if !bytes.Equal(files[0][i], files[1][i]) {
			t.Errorf("%s differs between two runs", name)
		}
	}
}
