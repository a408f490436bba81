package dataset_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/adapters/dataset"
	"dendro/domain"
	projection "dendro/projections/dataset"
)

var update = flag.Bool("update", false, "write the golden files anew; look at what changed before you keep it")

// exported exports to a new directory, and gives its files.
func exported(t testing.TB, log domain.Log, cut domain.Cut, r projection.Recipe, o dataset.Options) (string, map[string]string) {
	t.Helper()
	parent, err := os.MkdirTemp("", "dataset")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(parent) })
	o.Dir = filepath.Join(parent, "out")
	if _, err := dataset.Export(context.Background(), log, cut, r, o); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(parent); len(left) != 1 {
		t.Fatalf("beside the export there is more: %v", left)
	}
	return o.Dir, files(t, o.Dir)
}

func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(data)
	}
	return out
}

func unzip(t testing.TB, data string) string {
	t.Helper()
	in, err := gzip.NewReader(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The whole directory is as it was, but for the compressed form: compressors
// change.
func TestGolden(t *testing.T) {
	log := newLog(small(3))
	at := time.Date(2023, 2, 7, 18, 0, 0, 0, time.FixedZone("", 3600))
	dir, got := exported(t, log, log.end(), readyTrees, dataset.Options{Campaign: "oak", At: &at})
	m, err := dataset.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	packed := m.Files[0]
	got[strings.TrimSuffix(packed.Name, ".gz")] = unzip(t, got[packed.Name])
	delete(got, packed.Name)
	for name, data := range got {
		data = strings.NewReplacer(packed.SHA256, "SHA256", strconv.FormatInt(packed.Bytes, 10), "BYTES").Replace(data)
		got[name] = data
		if *update {
			if err := os.WriteFile(filepath.Join("testdata", "golden", name), []byte(data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(files(t, filepath.Join("testdata", "golden")), got); diff != "" {
		t.Errorf("the export changed (-want +got):\n%s", diff)
	}
}

// The same log, cut and recipe give the same bytes on any number of CPUs, and
// what comes after the cut changes nothing.
func TestBytesDependOnCutAndRecipeOnly(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	rapid.Check(t, func(rt *rapid.T) {
		whole := newLog(small(rapid.Uint64Range(0, 1<<40).Draw(rt, "seed")))
		cut, prefix := whole.id.Start(), &fakeLog{id: whole.id}
		for p, events := range whole.events {
			n := rapid.IntRange(min(2, len(events)), len(events)).Draw(rt, "events")
			cut.End[p] += domain.Seq(n)
			prefix.events = append(prefix.events, events[:n:n])
		}
		recipe := rapid.SampledFrom([]projection.Recipe{readyTrees, allMessages}).Draw(rt, "recipe")
		var results []map[string]string
		for _, log := range []*fakeLog{prefix, whole} {
			runtime.GOMAXPROCS(rapid.IntRange(1, 4).Draw(rt, "CPUs"))
			_, got := exported(t, log, cut, recipe, dataset.Options{})
			results = append(results, got)
		}
		if diff := cmp.Diff(results[0], results[1]); diff != "" {
			rt.Fatalf("before and after more events:\n%s", diff)
		}
	})
}

// A data file of many compressed blocks is one ordinary gzip file, and the
// same on any number of CPUs.
func TestManyBlocks(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	shape := small(1)
	shape.Trees, shape.Words = 300, 800
	log := newLog(shape)
	var before map[string]string
	for _, cpus := range []int{1, 3} {
		runtime.GOMAXPROCS(cpus)
		dir, got := exported(t, log, log.end(), allMessages, dataset.Options{})
		if before != nil && !cmp.Equal(before, got) {
			t.Fatal("the bytes depend on the number of CPUs")
		}
		before = got
		if err := dataset.Verify(context.Background(), log, dir, nil); err != nil {
			t.Fatal(err)
		}
		for name, data := range got {
			if !strings.HasSuffix(name, ".gz") {
				continue
			}
			if text := unzip(t, data); len(text) < 8<<20 || strings.Count(text, "\n") < 1000 {
				t.Fatalf("%d bytes are not many blocks", len(text))
			}
			in := bytes.NewReader([]byte(data))
			one, err := gzip.NewReader(in)
			if err != nil {
				t.Fatal(err)
			}
			one.Multistream(false)
			if _, err := io.Copy(io.Discard, one); err != nil || in.Len() > 0 {
				t.Errorf("after the first gzip member there are %d bytes; %v", in.Len(), err)
			}
			if !one.ModTime.IsZero() || one.Name != "" {
				t.Errorf("the file has the time %v and the name %q in it", one.ModTime, one.Name)
			}
		}
	}
}

// A failed or stopped export leaves nothing, wherever it stops.
func TestFailureLeavesNothing(t *testing.T) {
	broken := errors.New("the disk is gone")
	for name, c := range map[string]struct {
		log   func(*fakeLog)
		steps int // progress calls after which the caller gives up; 0 never does
		cut   func(domain.Cut) domain.Cut
		want  error
	}{
		"reading fails": {log: func(l *fakeLog) { l.fail = broken }, want: broken},
		"given up":      {steps: 1, want: context.Canceled},
		"cut beyond the end": {cut: func(c domain.Cut) domain.Cut {
			c.End[1]++
			return c
		}, want: domain.ErrForeignCut},
		"foreign cut": {cut: func(c domain.Cut) domain.Cut {
			c.Log[0]++
			return c
		}, want: domain.ErrForeignCut},
	} {
		t.Run(name, func(t *testing.T) {
			log := newLog(small(2))
			cut := log.end()
			if c.log != nil {
				c.log(log)
			}
			if c.cut != nil {
				cut = c.cut(cut)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			dir, calls := t.TempDir(), 0
			_, err := dataset.Export(ctx, log, cut, readyTrees, dataset.Options{
				Dir: filepath.Join(dir, "out"),
				Progress: func(int64, int64) {
					if calls++; calls == c.steps {
						cancel()
					}
				},
			})
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// endedContext is over from a moment on that no goroutine waits for.
type endedContext struct {
	context.Context
	over atomic.Bool
}

func (c *endedContext) Err() error {
	if c.over.Load() {
		return context.Canceled
	}
	return nil
}

func TestWritingIsGivenUp(t *testing.T) {
	log := newLog(small(2))
	ctx := &endedContext{Context: context.Background()}
	dir := t.TempDir()
	_, err := dataset.Export(ctx, log, log.end(), allMessages, dataset.Options{
		Dir:      filepath.Join(dir, "out"),
		Progress: func(done, total int64) { ctx.over.Store(done == total) },
	})
	if left, _ := os.ReadDir(dir); !errors.Is(err, context.Canceled) || len(left) > 0 {
		t.Errorf("got %v, left behind: %v", err, left)
	}
}

// A log that skips or repeats an event is not exported.
func TestGapsAreSeen(t *testing.T) {
	log := newLog(small(2))
	cut := log.end()
	log.events[1] = append(log.events[1][:5:5], log.events[1][6:]...)
	log.events[1] = append(log.events[1], log.events[1][len(log.events[1])-1])
	_, err := dataset.Export(context.Background(), log, cut, allMessages, dataset.Options{Dir: filepath.Join(t.TempDir(), "out")})
	if err == nil || !strings.Contains(err.Error(), "event 1/7 where 1/6 should be") {
		t.Errorf("got %v", err)
	}
}

// An export takes the place of nothing but, when asked, an export.
func TestPlace(t *testing.T) {
	log := newLog(small(2))
	export := func(dir string, replace bool) error {
		_, err := dataset.Export(context.Background(), log, log.end(), readyTrees, dataset.Options{Dir: dir, Replace: replace})
		return err
	}
	dir := t.TempDir() // empty: may be taken
	if err := export(dir, false); err != nil {
		t.Fatal(err)
	}
	if err := export(dir, false); !errors.Is(err, dataset.ErrOccupied) {
		t.Errorf("over an export, unasked: %v", err)
	}
	before := files(t, dir)
	if err := export(dir, true); err != nil || !cmp.Equal(before, files(t, dir)) {
		t.Errorf("over an export, asked: %v", err)
	}
	note := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(note, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := export(dir, true); !errors.Is(err, dataset.ErrOccupied) || !strings.Contains(err.Error(), "notes.txt") {
		t.Errorf("over an export with notes: %v", err)
	}
	other := t.TempDir()
	for _, name := range []string{"manifest.json", "thesis.tex"} {
		if err := os.WriteFile(filepath.Join(other, name), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := export(other, true); !errors.Is(err, dataset.ErrOccupied) {
		t.Errorf("over somebody's work: %v", err)
	}
	if err := export(note, true); !errors.Is(err, dataset.ErrOccupied) {
		t.Errorf("over a file: %v", err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Remove(note); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := export(link, true); err != nil {
		t.Errorf("through a link: %v", err)
	}
	if target, err := os.Readlink(link); err != nil || target != dir {
		t.Errorf("the link became %q, %v", target, err)
	}
}

func TestMisuse(t *testing.T) {
	log := newLog(small(2))
	for want, call := range map[string]func(dir string) error{
		"campaign's name": func(dir string) error {
			_, err := dataset.Export(context.Background(), log, log.end(), readyTrees, dataset.Options{Dir: dir, Campaign: "../oak"})
			return err
		},
		"licence": func(dir string) error {
			_, err := dataset.Export(context.Background(), log, log.end(), readyTrees, dataset.Options{Dir: dir, License: "mine\nx: y"})
			return err
		},
		"variant": func(dir string) error {
			_, err := dataset.Export(context.Background(), log, log.end(), projection.Recipe{}, dataset.Options{Dir: dir})
			return err
		},
		"holds no events": func(dir string) error {
			cut := log.id.Start()
			cut.End[0] = 2 // the claim alone
			_, err := dataset.Export(context.Background(), log, cut, readyTrees, dataset.Options{Dir: dir})
			return err
		},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		if err := call(dir); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want one line with %q, got %v", want, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: something was written", want)
		}
	}
}
