package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/domain/directory"
)

// filler is how many rows stand beside those that are erased: enough for
// several pages of every table.
const filler = 400

// mortal is a person with words that are nobody else's, and the words.
func mortal(n int) (directory.Person, []string) {
	p := adaptertest.SomePerson(filler + n)
	words := []string{fmt.Sprintf("Xyzzy%dLogin", n), fmt.Sprintf("Quux%dName", n), fmt.Sprintf("Plugh%dNote", n)}
	p.Login.Username, p.DisplayName, p.Notes = words[0], words[1], "says "+words[2]+" a lot"
	return p, append(words, p.ID.String(), string(p.ID[:]))
}

// addTo is for goroutines, which may not end a test.
func addTo(t *testing.T, d *Directory, p directory.Person) {
	if _, err := d.Add(t.Context(), p); err != nil {
		t.Error(err)
	}
}

// populated is a directory whose mortals have left bytes in free pages.
func populated(t *testing.T, dir string, mortals int) (d *Directory, words [][]string) {
	t.Helper()
	d = mustOpenDirectory(t, dir)
	var wg sync.WaitGroup
	for i := range filler {
		wg.Go(func() { addTo(t, d, adaptertest.SomePerson(i)) })
	}
	wg.Wait()
	for n := range mortals {
		p, said := mortal(n)
		former := p
		former.DisplayName, former.Notes = fmt.Sprintf("Former%dName", n), fmt.Sprintf("Former%dNote", n)
		mustAdd(t, d, former)
		for _, now := range []directory.Person{adaptertest.SomePerson(0), p} { // another row, for more pages
			if err := d.Update(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
		words = append(words, append(said, former.DisplayName, former.Notes))
	}
	return d, words
}

// finds gives which of the words are in some file of the directory, which may
// be rewritten meanwhile.
func finds(t *testing.T, dir string, words []string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) {
				found = append(found, e.Name()+": "+w)
			}
		}
	}
	return found
}

// intact expects the filler, and nobody else but those given.
func intact(t *testing.T, d *Directory, people ...directory.Person) {
	t.Helper()
	for i := range filler {
		want := adaptertest.SomePerson(i)
		if got, err := d.ByLogin(t.Context(), want.Client, want.Login); err != nil || got != want {
			t.Fatalf("a row beside those erased is %v, %v, want %v", got, err, want)
		}
	}
	for _, order := range []directory.Order{directory.ByUsername, directory.ByDisplayName} {
		all, err := d.List(t.Context(), directory.Query{Order: order, Max: 2 * filler})
		if err != nil || len(all) != filler+len(people) {
			t.Fatalf("by %s there are %d rows, %v, want %d", order, len(all), err, filler+len(people))
		}
	}
	for _, want := range people {
		if got, err := d.Person(t.Context(), want.ID); err != nil || got != want {
			t.Fatalf("a row is %v, %v, want %v", got, err, want)
		}
	}
}

func TestEraseLeavesNoByte(t *testing.T) {
	dir := t.TempDir()
	d, words := populated(t, dir, 3)
	for n := range words {
		if len(finds(t, dir, words[n][:3])) != 3 {
			t.Fatalf("before, the files do not hold all of %q: the test looks in the wrong place", words[n][:3])
		}
	}
	if len(finds(t, dir, words[2][5:])) == 0 {
		t.Fatal("an update leaves no former name behind: the test proves nothing of it")
	}
	gone, _ := mortal(2)
	if err := d.Erase(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	if left := finds(t, dir, words[2]); len(left) > 0 {
		t.Fatalf("after the erasure the files hold %q", left)
	}
	rewritten := d.db
	if err := d.Erase(t.Context(), gone.ID); err != nil || d.db != rewritten {
		t.Fatalf("erased again: %v, the file is rewritten in vain: %v", err, d.db != rewritten)
	}
	first, _ := mortal(0)
	second, _ := mortal(1)
	first.Notes = ""
	if err := d.Update(t.Context(), first); err != nil { // the new file is written to
		t.Fatal(err)
	}
	intact(t, d, first, second)
	mustCloseDirectory(t, d)
	d = mustOpenDirectory(t, dir)
	intact(t, d, first, second)
	if left := finds(t, dir, words[2]); len(left) > 0 {
		t.Fatalf("after another start the files hold %q", left)
	}
}

// Whatever moment an erasure is cut off at, the next start has it done.
func TestEraseCutOff(t *testing.T) {
	dir := t.TempDir()
	d, words := populated(t, dir, 1)
	gone, _ := mortal(0)
	crashes := map[string]string{} // what happened last → what the disk holds then
	crash := func(last string) {
		at := t.TempDir()
		if err := os.CopyFS(at, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		crashes[last] = at
	}
	c := &change{ctx: t.Context(), do: func(t *tables) error { return t.erase(gone.ID) }}
	if rewrite, err := d.commit([]*change{c}); err != nil || c.answer != nil || !rewrite {
		t.Fatalf("the removal: rewrite %v, %v, %v", rewrite, err, c.answer)
	}
	crash("the row was removed")
	if len(finds(t, dir, words[0])) == 0 {
		t.Fatal("a removed row leaves no bytes: the test proves nothing")
	}
	db, err := d.compact()
	if err != nil {
		t.Fatal(err)
	}
	crash("the new file was written")
	whole := mustReadFile(t, d.path(newDirectoryName))
	for _, part := range []int{0, 1, directoryPage, 4 * directoryPage, len(whole) / 2, len(whole) - 1} {
		name := fmt.Sprintf("%d bytes of the new file were written", part)
		crash(name)
		if err := os.WriteFile(filepath.Join(crashes[name], newDirectoryName), whole[:part], filePerm); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.adopt(db); err != nil {
		t.Fatal(err)
	}
	crash("the new file took the name")

	for last, at := range crashes {
		t.Run(last, func(t *testing.T) {
			d := mustOpenDirectory(t, at)
			intact(t, d)
			if left := finds(t, at, words[0]); len(left) > 0 {
				t.Errorf("the files hold %q", left)
			}
			if _, err := os.Stat(d.path(newDirectoryName)); err == nil {
				t.Error("the new file is left behind")
			}
			mustAdd(t, d, gone)
			mustCloseDirectory(t, d)
			intact(t, mustOpenDirectory(t, at), gone)
		})
	}
}

// A rewrite that fails is told of, and asked for again is done.
func TestEraseTriedAgain(t *testing.T) {
	dir := t.TempDir()
	d, words := populated(t, dir, 1)
	gone, _ := mortal(0)
	obstacle := filepath.Join(d.path(newDirectoryName), "in the way")
	if err := os.MkdirAll(obstacle, dirPerm); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Erase(t.Context(), gone.ID); err == nil || !strings.Contains(err.Error(), "erase it again") {
			t.Fatalf("no file can be written, and the erasure answers %v", err)
		}
		if _, err := d.Person(t.Context(), gone.ID); !errors.Is(err, directory.ErrUnknown) {
			t.Fatalf("the row: %v, want ErrUnknown", err)
		}
		mustAdd(t, d, adaptertest.SomePerson(0)) // others are not held up
	}
	if err := os.RemoveAll(d.path(newDirectoryName)); err != nil {
		t.Fatal(err)
	}
	if err := d.Erase(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	if left := finds(t, dir, words[0]); len(left) > 0 {
		t.Errorf("the files hold %q", left)
	}
	intact(t, d)
}

// Reads and additions go on beside erasures.
func TestEraseBesideOthers(t *testing.T) {
	const mortals = 24
	dir := t.TempDir()
	d, words := populated(t, dir, mortals)
	ctx, stop := context.WithCancel(t.Context())
	var readers, erasers sync.WaitGroup
	for i := range 2 {
		readers.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				want := adaptertest.SomePerson(n % filler)
				if got, err := d.ByLogin(ctx, want.Client, want.Login); err != nil && ctx.Err() == nil || err == nil && got != want {
					t.Errorf("a row is %v, %v, want %v", got, err, want)
				}
				if _, err := d.List(ctx, directory.Query{Order: directory.ByDisplayName, Max: 50, Desc: true}); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	var added []directory.Person
	for n := range mortals {
		p, _ := mortal(n)
		late := adaptertest.SomePerson(filler + mortals + n)
		added = append(added, late)
		erasers.Go(func() {
			if err := d.Erase(t.Context(), p.ID); err != nil {
				t.Error(err)
			}
			if left := finds(t, dir, words[n][:2]); len(left) > 0 {
				t.Errorf("after its erasure the files hold %q", left)
			}
		})
		erasers.Go(func() { addTo(t, d, late) })
	}
	erasers.Wait()
	stop()
	readers.Wait()
	mustCloseDirectory(t, d)
	intact(t, mustOpenDirectory(t, dir), added...)
}
