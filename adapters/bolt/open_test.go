package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/domain"

	"go.etcd.io/bbolt"
)

func TestOpenRefuses(t *testing.T) {
	ours := func(t *testing.T, dir string) { mustClose(t, mustOpen(t, dir, testOptions(2))) }
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		create  bool
		want    error
		says    string
	}{
		{"no directory", func(t *testing.T, dir string) { os.Remove(dir) }, false, ErrNoLog, "no log in DIR: there is no such directory; check the path"},
		{"an empty directory", func(*testing.T, string) {}, false, ErrNoLog, "no log in DIR: the directory is empty; check the path"},
		{"other files", func(t *testing.T, dir string) { mustWriteFile(t, filepath.Join(dir, "thesis.tex"), nil) }, false, ErrForeign, `such as "thesis.tex"; give the log a directory of its own`},
		{"other files, to be created in", func(t *testing.T, dir string) { mustWriteFile(t, filepath.Join(dir, "thesis.tex"), nil) }, true, ErrForeign, `such as "thesis.tex"; give the log a directory of its own`},
		{"an empty log.db", func(t *testing.T, dir string) { mustWriteFile(t, Path(dir), nil) }, true, ErrForeign, "log.db is another program's file"},
		{"a short log.db", func(t *testing.T, dir string) { mustWriteFile(t, Path(dir), []byte("hello")) }, false, ErrForeign, "log.db is another program's file"},
		{"a log.db that is no bbolt file", func(t *testing.T, dir string) { mustWriteFile(t, Path(dir), make([]byte, 1<<16)) }, false, ErrForeign, "log.db is another program's file"},
		{"a bbolt file of another program", func(t *testing.T, dir string) { foreignBolt(t, dir, pageSize) }, false, ErrForeign, "log.db is another program's file"},
		{"a bbolt file with other pages", func(t *testing.T, dir string) { foreignBolt(t, dir, 4096) }, true, ErrForeign, "log.db is another program's file"},
		{"a newer format", func(t *testing.T, dir string) { ours(t, dir); newerFormat(t, dir) }, false, ErrNewer, "its format is 2, this program knows 1; use the program that wrote it"},
		{"another log", func(t *testing.T, dir string) { ours(t, dir) }, true, ErrOtherLog, "with 2 partitions, not 01900000-0000-0000-0000-000000000001 with 4; give a directory of its own"},
		{"log.db is lost", func(t *testing.T, dir string) { ours(t, dir); os.Remove(Path(dir)) }, true, nil, "damaged log: log.db: it is missing, and log.head is there; restore"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.prepare(t, dir)
			o := testOptions(4)
			if !c.create {
				o.Create = nil
			}
			l, err := Open(t.Context(), dir, o)
			if err == nil {
				l.Close()
				t.Fatal("it opens")
			}
			line := strings.ReplaceAll(err.Error(), dir, "DIR")
			if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(line, c.says) || strings.Contains(line, "\n") {
				t.Errorf("got  %s\nwant %s", line, c.says)
			}
			if c.create {
				return
			}
			if _, err := Check(t.Context(), dir, nil); err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != line {
				t.Errorf("Check: %v\nOpen:  %s", err, line)
			}
		})
	}
}

func foreignBolt(t *testing.T, dir string, page int) {
	t.Helper()
	db, err := bbolt.Open(Path(dir), filePerm, &bbolt.Options{PageSize: page})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("wallets"))
		if err != nil {
			return err
		}
		return b.Put([]byte("k"), []byte("v"))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func newerFormat(t *testing.T, dir string) {
	t.Helper()
	db, _, err := openDB(Path(dir), false, func(*os.File) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b := encodeIdentity(domain.Identity{ID: testID, Partitions: 2})
		b[len(identityMagic)+1]++
		b = append(b[:len(b)-4], "and something new"...)
		sum := checksum(b)
		return tx.Bucket(metaBucket).Put(identityKey, append(b, byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, testOptions(1))
	inUse := func(err error) {
		t.Helper()
		if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "in use by another process; end that one first") {
			t.Errorf("beside a writer: %v", err)
		}
	}
	_, err := Open(t.Context(), dir, testOptions(1))
	inUse(err)
	_, err = Open(t.Context(), dir, Options{ReadOnly: true})
	inUse(err)
	_, err = Check(t.Context(), dir, nil)
	inUse(err)
	mustClose(t, l)
	mustClose(t, l)
	if _, err := l.Own(t.Context(), 0); !errors.Is(err, domain.ErrClosed) {
		t.Errorf("Own of a closed log: %v", err)
	}
	if _, err := l.End(t.Context()); !errors.Is(err, domain.ErrClosed) {
		t.Errorf("End of a closed log: %v", err)
	}
	one, two := mustOpen(t, dir, Options{ReadOnly: true}), mustOpen(t, dir, Options{ReadOnly: true})
	if _, err := Check(t.Context(), dir, nil); err != nil {
		t.Errorf("Check beside readers: %v", err)
	}
	if _, err := one.Own(t.Context(), 0); err == nil {
		t.Error("a log that is open for reading can be owned")
	}
	_, err = Open(t.Context(), dir, testOptions(1))
	inUse(err)
	mustClose(t, one)
	mustClose(t, two)
}

// A creation that was cut off is begun again, and one log comes of several
// that are made at once.
func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := os.MkdirAll(dir, dirPerm); err != nil {
		t.Fatal(err)
	}
	mustWriteFile(t, filepath.Join(dir, newName), []byte("half a log"))
	results := make(chan error)
	for range 4 {
		go func() {
			l, err := Open(context.Background(), dir, testOptions(3))
			if err == nil {
				err = l.Close()
			}
			results <- err
		}()
	}
	for range 4 {
		if err := <-results; err != nil && !errors.Is(err, ErrInUse) {
			t.Error(err)
		}
	}
	l := mustOpen(t, dir, testOptions(3))
	w, feed := mustOwn(t, l, 2)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, 0), 3, 1, 100))
	mustClose(t, l)
	if _, err := os.Stat(filepath.Join(dir, newName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", newName, err)
	}
	if info, err := os.Stat(Path(dir)); err != nil || info.Mode().Perm() != filePerm {
		t.Errorf("log.db: %v, %v", info.Mode(), err)
	}
	for _, bad := range []domain.Identity{{Partitions: 1}, {ID: testID}, {ID: testID, Partitions: domain.MaxPartitions + 1}} {
		if _, err := Open(t.Context(), t.TempDir(), Options{Clock: domain.NewManualClock(noon), Create: &bad}); err == nil {
			t.Errorf("a log of %v can be created", bad)
		}
	}
}

func TestManyPartitions(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, testOptions(domain.MaxPartitions))
	for _, p := range []domain.Partition{0, 511, domain.MaxPartitions - 1} {
		w, feed := mustOwn(t, l, p)
		mustAppend(t, w, feed.Events(adaptertest.Command(int(p), 0), 30, 3, 600))
	}
	want := mustRead(t, l)
	mustClose(t, l)
	var progress []string
	r, err := Check(t.Context(), dir, func(done, total int64) { progress = append(progress, fmt.Sprint(done <= total)) })
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Partitions[511]; r.Events != 93 || r.Events != r.Cut.Events() || p.Events != 31 || p.Frames != 6 || p.Bytes < 30*1000 || r.Frames != 18 {
		t.Errorf("the report is %d events, %d frames; partition 511: %+v", r.Events, r.Frames, p)
	}
	if len(progress) == 0 || strings.Contains(fmt.Sprint(progress), "false") {
		t.Errorf("progress: %v", progress)
	}
	if got := mustRead(t, mustOpen(t, dir, Options{ReadOnly: true})); len(got) != len(want) {
		t.Errorf("%d events, want %d", len(got), len(want))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Check(ctx, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled check: %v", err)
	}
}
