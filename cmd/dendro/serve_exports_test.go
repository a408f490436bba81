package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/dataset"
	"dendro/adapters/httpapi"
	"dendro/domain"
	projection "dendro/projections/dataset"
)

var readyTrees = projection.Recipe{Variant: projection.Ready, Format: projection.Trees}

// onLog runs a test on the log that a small crowd made.
func onLog(t *testing.T, test func(log domain.Log, end domain.Cut)) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	simulate(t, dir, "--tasks", "300")
	err := readLog(t.Context(), dir, func(log domain.Log) error {
		end, err := log.End(t.Context())
		if err == nil {
			test(log, end)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func openTestExporter(t *testing.T, dir string, log domain.Log) *exporter {
	t.Helper()
	x, err := openExporter(dir, log)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// ended waits until an export is no longer under way.
func ended(t *testing.T, x *exporter, id httpapi.ExportID) *httpapi.Export {
	t.Helper()
	for {
		e, err := x.Export(t.Context(), id)
		if err != nil || e == nil {
			t.Fatalf("export %s: %+v, %v", id, e, err)
		}
		if e.Status != httpapi.ExportRunning {
			return e
		}
		time.Sleep(time.Millisecond)
	}
}

// leftovers lists what is in a directory of exports.
func leftovers(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// What is done is what the log gives, and is there for later processes.
func TestExporterKeepsWhatItMade(t *testing.T) {
	onLog(t, func(log domain.Log, end domain.Cut) {
		dir, id := filepath.Join(t.TempDir(), "exports"), httpapi.ExportID{1}
		x := openTestExporter(t, dir, log)
		order := httpapi.ExportOrder{Recipe: readyTrees, Cut: end}
		if e, err := x.Start(t.Context(), id, order); err != nil || e.Status != httpapi.ExportRunning || !e.Cut.Equal(end) {
			t.Fatalf("%+v, %v", e, err)
		}
		made := ended(t, x, id)
		x.close()
		x = openTestExporter(t, dir, log)
		defer x.close()
		again, err := x.Start(t.Context(), id, httpapi.ExportOrder{Recipe: readyTrees, Cut: log.Identity().Start()})
		if err != nil || again.Status != httpapi.ExportDone || string(again.Manifest) != string(made.Manifest) {
			t.Errorf("started again: %+v, %v", again, err)
		}
		if err := dataset.Verify(t.Context(), log, x.place(id), nil); err != nil {
			t.Error(err)
		}
		if len(again.Files) != 3 {
			t.Errorf("it has the files %+v", again.Files)
		}
		for _, f := range again.Files {
			checkFile(t, x, id, f)
		}
		for _, name := range []string{"", ".", "..", "../" + id.String() + "/manifest.json", "none"} {
			if file, err := x.Open(t.Context(), id, name); file != nil || err != nil {
				t.Errorf("%q is opened as %v, %v", name, file, err)
			}
		}
		if e, err := x.Export(t.Context(), httpapi.ExportID{2}); e != nil || err != nil {
			t.Errorf("an unknown export is %+v, %v", e, err)
		}
	})
}

func checkFile(t *testing.T, x *exporter, id httpapi.ExportID, f httpapi.ExportFile) {
	t.Helper()
	file, err := x.Open(t.Context(), id, f.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sum := sha256.New()
	if n, err := io.Copy(sum, file); n != f.Bytes || err != nil || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		t.Errorf("%+v: %d bytes with SHA-256 %x, %v", f, n, sum.Sum(nil), err)
	}
}

func TestExporterResolvesTimes(t *testing.T) {
	onLog(t, func(log domain.Log, end domain.Cut) {
		x := openTestExporter(t, filepath.Join(t.TempDir(), "exports"), log)
		defer x.close()
		var half time.Time
		for r, err := range newest(t.Context(), log, end, 100) {
			if err != nil {
				t.Fatal(err)
			}
			half = r.Time
			break
		}
		order := httpapi.ExportOrder{Recipe: readyTrees, Cut: end, At: &half}
		e, err := x.Start(t.Context(), httpapi.ExportID{1}, order)
		if err != nil || e.Cut.Equal(end) || !e.Cut.Within(end) {
			t.Fatalf("%+v, %v", e, err)
		}
		if done := ended(t, x, e.ID); done.Status != httpapi.ExportDone || !strings.Contains(string(done.Manifest), `"at":"`) {
			t.Errorf("%+v", done)
		}
		never := time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
		order.At = &never
		if _, err := x.Start(t.Context(), httpapi.ExportID{2}, order); domain.RefusalKind(err) != domain.Invalid || !strings.Contains(err.Error(), "only reached") {
			t.Errorf("a time to come is answered with %v", err)
		}
	})
}

// blocked is a log that gives no events until it is let go.
type blocked struct {
	domain.Log
	reading chan struct{} // closed when somebody reads
	once    sync.Once
}

func (l *blocked) Read(ctx context.Context, _, _ domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		l.once.Do(func() { close(l.reading) })
		<-ctx.Done()
		yield(domain.Recorded{}, ctx.Err())
	}
}

// The queue is bounded, and who closes the exporter waits for no export and
// finds nothing half done.
func TestExporterIsBoundedAndEnds(t *testing.T) {
	onLog(t, func(log domain.Log, end domain.Cut) {
		dir, stuck := filepath.Join(t.TempDir(), "exports"), &blocked{Log: log, reading: make(chan struct{})}
		x := openTestExporter(t, dir, stuck)
		order := httpapi.ExportOrder{Recipe: readyTrees, Cut: end}
		start := func(n byte) error {
			_, err := x.Start(t.Context(), httpapi.ExportID{n}, order)
			return err
		}
		if err := start(0); err != nil {
			t.Fatal(err)
		}
		<-stuck.reading
		for n := byte(1); n <= exportsWaiting; n++ {
			if err := start(n); err != nil {
				t.Errorf("export %d: %v", n, err)
			}
		}
		if err := start(200); !errors.Is(err, domain.ErrOverloaded) {
			t.Errorf("one too many is answered with %v", err)
		}
		if err := start(0); err != nil {
			t.Errorf("one that is known is answered with %v", err)
		}
		x.close()
		if err := start(201); !errors.Is(err, domain.ErrClosed) {
			t.Errorf("one too late is answered with %v", err)
		}
		if left := leftovers(t, dir); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
	})
}

// damaged is a log that can't be read.
type damaged struct{ domain.Log }

func (damaged) Read(context.Context, domain.Cut, domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		yield(domain.Recorded{}, &domain.Damage{Place: "partition 0,\nframe 1", Why: "it is a test"})
	}
}

func TestExporterTellsWhyOneFailed(t *testing.T) {
	onLog(t, func(log domain.Log, end domain.Cut) {
		dir := filepath.Join(t.TempDir(), "exports")
		x := openTestExporter(t, dir, damaged{log})
		defer x.close()
		for n := range failuresKept + 5 {
			id := httpapi.ExportID{byte(n), byte(n >> 8)}
			if _, err := x.Start(t.Context(), id, httpapi.ExportOrder{Recipe: readyTrees, Cut: end}); err != nil {
				t.Fatal(err)
			}
			if e := ended(t, x, id); e.Status != httpapi.ExportFailed || !strings.Contains(e.Why, "it is a test") || strings.Contains(e.Why, "\n") {
				t.Fatalf("%+v", e)
			}
		}
		if first, err := x.Export(t.Context(), httpapi.ExportID{}); first != nil || err != nil {
			t.Errorf("the oldest failure is still %+v, %v", first, err)
		}
		if left := leftovers(t, dir); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
	})
}

// What a crash left half done goes, and nothing else.
func TestExporterSweeps(t *testing.T) {
	dir, id := t.TempDir(), httpapi.ExportID{1}.String()
	for _, name := range []string{"." + id + ".part-1", "." + id + ".part-2.old", id, "notes", ".x.part-1"} {
		if err := os.MkdirAll(filepath.Join(dir, name, "inside"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	openTestExporter(t, dir, nil).close()
	if got := strings.Join(leftovers(t, dir), " "); got != ".x.part-1 "+id+" notes" {
		t.Errorf("%s is left", got)
	}
}
