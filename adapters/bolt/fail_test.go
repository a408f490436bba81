package bolt

import (
	"context"
	"errors"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/domain"

	"golang.org/x/sys/unix"
)

// limitFiles lets files grow to that many bytes: the next best thing to a full
// disk.
func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: min(bytes, old.Max), Max: old.Max}); err != nil {
		t.Fatal(err)
	}
}

func TestFullDisk(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	l := mustOpen(t, t.TempDir(), testOptions(2))
	w, feed := mustOwn(t, l, 0)
	limitFiles(t, 3<<20)
	defer limitFiles(t, math.MaxUint64)
	var full error
	number := 0
	for ; full == nil && number < 100; number++ {
		files := l.file
		events := feed.Events(adaptertest.Command(0, number), 64, 3, 600)
		if full = w.Append(t.Context(), events); full != nil {
			feed = goOn(t, l, w)
		}
		if l.file != files {
			t.Fatal("the files were opened again, and nothing was in doubt")
		}
	}
	if !errors.Is(full, domain.ErrFull) || errors.Is(full, domain.ErrUnknown) {
		t.Fatalf("no room: %v, want ErrFull", full)
	}
	if err := w.Append(t.Context(), feed.Events(adaptertest.Command(0, 100), 5000, 3, 600)); !errors.Is(err, domain.ErrFull) {
		t.Fatalf("no room, again: %v, want ErrFull", err)
	}
	feed = goOn(t, l, w)
	if err := adaptertest.CheckDense(mustRead(t, l)); err != nil {
		t.Fatal(err)
	}
	limitFiles(t, math.MaxUint64)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, number), 64, 3, 600))
	all := mustRead(t, l)
	if err := adaptertest.CheckDense(all); err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	if got := mustRead(t, mustOpen(t, l.Dir(), testOptions(2))); !reflect.DeepEqual(got, all) {
		t.Error("reopened, the events differ")
	}
}

// goOn makes a feed for a writer that goes on where the log ends.
func goOn(t *testing.T, l *Log, w domain.Writer) *adaptertest.Feed {
	t.Helper()
	past := mustRead(t, l)
	claim, last := w.Claim(), past[len(past)-1]
	claim.Position.Seq, claim.Time = last.Position.Seq, last.Time
	return adaptertest.NewFeed(claim, past...)
}

// After a write of unknown outcome nothing more is appended until the
// partition is owned again, from what the disk holds.
func TestUnknownOutcome(t *testing.T) {
	l := mustOpen(t, t.TempDir(), testOptions(2))
	w0, f0 := mustOwn(t, l, 0)
	w1, f1 := mustOwn(t, l, 1)
	mustAppend(t, w0, f0.Events(adaptertest.Command(0, 0), 3, 1, 100))
	if err := l.file.Close(); err != nil { // every write fails from here on
		t.Fatal(err)
	}
	for i := range 2 {
		if err := w0.Append(t.Context(), f0.Events(adaptertest.Command(0, 1+i), 2, 1, 100)); !errors.Is(err, domain.ErrUnknown) {
			t.Fatalf("a failed write: %v, want ErrUnknown", err)
		}
	}
	if err := w1.Append(t.Context(), f1.Events(adaptertest.Command(1, 0), 2, 1, 100)); !errors.Is(err, domain.ErrUnknown) {
		t.Fatalf("while it is in doubt: %v, want ErrUnknown", err)
	}
	if n := len(mustRead(t, l)); n != 5 {
		t.Fatalf("%d events while it is in doubt, want 5", n)
	}
	for p := range domain.Partition(2) {
		w, f := mustOwn(t, l, p)
		mustAppend(t, w, f.Events(adaptertest.Command(2, int(p)), 2, 1, 100))
	}
	if err := w0.Append(t.Context(), nil); !errors.Is(err, domain.ErrUnknown) {
		t.Fatalf("the writer of the failed append: %v, want ErrUnknown", err)
	}
	if err := adaptertest.CheckDense(mustRead(t, l)); err != nil {
		t.Fatal(err)
	}
}

// Damage that appears while the log is open.
func TestDamageWhileOpen(t *testing.T) {
	s := newSample(t)
	l := mustOpen(t, s.dir, Options{ReadOnly: true})
	f, err := os.OpenFile(Path(s.dir), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	hit := s.frames[len(s.frames)/2]
	for _, offset := range []int{hit.from + 50, hit.to - 1} {
		b := []byte{s.db[offset] ^ 0x20}
		if _, err := f.WriteAt(b, int64(offset)); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t, l)
		var damage *domain.Damage
		if !errors.As(err, &damage) || !strings.HasPrefix(hit.name, damage.Place) {
			t.Errorf("Read: %v", err)
		}
		if !reflect.DeepEqual(got, s.events[:len(got)]) {
			t.Error("the events before the damage differ")
		}
		if _, err := f.WriteAt(s.db[offset:offset+1], int64(offset)); err != nil {
			t.Fatal(err)
		}
	}
	// The file is cut off: reading the map faults.
	if err := f.Truncate(3 * pageSize); err != nil {
		t.Fatal(err)
	}
	var damage *domain.Damage
	if _, err := readAll(t, l); !errors.As(err, &damage) {
		t.Errorf("Read of a file that was cut off: %v", err)
	}
}

// hold keeps the committer waiting until the function it gives is called.
func hold(t *testing.T, l *Log) (release func()) {
	t.Helper()
	tx, err := l.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

// waitUntil is for what another goroutine is about to do.
func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not yet", what)
		}
	}
}

func TestCancelledWhileWaiting(t *testing.T) {
	l := mustOpen(t, t.TempDir(), testOptions(3))
	var writers [3]domain.Writer
	var feeds [3]*adaptertest.Feed
	for p := range domain.Partition(3) {
		writers[p], feeds[p] = mustOwn(t, l, p)
	}
	release := hold(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	answers := make([]chan error, 3)
	batches := make([][]domain.Recorded, 3)
	send := func(p int, ctx context.Context) {
		answers[p] = make(chan error, 1)
		batches[p] = feeds[p].Events(adaptertest.Command(p, 0), 2, 1, 100)
		go func() { answers[p] <- writers[p].Append(ctx, batches[p]) }()
	}
	taken, err := writers[0].(*writer).request(feeds[0].Events(adaptertest.Command(0, 0), 2, 1, 100))
	if err != nil {
		t.Fatal(err)
	}
	inDoubt := make(chan error, 1)
	go func() { inDoubt <- l.submit(ctx, taken) }()
	waitUntil(t, "the first append to be taken", func() bool { return taken.state.Load() == stateTaken })
	send(1, ctx)         // waits, and is withdrawn
	send(2, t.Context()) // waits, and is written
	waitUntil(t, "the others to queue up", func() bool { return len(l.queue) == 2 })
	cancel()
	if err := <-answers[1]; !errors.Is(err, context.Canceled) || errors.Is(err, domain.ErrUnknown) {
		t.Errorf("an append that waits: %v, want it withdrawn", err)
	}
	if err := <-inDoubt; !errors.Is(err, domain.ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("an append that is being written: %v, want ErrUnknown", err)
	}
	release()
	if err := <-answers[2]; err != nil {
		t.Errorf("an append whose caller waits: %v", err)
	}
	mustAppend(t, writers[1], batches[1]) // withdrawn: the writer is still good
	all := mustRead(t, l)
	if err := adaptertest.CheckDense(all); err != nil || len(all) != 9 {
		t.Errorf("%d events, want 9: %v", len(all), err)
	}
}

func TestOverloaded(t *testing.T) {
	l := mustOpen(t, t.TempDir(), testOptions(2))
	release := hold(t, l)
	answers := make(chan error)
	const callers = 3 * MaxWaiting // the committer has taken up to MaxWaiting already
	for range callers {
		go func() {
			_, err := l.Own(context.Background(), 1)
			answers <- err
		}()
	}
	for range MaxWaiting {
		if err := <-answers; !errors.Is(err, domain.ErrOverloaded) {
			t.Fatalf("%v, want ErrOverloaded", err)
		}
	}
	release()
	owned := 0
	for range callers - MaxWaiting {
		switch err := <-answers; {
		case err == nil:
			owned++
		case !errors.Is(err, domain.ErrOverloaded):
			t.Fatal(err)
		}
	}
	if end, _ := l.ends(); end.Events() != uint64(owned) || owned < MaxWaiting {
		t.Errorf("%d takeovers, %d events", owned, end.Events())
	}
	w, f := mustOwn(t, l, 0)
	if err := w.Append(t.Context(), make([]domain.Recorded, MaxAppendEvents+1)); err == nil {
		t.Error("an append of too many events is taken")
	}
	if err := w.Append(t.Context(), f.Events(adaptertest.Command(0, 0), 5, 1, MaxAppendBytes/4)); err == nil || isLost(err) {
		t.Errorf("an append of too many bytes: %v", err)
	}
}

func TestCheckpoints(t *testing.T) {
	dir := t.TempDir()
	s := Checkpoints(dir)
	load := func(name string, revision int) []byte {
		t.Helper()
		b, err := s.Load(name, revision)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if b := load("partition-0", 1); b != nil {
		t.Errorf("nothing was saved, and it gives %q", b)
	}
	for i, data := range []string{"first", "second, and longer", "", "x"} {
		if err := s.Save("partition-0", 1, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got := Checkpoints(dir); i > 0 {
			s = got
		}
		if b := load("partition-0", 1); string(b) != data || b == nil {
			t.Errorf("saved %q, got %q", data, b)
		}
	}
	if b := load("partition-0", 2); b != nil {
		t.Errorf("another revision gives %q", b)
	}
	if err := s.Save("partition-1", 1, []byte("some folded state")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, checkpointsName, "partition-1")
	whole := mustReadFile(t, path)
	for i := range whole {
		whole[i] ^= 0x40
		mustWriteFile(t, path, whole)
		if b := load("partition-1", 1); b != nil {
			t.Errorf("byte %d is flipped, and it gives %q", i, b)
		}
		whole[i] ^= 0x40
		mustWriteFile(t, path, whole[:i])
		if b := load("partition-1", 1); b != nil {
			t.Errorf("it is cut off at %d, and gives %q", i, b)
		}
	}
	mustWriteFile(t, filepath.Join(dir, checkpointsName, "partition-2"), whole)
	if b := load("partition-2", 1); b != nil {
		t.Errorf("under another name it gives %q", b)
	}
	for _, name := range []string{"", ".", "..", "../log", "a/b", "A", "a.new", "-f", "ä", "a b", string(make([]byte, 65))} {
		if err := s.Save(name, 1, nil); err == nil {
			t.Errorf("%q is taken as a name", name)
		}
		if _, err := s.Load(name, 1); err == nil {
			t.Errorf("%q is looked for", name)
		}
	}
}
