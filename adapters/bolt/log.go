package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"dendro/domain"

	"go.etcd.io/bbolt"
)

var _ domain.Log = (*Log)(nil)

// Log is a domain.Log in one file. Make it with Open; Close gives the file
// free. It may be used concurrently.
type Log struct {
	dir string
	opt Options

	// db is replaced only by reopen, under files; nil after it failed, or after Close.
	files    sync.RWMutex
	db       *bbolt.DB
	file     *os.File // that of db
	head     *os.File // log.head; nil when read-only
	identity domain.Identity

	queue   chan *request
	gate    sync.RWMutex // guards closed, and queue from being closed while sent to
	closed  bool
	waiting atomic.Int64 // bytes
	done    chan struct{}

	// The committer's own, until it publishes.
	tails  []tail
	txid   uint64
	number uint64 // of the last frame
	doubt  error  // a commit of which nobody knows whether it is durable
	idle   bool   // the newest commit has no events

	mu    sync.Mutex
	end   []domain.Seq
	index []index
	grown chan struct{} // closed and replaced whenever the end moves
}

// index tells where a partition's frames are, in order. It is append-only, so
// that readers use what they have got of it without a lock.
type index []place

// place is a frame's number and its first event.
type place struct {
	first  domain.Seq
	number uint64
}

// Identity implements domain.Log.
func (l *Log) Identity() domain.Identity { return l.identity }

// Dir is the directory that the log lives in.
func (l *Log) Dir() string { return l.dir }

// End implements domain.Log.
func (l *Log) End(ctx context.Context) (domain.Cut, error) {
	if err := l.usable(ctx); err != nil {
		return domain.Cut{}, err
	}
	end, _ := l.ends()
	return end, nil
}

// ends is the cut behind all durable events, and a channel that is closed when
// it moves.
func (l *Log) ends() (domain.Cut, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return domain.Cut{Log: l.identity.ID, End: l.end}.Clone(), l.grown
}

// publish tells readers of the frames that were written and where the log ends now.
func (l *Log) publish(written []*request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range written {
		for _, f := range r.frames {
			l.number++
			k := keyOf(l.number, f)
			l.index[k.partition] = append(l.index[k.partition], place{k.first, k.number})
		}
	}
	for p := range l.tails {
		l.end[p] = l.tails[p].next
	}
	l.wake()
}

// frames is the index of a partition.
func (l *Log) frames(p domain.Partition) index {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.index[p]
}

// wake lets followers look again; mu is held.
func (l *Log) wake() {
	close(l.grown)
	l.grown = make(chan struct{})
}

func (l *Log) usable(ctx context.Context) error {
	l.gate.RLock()
	defer l.gate.RUnlock()
	if l.closed {
		return domain.ErrClosed
	}
	return ctx.Err()
}

// Close ends the log: what waits to be appended still is, followers end with
// ErrClosed, and the file is free for another process.
func (l *Log) Close() error {
	l.gate.Lock()
	if l.closed {
		l.gate.Unlock()
		return nil
	}
	l.closed = true
	if l.queue != nil {
		close(l.queue)
	}
	l.gate.Unlock()
	var err error
	if l.queue != nil {
		<-l.done
		err = l.finish()
	}
	l.mu.Lock()
	l.wake()
	l.mu.Unlock()
	l.files.Lock()
	defer l.files.Unlock()
	return errors.Join(err, l.closeFiles())
}

func (l *Log) closeFiles() error {
	var errs []error
	if l.db != nil {
		errs = append(errs, l.db.Close())
		l.db, l.file = nil, nil
	}
	if l.head != nil {
		errs = append(errs, l.head.Close())
		l.head = nil
	}
	return errors.Join(errs...)
}

// open opens or creates the files and learns where the partitions end.
func (l *Log) open(ctx context.Context) error {
	if l.opt.Create != nil {
		if err := l.create(ctx); err != nil {
			return err
		}
	} else if err := mustExist(l.dir); err != nil {
		return err
	}
	return l.openFiles(ctx, false)
}

// openFiles opens log.db and log.head. Cold asks the disk for what the file
// holds, not the system's memory of it.
func (l *Log) openFiles(ctx context.Context, cold bool) error {
	var s sound
	db, file, err := openDB(Path(l.dir), l.opt.ReadOnly, func(f *os.File) (err error) {
		if err = lock(ctx, f, !l.opt.ReadOnly); err != nil {
			return err
		}
		if cold {
			if err = forget(f); err != nil {
				return err
			}
		}
		s, err = checkAgainstHead(ctx, l.dir, f, l.opt.Progress)
		if err == nil && s.torn {
			err = l.repair(f, s.txid)
		}
		return err
	})
	if err != nil {
		return err
	}
	l.db, l.file = db, file
	if want := l.opt.Create; want != nil && *want != s.identity {
		return errors.Join(fmt.Errorf("%w is there: %s with %d partitions, not %s with %d; give a directory of its own",
			ErrOtherLog, s.identity.ID, s.identity.Partitions, want.ID, want.Partitions), l.closeFiles())
	}
	l.identity, l.tails, l.txid, l.idle = s.identity, s.tails, s.txid, s.idle
	l.mu.Lock()
	l.end, l.index, l.number = make([]domain.Seq, s.identity.Partitions), s.index, s.report.Frames
	l.mu.Unlock()
	l.publish(nil)
	if l.opt.ReadOnly {
		return nil
	}
	if l.head, err = os.OpenFile(filepath.Join(l.dir, headName), os.O_WRONLY|os.O_CREATE, filePerm); err != nil {
		return errors.Join(err, l.closeFiles())
	}
	l.writeHead()
	return nil
}

// repair takes the commit behind txid back, which a power cut has left in part.
func (l *Log) repair(f *os.File, txid uint64) error {
	if l.opt.ReadOnly {
		return errors.New("its last write was cut off, which the next start of the engine puts right; start it once")
	}
	return takeBack(f, txid+1)
}

// openDB opens a bbolt file. Prepare runs on the open file before bbolt looks at it.
func openDB(path string, readOnly bool, prepare func(*os.File) error) (*bbolt.DB, *os.File, error) {
	var file *os.File
	db, err := bbolt.Open(path, filePerm, &bbolt.Options{
		ReadOnly: readOnly,
		Timeout:  lockTimeout,
		// The list of free pages is not stored: it would be one more page to
		// write with each commit, and bytes that no checksum covers. Its array
		// form always takes the lowest fit, so that equal logs have equal files.
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistArrayType,
		PageSize:       pageSize, // the same file on every machine
		// Growing the map waits for all readers, so it starts large. It is
		// addresses only, no memory.
		InitialMmapSize: 1 << 30,
		NoStatistics:    true,
		// bbolt would sync twice, once before and once behind the meta page. The
		// check above every start makes one do: see checkFile.
		NoSync: true,
		OpenFile: func(name string, flag int, perm os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag&^os.O_CREATE, perm)
			if err != nil {
				return nil, err
			}
			if err := prepare(f); err != nil {
				return nil, errors.Join(err, f.Close())
			}
			file = f
			return f, nil
		},
	})
	return db, file, err
}
