package bolt

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/domain"
	"dendro/domain/directory"

	"go.etcd.io/bbolt"
)

func mustOpenDirectory(t testing.TB, dir string) *Directory {
	t.Helper()
	d, err := OpenDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustCloseDirectory(t, d) })
	return d
}

func mustCloseDirectory(t testing.TB, d *Directory) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustAdd(t testing.TB, d *Directory, people ...directory.Person) {
	t.Helper()
	for _, p := range people {
		if _, err := d.Add(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDirectory(t *testing.T) {
	adaptertest.DirectorySuite(t, func(t *testing.T) (directory.Directory, func(*testing.T) directory.Directory) {
		dir := t.TempDir()
		d := mustOpenDirectory(t, dir)
		return d, func(t *testing.T) directory.Directory {
			mustCloseDirectory(t, d)
			d = mustOpenDirectory(t, dir)
			return d
		}
	})
}

func TestDirectoryIsOfOneProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "campaign")
	d := mustOpenDirectory(t, dir)
	if _, err := OpenDirectory(dir); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "end that one first") {
		t.Errorf("opened again: %v, want ErrInUse and what to do", err)
	}
	mustAdd(t, d, adaptertest.SomePerson(1))
	if err := d.Erase(t.Context(), adaptertest.SomePerson(1).ID); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDirectory(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("opened again when rewritten: %v, want ErrInUse", err)
	}
	mustCloseDirectory(t, d)
	if _, err := d.Person(t.Context(), adaptertest.SomePerson(1).ID); !errors.Is(err, directory.ErrClosed) {
		t.Errorf("read when closed: %v, want ErrClosed", err)
	}
	if _, err := d.Add(t.Context(), adaptertest.SomePerson(1)); !errors.Is(err, directory.ErrClosed) {
		t.Errorf("written when closed: %v, want ErrClosed", err)
	}
	for name, want := range map[string]fs.FileMode{".": dirPerm | fs.ModeDir, directoryName: filePerm, directoryLockName: filePerm} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%s: mode %v, want %v", name, info.Mode(), want)
		}
	}
	mustOpenDirectory(t, dir)
}

func TestDirectoryBesideALog(t *testing.T) {
	dir := t.TempDir()
	l := mustOpen(t, dir, testOptions(1))
	mustOpenDirectory(t, dir)
	mustClose(t, l)
	mustOpen(t, dir, testOptions(1))
}

func TestDirectoryOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		make func(path string) error
		want string
	}{
		"some text":        {func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("text "), 9999), filePerm) }, "restore it from a copy"},
		"another database": {func(path string) error { return fillDB(path, nil) }, "restore it from a copy"},
		"a part of one": {func(path string) error {
			return fillDB(path, func(tx *bbolt.Tx) error {
				return errors.Join(createTables(tx), tx.DeleteBucket(loginTable))
			})
		}, "restore it from a copy"},
		"a newer one": {func(path string) error {
			return fillDB(path, func(tx *bbolt.Tx) error {
				return errors.Join(createTables(tx), tx.Bucket(aboutTable).Put(formatKey, []byte{0, 9}))
			})
		}, "use the program that wrote it"},
	} {
		dir := t.TempDir()
		if err := c.make(filepath.Join(dir, directoryName)); err != nil {
			t.Fatal(err)
		}
		d, err := OpenDirectory(dir)
		if err == nil {
			t.Errorf("%s opens", name)
			mustCloseDirectory(t, d)
		} else if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q, want one line with %q", name, err, c.want)
		}
	}
}

// What a creation that was cut off has left is no directory yet.
func TestDirectoryCreationCutOff(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole")
	if err := fillDB(whole, createTables); err != nil {
		t.Fatal(err)
	}
	b := mustReadFile(t, whole)
	for _, part := range []int{0, 1, directoryPage, len(b) / 2, len(b)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, newDirectoryName), b[:part], filePerm); err != nil {
			t.Fatal(err)
		}
		d := mustOpenDirectory(t, dir)
		mustAdd(t, d, adaptertest.SomePerson(1))
		if _, err := os.Stat(d.path(newDirectoryName)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d bytes are left behind: %v", part, err)
		}
	}
}

func fillDB(path string, fill func(*bbolt.Tx) error) error {
	db, err := bbolt.Open(path, filePerm, nil)
	if err != nil {
		return err
	}
	if fill != nil {
		err = db.Update(fill)
	}
	return errors.Join(err, db.Close())
}

// What queues up while a transaction is under way is one transaction.
func TestDirectoryGroupsChanges(t *testing.T) {
	const callers = 64
	d := mustOpenDirectory(t, t.TempDir())
	held, err := d.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	before := held.ID()
	var queued []*change
	for i := range callers {
		c := &change{ctx: t.Context(), made: make(chan struct{}), do: func(t *tables) error {
			_, err := t.add(adaptertest.SomePerson(i))
			return err
		}}
		if err := d.send(c); err != nil {
			t.Fatal(err)
		}
		queued = append(queued, c)
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	for _, c := range queued {
		if <-c.made; c.answer != nil {
			t.Error(c.answer)
		}
	}
	err = d.db.View(func(tx *bbolt.Tx) error {
		if n := tx.ID() - before + 1; n > 2 { // what the keeper had taken already, and the rest
			t.Errorf("%d changes at once made %d transactions, want at most 2", callers, n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A change whose caller has gone before its turn is not made.
func TestDirectoryWithdrawnChange(t *testing.T) {
	d := mustOpenDirectory(t, t.TempDir())
	held, err := d.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	go func() {
		_, err := d.Add(ctx, adaptertest.SomePerson(1))
		answer <- err
	}()
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Errorf("the change is answered %v, want context.Canceled", err)
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, d, adaptertest.SomePerson(2))
	if _, err := d.Person(t.Context(), adaptertest.SomePerson(1).ID); !errors.Is(err, directory.ErrUnknown) {
		t.Errorf("the withdrawn row: %v, want ErrUnknown", err)
	}
}

// When a commit fails, the directory goes on from what the disk holds.
func TestDirectoryFailedCommit(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	const most = 2000
	large := func(i int) directory.Person {
		p := adaptertest.SomePerson(i)
		p.Notes = strings.Repeat("x", directory.MaxNotes)
		return p
	}
	d := mustOpenDirectory(t, t.TempDir())
	limitFiles(t, 3<<19) // of the process, which also writes a journal of its tests
	defer limitFiles(t, math.MaxUint64)
	kept := 0
	for kept < most {
		if _, err := d.Add(t.Context(), large(kept)); err != nil {
			break
		}
		kept++
	}
	if kept == most {
		t.Fatalf("%d rows are added where there is no room for them", most)
	}
	if p, err := d.Person(t.Context(), large(0).ID); err != nil || p != large(0) {
		t.Errorf("a row from before: %v, %v", p, err)
	}
	limitFiles(t, math.MaxUint64)
	doubtful := d.db
	mustAdd(t, d, large(kept))
	if d.db == doubtful {
		t.Error("it goes on from what it had in memory")
	}
	for i := range kept + 1 {
		if p, err := d.Person(t.Context(), large(i).ID); err != nil || p != large(i) {
			t.Fatalf("afterwards row %d is %v, %v", i, p, err)
		}
	}
}

// A file that can't be opened again is told of, and tried again.
func TestDirectoryLost(t *testing.T) {
	d := mustOpenDirectory(t, t.TempDir())
	mustAdd(t, d, adaptertest.SomePerson(1))
	d.doubt = true
	path, aside := d.path(directoryName), d.path("aside")
	if err := os.Rename(path, aside); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, dirPerm); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := d.Add(t.Context(), adaptertest.SomePerson(2)); err == nil {
			t.Fatal("a row is added to a file that is gone")
		}
		if _, err := d.Person(t.Context(), adaptertest.SomePerson(1).ID); err == nil || errors.Is(err, directory.ErrUnknown) {
			t.Fatalf("a row of a file that is gone: %v", err)
		}
	}
	if err := errors.Join(os.Remove(path), os.Rename(aside, path)); err != nil {
		t.Fatal(err)
	}
	mustAdd(t, d, adaptertest.SomePerson(2))
	if _, err := d.Person(t.Context(), adaptertest.SomePerson(1).ID); err != nil {
		t.Error(err)
	}
}

func BenchmarkDirectory(b *testing.B) {
	const people = 100_000
	d := mustOpenDirectory(b, b.TempDir())
	for from := 0; from < people; from += 1000 {
		err := d.change(b.Context(), false, func(t *tables) error {
			for i := from; i < from+1000; i++ {
				p := adaptertest.SomePerson(i)
				p.ID[13] = byte(i >> 16)
				p.Login.Username += string(rune('a' + i>>16))
				if _, err := t.add(p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	some := adaptertest.SomePerson(777)
	some.Login.Username += "a"
	client := adaptertest.SomeClient(1)
	if err := d.AddClient(b.Context(), client); err != nil {
		b.Fatal(err)
	}
	b.Run("ByLogin", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.ByLogin(b.Context(), some.Client, some.Login); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ByKey", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.ByKey(b.Context(), client.KeyHash); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("List page of 100", func(b *testing.B) {
		q := directory.Query{Order: directory.ByDisplayName, After: &directory.Key{Name: "Name 5"}, Max: 100}
		for b.Loop() {
			if got, err := d.List(b.Context(), q); err != nil || len(got) != 100 {
				b.Fatal(len(got), err)
			}
		}
	})
	b.Run("List search in vain", func(b *testing.B) {
		q := directory.Query{Order: directory.ByDisplayName, Search: "nobody", Max: 100}
		for b.Loop() {
			if _, err := d.List(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
	})
	added := people
	next := func() directory.Person {
		added++
		p := some
		p.ID = domain.ContributorID{0: 2, 12: byte(added >> 24), 13: byte(added >> 16), 14: byte(added >> 8), 15: byte(added)}
		p.Login.Username = p.ID.String()
		return p
	}
	b.Run("Add", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.Add(b.Context(), next()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Add by 64", func(b *testing.B) {
		for b.Loop() {
			var wg sync.WaitGroup
			for range 64 {
				p := next()
				wg.Go(func() {
					if _, err := d.Add(b.Context(), p); err != nil {
						b.Error(err)
					}
				})
			}
			wg.Wait()
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(64*b.N), "µs/row")
	})
	b.Run("Add and erase", func(b *testing.B) {
		for b.Loop() {
			p := next()
			if _, err := d.Add(b.Context(), p); err != nil {
				b.Fatal(err)
			}
			if err := d.Erase(b.Context(), p.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}
