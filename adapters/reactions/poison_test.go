package reactions

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
)

// TestPoisonStore holds the store to a map, with restarts, torn lines and
// failed writes at random.
func TestPoisonStore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 3
		dir, err := os.MkdirTemp("", "poison")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		s, err := OpenPoison(dir, limit)
		if err != nil {
			t.Fatal(err)
		}
		model := map[string]Poisoned{}
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			h := rapid.SampledFrom([]string{"webhook", "classifier"}).Draw(t, "handler")
			at := domain.Position{Partition: 1, Seq: domain.Seq(rapid.IntRange(1, 5).Draw(t, "seq"))}
			id := poisonID(h, at)
			_, known := model[id]
			full := !known && count(model, h) == limit
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				now := t0.Add(time.Duration(i) * time.Second)
				x := Poisoned{ID: id, Handler: h, Partition: at.Partition, Seq: at.Seq, Error: "\"bad\" \u2028", Attempts: 2, First: now, Last: now}
				if room := s.Room(h, id); errors.Is(room, ErrPoisonFull) != full {
					t.Fatalf("room for %s: %v", id, room)
				}
				if err := s.Put(x); errors.Is(err, ErrPoisonFull) != full || err != nil && !full {
					t.Fatalf("put %s: %v", id, err)
				}
				if known {
					x.First, x.Attempts = model[id].First, model[id].Attempts+2
				}
				if !full {
					model[id] = x
				}
			case 2:
				if err := s.Remove(id); err != nil {
					t.Fatal(err)
				}
				delete(model, id)
			case 3:
				if rapid.Bool().Draw(t, "torn") {
					if err := appendFile(s.path, []byte(`{"id":"webhook@1/1","han`)); err != nil {
						t.Fatal(err)
					}
				}
				if s, err = OpenPoison(dir, limit); err != nil {
					t.Fatal(err)
				}
			}
			read, err := ReadPoison(dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(inOrder(model), read); diff != "" {
				t.Fatalf("in the file, -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(read, s.List()); diff != "" || s.Count(h) != count(model, h) {
				t.Fatalf("kept, and in the file:\n%s", diff)
			}
		}
	})
}

func count(model map[string]Poisoned, handler string) (n int) {
	for _, x := range model {
		if x.Handler == handler {
			n++
		}
	}
	return n
}

// What cannot be read is told, and never taken for nothing.
func TestPoisonStoreRefusesDamage(t *testing.T) {
	dir := t.TempDir()
	text := "{\"id\":\"a@0/1\"}\nnonsense\n{\"id\":\"a@0/2\"}\n"
	if err := os.WriteFile(filepath.Join(dir, poisonName), []byte(text), filePerm); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPoison(dir, 0); err == nil {
		t.Error("a damaged file is opened")
	}
	if got, _ := os.ReadFile(filepath.Join(dir, poisonName)); string(got) != text {
		t.Errorf("and changed: %s", got)
	}
}

// A store that could not write says so, keeps what it had, and works again
// when the cause is gone.
func TestPoisonStoreCannotWrite(t *testing.T) {
	dir := t.TempDir()
	s := must(OpenPoison(dir, 0))(t)
	a := Poisoned{ID: "a@0/1", Handler: "a", First: t0, Last: t0}
	if err := s.Put(a); err != nil {
		t.Fatal(err)
	}
	moved := dir + ".away"
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if s.Put(Poisoned{ID: "a@0/2", Handler: "a"}) == nil || s.Remove(a.ID) == nil {
		t.Error("writing to nowhere goes well")
	}
	if diff := cmp.Diff([]Poisoned{a}, s.List()); diff != "" || s.Count("a") != 1 {
		t.Errorf("kept: %s", diff)
	}
	if err := os.Rename(moved, dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(a.ID); err != nil {
		t.Error(err)
	}
	if left := must(ReadPoison(dir))(t); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
