package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"dendro/adapters/dataset"
	"dendro/adapters/httpapi"
	"dendro/domain"
)

const (
	exportsWaiting = 16  // beside the one at work
	failuresKept   = 256 // that can still be asked about
)

// exporter makes the exports that are ordered over the API, one at a time, each
// in a directory that its id names. What is done is on disk and found again
// after a restart; what waits, is at work or failed is forgotten with the
// process, and leaves nothing.
type exporter struct {
	dir   string
	log   domain.Log
	queue chan exportJob
	stop  context.CancelFunc
	done  chan struct{}

	mu     sync.Mutex
	closed bool
	known  map[httpapi.ExportID]httpapi.Export // not those that are done
	failed []httpapi.ExportID                  // oldest first
}

var _ httpapi.Exports = (*exporter)(nil)

type exportJob struct {
	id    httpapi.ExportID
	order httpapi.ExportOrder
}

// openExporter begins to work in a directory that need not be there yet, and
// removes what a crash left half done. Close it before the log.
func openExporter(dir string, log domain.Log) (*exporter, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if followed, err := filepath.EvalSymlinks(dir); err == nil {
		dir = followed
	}
	if err := sweep(dir); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	x := &exporter{
		dir: dir, log: log, queue: make(chan exportJob, exportsWaiting), stop: stop, done: make(chan struct{}),
		known: map[httpapi.ExportID]httpapi.Export{},
	}
	go x.work(ctx)
	return x, nil
}

// sweep removes the working directories of exports that were not finished.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		id, _, part := strings.Cut(strings.TrimPrefix(e.Name(), "."), ".part-")
		if _, bad := domain.ParseID(id); part && bad == nil {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// close ends what is at work, and waits for that.
func (x *exporter) close() {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.stop()
	<-x.done
}

// Start implements httpapi.Exports.
func (x *exporter) Start(ctx context.Context, id httpapi.ExportID, order httpapi.ExportOrder) (httpapi.Export, error) {
	if e, err := x.Export(ctx, id); err != nil || e != nil {
		return orZero(e), err
	}
	if order.At != nil {
		cut, err := dataset.ResolveAt(ctx, x.log, *order.At)
		if errors.Is(err, dataset.ErrNotReached) {
			err = domain.Refuse(domain.Invalid, "%s", err)
		}
		if err != nil {
			return httpapi.Export{}, err
		}
		order.Cut = cut
	}
	if begun, err := x.enqueue(exportJob{id, order}); err != nil || begun {
		return httpapi.Export{ID: id, Status: httpapi.ExportRunning, Recipe: order.Recipe, Cut: order.Cut}, err
	}
	e, err := x.Export(ctx, id) // another request with the id was faster
	return orZero(e), err
}

func orZero(e *httpapi.Export) httpapi.Export {
	if e == nil {
		return httpapi.Export{}
	}
	return *e
}

// enqueue puts a job into the queue, unless its id is known.
func (x *exporter) enqueue(j exportJob) (begun bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return false, domain.ErrClosed
	}
	if _, known := x.known[j.id]; known {
		return false, nil
	}
	if _, err := os.Stat(x.place(j.id)); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	select {
	case x.queue <- j:
		x.known[j.id] = httpapi.Export{ID: j.id, Status: httpapi.ExportRunning, Recipe: j.order.Recipe, Cut: j.order.Cut}
		return true, nil
	default:
		return false, fmt.Errorf("%d exports wait: %w", exportsWaiting, domain.ErrOverloaded)
	}
}

func (x *exporter) place(id httpapi.ExportID) string { return filepath.Join(x.dir, id.String()) }

func (x *exporter) work(ctx context.Context) {
	defer close(x.done)
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-x.queue:
			_, err := dataset.Export(ctx, x.log, j.order.Cut, j.order.Recipe, dataset.Options{Dir: x.place(j.id), At: j.order.At})
			if ctx.Err() == nil {
				x.ended(j.id, err)
			}
		}
	}
}

// ended forgets an export that is done, since the disk has it, and remembers
// why one failed.
func (x *exporter) ended(id httpapi.ExportID, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == nil {
		delete(x.known, id)
		return
	}
	e := x.known[id]
	e.Status = httpapi.ExportFailed
	e.Why = strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), x.dir, "exports")), " ")
	x.known[id] = e
	if x.failed = append(x.failed, id); len(x.failed) > failuresKept {
		delete(x.known, x.failed[0])
		x.failed = slices.Delete(x.failed, 0, 1)
	}
}

// Export implements httpapi.Exports.
func (x *exporter) Export(_ context.Context, id httpapi.ExportID) (*httpapi.Export, error) {
	x.mu.Lock()
	e, known := x.known[id]
	x.mu.Unlock()
	if known {
		return &e, nil
	}
	return x.finished(id)
}

// finished reads what is on disk.
func (x *exporter) finished(id httpapi.ExportID) (*httpapi.Export, error) {
	entries, err := os.ReadDir(x.place(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := dataset.ReadManifest(x.place(id))
	if err != nil {
		return nil, err
	}
	e := &httpapi.Export{ID: id, Status: httpapi.ExportDone, Recipe: m.Recipe, Cut: m.Cut}
	if e.Manifest, err = json.Marshal(m); err != nil {
		return nil, err
	}
	for _, entry := range entries {
		f, err := x.describe(id, entry.Name(), m)
		if err != nil {
			return nil, err
		}
		e.Files = append(e.Files, f)
	}
	return e, nil
}

// describe takes the data file's figures from the manifest, which promises
// them; the others are small.
func (x *exporter) describe(id httpapi.ExportID, name string, m dataset.Manifest) (httpapi.ExportFile, error) {
	for _, f := range m.Files {
		if f.Name == name {
			return httpapi.ExportFile{Name: name, Bytes: f.Bytes, SHA256: f.SHA256}, nil
		}
	}
	text, err := os.ReadFile(filepath.Join(x.place(id), name))
	sum := sha256.Sum256(text)
	return httpapi.ExportFile{Name: name, Bytes: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}, err
}

// Open implements httpapi.Exports.
func (x *exporter) Open(ctx context.Context, id httpapi.ExportID, name string) (io.ReadSeekCloser, error) {
	e, err := x.Export(ctx, id)
	if err != nil || e == nil || !slices.ContainsFunc(e.Files, func(f httpapi.ExportFile) bool { return f.Name == name }) {
		return nil, err
	}
	return os.OpenInRoot(x.place(id), name)
}
