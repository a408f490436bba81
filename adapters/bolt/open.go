package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dendro/domain"
)

// What Open and Check refuse beside *domain.Damage; test with errors.Is. The
// messages around them name the directory and what to do.
var (
	ErrNoLog    = errors.New("no log")
	ErrForeign  = errors.New("not a log")
	ErrOtherLog = errors.New("another log")
	ErrNewer    = errors.New("written by a newer program")
	ErrInUse    = errors.New("in use by another process")
)

// Options are what Open needs.
type Options struct {
	Clock  domain.Clock     // stamps claims; not needed with ReadOnly
	Owner  string           // the name that claims give
	Create *domain.Identity // of a log to be made unless it is there; nil: it must be there

	// ReadOnly opens beside other readers, and not beside a writer; Own then fails.
	ReadOnly bool

	// Progress, if set, is told how far the check that Open begins with is, in bytes.
	Progress func(done, total int64)
}

const (
	dbName      = "log.db"
	newName     = "log.db.new" // a log on its way to become log.db
	lockTimeout = 300 * time.Millisecond
	lockRetry   = 10 * time.Millisecond
	filePerm    = 0o600
	dirPerm     = 0o700
)

// Path is the file of the log in dir.
func Path(dir string) string { return filepath.Join(dir, dbName) }

// Open opens the log in dir, or creates it. It first checks every byte that
// the log stands on and answers *domain.Damage, which names the place, instead
// of starting on a damaged file. It also answers ErrNoLog, ErrForeign,
// ErrOtherLog, ErrNewer and ErrInUse, and ctx's error when ctx ends the check.
func Open(ctx context.Context, dir string, o Options) (*Log, error) {
	if o.Clock == nil && !o.ReadOnly {
		return nil, errors.New("a log needs a clock to be written to")
	}
	if o.Create != nil {
		if o.ReadOnly {
			return nil, errors.New("a log cannot be created read-only")
		}
		if err := checkIdentity(*o.Create); err != nil {
			return nil, err
		}
	}
	l := &Log{dir: dir, opt: o, grown: make(chan struct{})}
	if err := l.open(ctx); err != nil {
		return nil, explainOpen(dir, err)
	}
	if !o.ReadOnly {
		l.start()
	}
	return l, nil
}

// Check checks the log in dir as Open does, with no effect on it, while no
// process writes to it.
func Check(ctx context.Context, dir string, progress func(done, total int64)) (Report, error) {
	if err := mustExist(dir); err != nil {
		return Report{}, explainOpen(dir, err)
	}
	f, err := os.Open(Path(dir))
	if err != nil {
		return Report{}, explainOpen(dir, err)
	}
	defer f.Close()
	if err := lock(ctx, f, false); err != nil {
		return Report{}, explainOpen(dir, err)
	}
	s, err := checkAgainstHead(ctx, dir, f, progress)
	return s.report, explainOpen(dir, err)
}

// mustExist refuses a directory without a log.
func mustExist(dir string) error {
	exists, err := survey(dir)
	if err == nil && !exists {
		return ErrNoLog
	}
	return err
}

func checkAgainstHead(ctx context.Context, dir string, f *os.File, progress func(done, total int64)) (sound, error) {
	h, err := readHead(filepath.Join(dir, headName))
	if err != nil {
		return sound{}, err
	}
	return checkFile(ctx, f, h, progress)
}

// survey tells whether dir has a log, without one being there (false, nil)
// only when dir is empty and so may get one.
func survey(dir string) (exists bool, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	other := ""
	for _, e := range entries {
		switch name := e.Name(); name {
		case dbName:
			return true, nil
		case newName, "lost+found": // the rest of a creation that was cut off; a volume of its own
		case headName:
			return false, &domain.Damage{Place: dbName, Why: "it is missing, and " + headName + " is there"}
		default:
			other = name
		}
	}
	if other != "" {
		return false, fmt.Errorf("%w: there is no %s but other files, such as %q", ErrForeign, dbName, other)
	}
	return false, nil
}

// explainOpen names the directory and the next step, in one line.
func explainOpen(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNoLog):
		return fmt.Errorf("%w in %s: the directory is empty; check the path, or create one there", ErrNoLog, dir)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w in %s: there is no such directory; check the path, or create one there", ErrNoLog, dir)
	case errors.Is(err, errNoLog):
		return fmt.Errorf("%w: %s is another program's file; give the log a directory of its own", ErrForeign, Path(dir))
	case errors.Is(err, ErrForeign):
		return fmt.Errorf("%s: %w; give the log a directory of its own", dir, err)
	case errors.Is(err, ErrInUse):
		return fmt.Errorf("%s is %w; end that one first", dir, ErrInUse)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no permission for the log in %s: %w; run as its owner", dir, err)
	}
	return fmt.Errorf("log in %s: %w", dir, err)
}

// lock takes the lock that bbolt takes, so that the file is checked under it:
// for bbolt, which asks again through the same descriptor, it is then free.
func lock(ctx context.Context, f *os.File, exclusive bool) error {
	for deadline := time.Now().Add(lockTimeout); ; {
		err := tryLock(f, exclusive)
		if !errors.Is(err, ErrInUse) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockRetry):
		}
	}
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
