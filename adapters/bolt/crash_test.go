package bolt

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/domain"
)

// crashDir makes the test binary the child of TestKilled.
const crashDir = "DENDRO_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := appendForever(dir, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

const crashPartitions = 3

// appendForever appends to all partitions at once, and prints each event that
// was acknowledged.
func appendForever(dir string, out io.Writer) error {
	l, err := Open(context.Background(), dir, testOptions(crashPartitions))
	if err != nil {
		return err
	}
	var mu sync.Mutex
	errs := make(chan error)
	for p := range domain.Partition(crashPartitions) {
		go func() {
			w, err := l.Own(context.Background(), p)
			if err != nil {
				errs <- err
				return
			}
			feed := adaptertest.NewFeed(w.Claim(), crashPast(l, w)...)
			for i := 0; ; i++ {
				events := feed.Events(adaptertest.Command(int(w.Claim().Epoch), i<<4|int(p)), 1+i%20, 2, 400)
				if err := w.Append(context.Background(), events); err != nil {
					errs <- err
					return
				}
				mu.Lock()
				for _, r := range events {
					fmt.Fprintf(out, "%s %s\n", r.Position, r.ID)
				}
				mu.Unlock()
			}
		}()
	}
	return <-errs
}

// crashPast are the events before the claim; streams go on behind them.
func crashPast(l *Log, w domain.Writer) []domain.Recorded {
	c := w.Claim().Position
	from, to := l.Identity().Start(), l.Identity().Start()
	to.End[c.Partition] = c.Seq
	var out []domain.Recorded
	for r, err := range l.Read(context.Background(), from, to) {
		if err != nil {
			panic(err) // in the child: the parent sees it end
		}
		out = append(out, r)
	}
	return out
}

// A process that is killed at any time loses nothing that it acknowledged, and
// its log is never found damaged.
func TestKilled(t *testing.T) {
	const rounds = 20
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(7, 8))
	acknowledged := make(map[string]bool)
	for round := range rounds {
		// From before there is a log, or from the first answer on.
		begin := time.Duration(rng.IntN(60)) * time.Millisecond
		for _, line := range killed(t, dir, begin, round%4 > 0) {
			if acknowledged[line] {
				t.Fatalf("round %d: event %s was acknowledged twice", round, line)
			}
			acknowledged[line] = true
		}
		if _, err := os.Stat(Path(dir)); err != nil {
			continue // killed before there was a log
		}
		l := mustOpen(t, dir, testOptions(crashPartitions))
		all := mustRead(t, l)
		mustClose(t, l)
		if err := adaptertest.CheckDense(all); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		there := make(map[string]bool)
		for _, r := range all {
			there[fmt.Sprintf("%s %s", r.Position, r.ID)] = true
		}
		for line := range acknowledged {
			if !there[line] {
				t.Fatalf("round %d: event %s was acknowledged, and is gone", round, line)
			}
		}
	}
	t.Logf("%d events acknowledged in %d rounds", len(acknowledged), rounds)
	if len(acknowledged) < 100 {
		t.Error("the children were killed too early to show anything")
	}
}

// killed runs a child, kills it so long after its start or its first answer,
// and gives the whole lines that it printed.
func killed(t *testing.T, dir string, after time.Duration, answered bool) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first, all := make(chan struct{}), make(chan []string)
	var once sync.Once
	go func() {
		var got []string
		defer func() { all <- got }()
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				once.Do(func() { close(first) })
				return
			}
			got = append(got, strings.TrimSpace(line))
			once.Do(func() { close(first) })
		}
	}()
	if answered {
		<-first
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	got := <-all
	_ = cmd.Wait() // it was killed
	if stderr.Len() > 0 {
		t.Fatalf("the child: %s", stderr.String())
	}
	return got
}

// A power cut leaves any part of what a commit was writing. Unless all of it
// is there the log is as before, and goes on from there.
func TestTornCommit(t *testing.T) {
	dir, cutDir := t.TempDir(), t.TempDir()
	l := mustOpen(t, dir, testOptions(2))
	rng := rand.New(rand.NewPCG(9, 10))
	w0, f0 := mustOwn(t, l, 0)
	w1, f1 := mustOwn(t, l, 1)
	files := func() (db, head []byte) {
		db = mustReadFile(t, Path(dir))
		m, err := readMetas(bytes.NewReader(db))
		if err != nil {
			t.Fatal(err)
		}
		return db[:m.newest.pages*pageSize], mustReadFile(t, l.head.Name())
	}
	before, headBefore := files()
	torn, whole := 0, 0
	for i := range 16 {
		endBefore, _ := l.ends()
		w, f := w0, f0
		if i%3 == 0 {
			w, f = w1, f1
		}
		mustAppend(t, w, f.Events(adaptertest.Command(0, i), 1+rng.IntN(60), 2, 300))
		endAfter, _ := l.ends()
		after, headAfter := files()
		for range 6 {
			half := bytes.Clone(before)
			half = append(half, make([]byte, max(0, len(after)-len(half)))...)
			all := true
			share := rng.IntN(5) // from nothing but the meta page to nearly everything
			for at := 0; at < len(after); at += 512 {
				if at == newestSlot(t, after)*pageSize || rng.IntN(4) < share {
					copy(half[at:at+512], after[at:at+512])
				} else if !bytes.Equal(half[at:at+512], after[at:at+512]) {
					all = false
				}
			}
			h, want := headBefore, endBefore
			if rng.IntN(2) == 0 {
				h = nil // or older: it is not synced
			}
			s, err := checkFile(t.Context(), bytes.NewReader(half), decodeHead(h), nil)
			if err != nil {
				t.Fatalf("commit %d: %v", i, err)
			}
			if all || !s.torn { // what is missing may be the unused end of a page
				want = endAfter
				whole++
			} else {
				torn++
			}
			if !s.report.Cut.Equal(want) || all && s.torn {
				t.Fatalf("commit %d: the log ends at %s, want %s; taken back: %t", i, s.report.Cut, want, s.torn)
			}
			// Had it been acknowledged, it would be damage.
			if _, err := checkFile(t.Context(), bytes.NewReader(half), decodeHead(headAfter), nil); (err == nil) == s.torn {
				t.Fatalf("commit %d, acknowledged; taken back: %t, %v", i, s.torn, err)
			}
			if s.torn && i%6 == 0 {
				goOnFrom(t, cutDir, half, h, endBefore)
			}
		}
		before, headBefore = after, headAfter
	}
	if torn < 20 || whole < 10 {
		t.Errorf("%d commits torn, %d whole: the cuts are badly chosen", torn, whole)
	}
}

// goOnFrom opens a log that a power cut has left, twice, and appends to it.
func goOnFrom(t *testing.T, dir string, db, head []byte, end domain.Cut) {
	t.Helper()
	mustWriteFile(t, Path(dir), db)
	mustWriteFile(t, filepath.Join(dir, headName), head)
	if _, err := Open(t.Context(), dir, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "start it once") {
		t.Fatalf("opened for reading only: %v", err)
	}
	for range 2 {
		l := mustOpen(t, dir, testOptions(2))
		if got, _ := l.ends(); !got.Equal(end) {
			t.Fatalf("opened, the log ends at %s, want %s", got, end)
		}
		w, f := mustOwn(t, l, 1)
		mustAppend(t, w, f.Events(adaptertest.Command(9, int(w.Claim().Epoch)), 5, 2, 300))
		if err := adaptertest.CheckDense(mustRead(t, l)); err != nil {
			t.Fatal(err)
		}
		end, _ = l.ends()
		mustClose(t, l)
	}
}

func newestSlot(t *testing.T, db []byte) int {
	t.Helper()
	m, err := readMetas(bytes.NewReader(db))
	if err != nil || m.bad != nil {
		t.Fatal(err, m.bad)
	}
	return int(m.newest.txid % 2)
}
