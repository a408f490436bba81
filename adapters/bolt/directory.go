package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"dendro/domain/directory"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

var _ directory.Directory = (*Directory)(nil)

// Directory is a directory.Directory in one bbolt file, for one process at a
// time. Make it with OpenDirectory; Close gives the file free.
//
// A change queues up (change), and one goroutine, the keeper, makes whatever has
// queued up in one transaction, which is one sync for all. bbolt leaves old bytes
// in free pages, so an erasure ends with the whole file being rewritten (rewrite),
// once for all that were asked for meanwhile. Reads go on beside both.
//
//	directory.db      the directory
//	directory.db.new  one that is being created or rewritten
//	directory.lock    locked by the process that has the directory
type Directory struct {
	dir  string
	lock *os.File

	// db is replaced only by the keeper, under files; gone tells why it is nil.
	files sync.RWMutex
	db    *bbolt.DB
	gone  error

	clients atomic.Pointer[clientCache]

	gate   sync.RWMutex // guards closed, and queue from being closed while sent to
	closed bool
	queue  chan *change
	done   chan struct{}

	doubt bool // the keeper's: a commit failed, and nobody knows what the disk holds
}

const (
	directoryName     = "directory.db"
	newDirectoryName  = "directory.db.new"
	directoryLockName = "directory.lock"

	directoryPage = 4096
	// The map grows while no one reads, so it starts large: addresses, no memory.
	directoryMap = 1 << 28
	// How much the file grows by at a time.
	directoryGrowth = 1 << 20
)

var errNoDirectory = errors.New("not a directory of people and clients")

// OpenDirectory opens the directory in dir, or creates both. An erasure that was
// cut off is finished first. It answers ErrInUse and ErrNewer, and tells in one
// line what to do.
func OpenDirectory(dir string) (*Directory, error) {
	d := &Directory{dir: dir, queue: make(chan *change, maxChanges), done: make(chan struct{})}
	if err := d.open(); err != nil {
		return nil, d.explain(errors.Join(err, d.closeFiles(directory.ErrClosed)))
	}
	go d.keep()
	return d, nil
}

// Close ends the directory: what waits to be changed still is, and the file is
// free for another process.
func (d *Directory) Close() error {
	d.gate.Lock()
	if d.closed {
		d.gate.Unlock()
		return nil
	}
	d.closed = true
	close(d.queue)
	d.gate.Unlock()
	<-d.done
	return d.closeFiles(directory.ErrClosed)
}

func (d *Directory) open() error {
	if err := makeDir(d.dir); err != nil {
		return err
	}
	var err error
	if d.lock, err = os.OpenFile(d.path(directoryLockName), os.O_CREATE|os.O_RDWR, filePerm); err != nil {
		return err
	}
	if err := lock(context.Background(), d.lock, true); err != nil {
		return err
	}
	if err := d.removeNew(); err != nil { // of a process that was cut off
		return err
	}
	if _, err := os.Stat(d.path(directoryName)); errors.Is(err, fs.ErrNotExist) {
		return d.create()
	}
	if err := d.reopen(); err != nil {
		return err
	}
	return d.finishErasure()
}

// create makes an empty directory, which takes its name only when it is whole.
func (d *Directory) create() error {
	db, err := d.openDB(newDirectoryName)
	if err != nil {
		return err
	}
	if err := db.Update(createTables); err != nil {
		return errors.Join(err, db.Close())
	}
	if err := d.adopt(db); err != nil {
		return err
	}
	return d.readClients()
}

// reopen opens directory.db, again after a commit of which nobody knows what
// became. It asks the disk for what the file holds, not the system's memory of it.
func (d *Directory) reopen() error {
	d.files.Lock()
	defer d.files.Unlock()
	var closed error
	if d.db != nil {
		closed = d.db.Close()
	}
	if d.db, d.gone = d.load(); d.gone != nil {
		d.gone = errors.Join(d.gone, closed)
		return d.gone
	}
	return d.readClients()
}

func (d *Directory) load() (*bbolt.DB, error) {
	if err := syncDir(d.dir); err != nil { // the name may be as new as a rewrite that was cut off
		return nil, err
	}
	db, err := d.openDB(directoryName)
	if err != nil {
		return nil, err
	}
	if err := db.View(checkTables); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (d *Directory) openDB(name string) (*bbolt.DB, error) {
	db, err := bbolt.Open(d.path(name), filePerm, &bbolt.Options{
		Timeout:         lockTimeout,
		FreelistType:    bbolt.FreelistMapType,
		PageSize:        directoryPage, // the same file on every machine
		InitialMmapSize: directoryMap,
		NoStatistics:    true,
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag, perm)
			if err != nil {
				return nil, err
			}
			if err := forget(f); err != nil {
				return nil, errors.Join(err, f.Close())
			}
			return f, nil
		},
	})
	if err != nil {
		return nil, err
	}
	db.AllocSize = directoryGrowth
	return db, nil
}

// view reads. If the file is closed or lost, it says why.
func (d *Directory) view(ctx context.Context, read func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.files.RLock()
	defer d.files.RUnlock()
	if d.db == nil {
		return d.explain(d.gone)
	}
	return d.db.View(read)
}

func (d *Directory) closeFiles(why error) error {
	d.files.Lock()
	defer d.files.Unlock()
	var errs []error
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	d.db, d.gone = nil, why
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
	}
	return errors.Join(errs...)
}

func (d *Directory) path(name string) string { return filepath.Join(d.dir, name) }

// explain names the file and the next step, in one line.
func (d *Directory) explain(err error) error {
	file := d.path(directoryName)
	switch {
	case errors.Is(err, ErrInUse), errors.Is(err, bbolterrors.ErrTimeout): // the latter: opened by another program
		return fmt.Errorf("%s is %w; end that one first", file, ErrInUse)
	case errors.Is(err, ErrNewer):
		return fmt.Errorf("%s: %w", file, err)
	case errors.Is(err, errNoDirectory), errors.Is(err, bbolterrors.ErrInvalid),
		errors.Is(err, bbolterrors.ErrChecksum), errors.Is(err, bbolterrors.ErrVersionMismatch):
		return fmt.Errorf("%s is damaged or another program's file (%w); restore it from a copy", file, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no permission for %s: %w; run as its owner", file, err)
	}
	return fmt.Errorf("directory in %s: %w", d.dir, err)
}
