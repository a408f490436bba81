package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// place is where an export goes: its files are written to a directory beside
// the target, which takes the target's name when all are there.
type place struct {
	target   string
	work     string
	replaces bool // the target holds an earlier export
}

// ErrOccupied is wrapped when the target directory can't be taken.
var ErrOccupied = errors.New("not written")

// newPlace checks the target and makes the working directory.
func newPlace(dir string, replace bool) (*place, error) {
	if dir == "" {
		return nil, fmt.Errorf("%w: name the directory to export to", ErrOccupied)
	}
	target, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if followed, err := filepath.EvalSymlinks(target); err == nil {
		target = followed
	}
	p := &place{target: target}
	if p.replaces, err = occupied(target); err != nil {
		return nil, err
	}
	if p.replaces && !replace {
		return nil, fmt.Errorf("%w: %s holds an export already; name another directory, or ask for it to be replaced", ErrOccupied, dir)
	}
	parent := filepath.Dir(target)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, err
	}
	p.work, err = os.MkdirTemp(parent, "."+filepath.Base(target)+".part-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(p.work, 0o755); err != nil {
		return nil, errors.Join(err, p.discard())
	}
	return p, nil
}

// occupied reports whether dir is an export of ours, and nothing else. It is
// an error when anything else is there.
func occupied(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%w: %w", ErrOccupied, err)
	}
	m, err := ReadManifest(dir)
	if err != nil {
		return false, fmt.Errorf("%w: %s holds files that are no export; name an empty or a new directory", ErrOccupied, dir)
	}
	for _, e := range entries {
		if name := e.Name(); name != manifestName && name != cardName && name != m.Files[0].Name {
			return false, fmt.Errorf("%w: %s holds %s beside an export; move it away, or name another directory", ErrOccupied, dir, name)
		}
	}
	return true, nil
}

// create makes a file in the working directory.
func (p *place) create(name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(p.work, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// write makes a small file whole.
func (p *place) write(name string, data []byte) error {
	file, err := p.create(name)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, finish(file))
}

// finish makes a file durable and closes it.
func finish(file *os.File) error { return errors.Join(file.Sync(), file.Close()) }

// publish gives the working directory the target's name. An earlier export is
// moved aside first, and back if that fails.
func (p *place) publish() error {
	if err := syncDir(p.work); err != nil {
		return err
	}
	parent := filepath.Dir(p.target)
	aside := ""
	// What is there is looked at once more: it may have changed meanwhile.
	replaces, err := occupied(p.target)
	switch {
	case err != nil:
		return err
	case replaces && !p.replaces:
		return fmt.Errorf("%w: another export has come to %s meanwhile", ErrOccupied, p.target)
	case replaces:
		aside = p.work + ".old"
		if err := os.Rename(p.target, aside); err != nil {
			return err
		}
	default:
		if err := os.Remove(p.target); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(p.work, p.target); err != nil {
		if aside != "" {
			err = errors.Join(err, os.Rename(aside, p.target))
		}
		return err
	}
	p.work = ""
	err = syncDir(parent)
	if aside != "" {
		err = errors.Join(err, os.RemoveAll(aside))
	}
	return err
}

// discard removes what is left of the working directory.
func (p *place) discard() error {
	if p.work == "" {
		return nil
	}
	return os.RemoveAll(p.work)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
