package bolt

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"dendro/domain"

	"go.etcd.io/bbolt"
)

// create makes the log unless it is there. It becomes log.db only when it is
// whole, so that a log.db is never half made.
func (l *Log) create(ctx context.Context) error {
	if err := makeDir(l.dir); err != nil {
		return err
	}
	if exists, err := survey(l.dir); err != nil || exists {
		return err
	}
	path := filepath.Join(l.dir, newName)
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, filePerm); err != nil {
		return err
	} else if err := f.Close(); err != nil {
		return err
	}
	db, f, err := openDB(path, false, func(f *os.File) error { return l.claimNew(ctx, f) })
	if errors.Is(err, errCreated) {
		return os.Remove(path)
	}
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error { return fill(tx, *l.opt.Create) })
	if err == nil {
		err = syncData(f)
	}
	if err == nil {
		err = os.Rename(path, Path(l.dir)) // while it is locked: nobody else makes a log here
	}
	return errors.Join(err, db.Close(), syncDir(l.dir))
}

// errCreated says that another process was faster.
var errCreated = errors.New("the log was created meanwhile")

// claimNew locks the new file and empties what a creation that was cut off has
// left in it. Another process may have renamed it meanwhile: then the lock is
// on its log.
func (l *Log) claimNew(ctx context.Context, f *os.File) error {
	if err := lock(ctx, f, true); err != nil {
		return err
	}
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	if now, err := os.Stat(filepath.Join(l.dir, newName)); err != nil || !os.SameFile(mine, now) {
		return ErrInUse
	}
	if _, err := os.Stat(Path(l.dir)); err == nil {
		return errCreated
	}
	return f.Truncate(0)
}

// fill makes the buckets.
func fill(tx *bbolt.Tx, id domain.Identity) error {
	b, err := tx.CreateBucket(metaBucket)
	if err != nil {
		return err
	}
	value := encodeIdentity(id)
	chain := checksum(value[:len(value)-frameTail])
	err = errors.Join(b.Put(identityKey, value), b.Put(stateKey, encodeState(uint64(tx.ID()), true, emptyTails(id, chain))))
	if err != nil {
		return err
	}
	_, err = tx.CreateBucket(frameBucket)
	return err
}

// makeDir makes the directory and those above it, durably.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(filepath.Clean(dir))
	if err := makeDir(above); err != nil {
		return err
	}
	if err := os.Mkdir(dir, dirPerm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(above)
}
