package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"dendro/domain"
	"dendro/domain/directory"

	"go.etcd.io/bbolt"
)

// erase removes a row and marks the file as one to be rewritten, so that
// whatever cuts the rewrite off, the next start or the next erasure does it.
func (t *tables) erase(id domain.ContributorID) error {
	p, err := t.person(id[:])
	if errors.Is(err, directory.ErrUnknown) {
		t.rewrite = t.rewrite || t.get(aboutTable, erasingKey) != nil
		return nil
	}
	if err != nil {
		return err
	}
	t.remove(personTable, p.ID[:])
	t.remove(loginTable, loginKey(p.Client, p.Login))
	t.remove(usernameTable, nameKey(p.Login.Username, p.ID))
	t.remove(displayTable, nameKey(p.DisplayName, p.ID))
	t.put(aboutTable, erasingKey, []byte{1})
	t.rewrite = true
	return nil
}

// finishErasure does what an erasure that was cut off has left to do.
func (d *Directory) finishErasure() error {
	erasing := false
	err := d.db.View(func(tx *bbolt.Tx) error {
		erasing = tx.Bucket(aboutTable).Get(erasingKey) != nil
		return nil
	})
	if err != nil || !erasing {
		return err
	}
	return d.rewrite()
}

// rewrite puts a file in the place of directory.db that holds its rows, and no
// byte beside them. A crash leaves the one or the other. What the disk itself
// keeps of a file that was removed is up to the disk.
func (d *Directory) rewrite() error {
	db, err := d.compact()
	if err == nil {
		err = d.adopt(db)
	}
	if err != nil {
		return fmt.Errorf("the row is removed, and the file not yet rewritten without its bytes (erase it again, or start again): %w", err)
	}
	return nil
}

// compactAtOnce bounds what compact holds in memory, in bytes.
const compactAtOnce = 8 << 20

// compact writes the rows of directory.db into a new file.
func (d *Directory) compact() (*bbolt.DB, error) {
	if err := d.removeNew(); err != nil { // of a rewrite that failed
		return nil, err
	}
	db, err := d.openDB(newDirectoryName)
	if err != nil {
		return nil, err
	}
	db.NoSync, db.NoGrowSync = true, true // adopt syncs it, once
	err = bbolt.Compact(db, d.db, compactAtOnce)
	if err == nil {
		err = db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(aboutTable).Delete(erasingKey) })
	}
	if err != nil {
		return nil, errors.Join(err, db.Close(), d.removeNew())
	}
	return db, nil
}

// adopt lets a file that is whole become directory.db, instead of the one before.
func (d *Directory) adopt(db *bbolt.DB) error {
	err := db.Sync()
	if err == nil {
		err = os.Rename(d.path(newDirectoryName), d.path(directoryName))
	}
	if err != nil {
		return errors.Join(err, db.Close(), d.removeNew())
	}
	db.NoSync, db.NoGrowSync = false, false
	d.files.Lock()
	old := d.db
	d.db = db
	d.files.Unlock()
	if err = syncDir(d.dir); err != nil {
		d.doubt = true // nothing may be written until it is known which file has the name
	}
	if old != nil {
		err = errors.Join(err, old.Close())
	}
	return err
}

// removeNew removes what became nothing.
func (d *Directory) removeNew() error {
	if err := os.Remove(d.path(newDirectoryName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
