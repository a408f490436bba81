package reactions

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	dirPerm  = 0o750
	filePerm = 0o600
)

// makeDir makes the directory, durably, if it is not there.
func makeDir(dir string) error {
	err := os.Mkdir(dir, dirPerm)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// replaceFile puts the data in place of what the file held, durably and
// wholly: whenever the machine stops, the file holds either.
func replaceFile(path string, data []byte) error {
	next := path + ".new"
	if err := writeSynced(next, os.O_CREATE|os.O_TRUNC, data); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// appendFile adds the data to the end of a file that is there, durably. After
// an error some of it may be there.
func appendFile(path string, data []byte) error { return writeSynced(path, os.O_APPEND, data) }

func writeSynced(path string, how int, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|how, filePerm)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
