package bolt

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// CheckpointStore keeps bytes under names in a directory beside the log, each
// in a file that may be deleted at any time:
//
//	magic     "dendro checkpoint\n"
//	revision  8 bytes, big-endian
//	length    8 bytes, of the data
//	digest    32 bytes, SHA-256 of name, zero byte, the above but magic, and data
//	data      the rest
//
// It may be used concurrently.
type CheckpointStore struct {
	dir string
	mu  sync.Mutex // one file is written at a time
}

const (
	checkpointsName = "checkpoints"
	checkpointMagic = "dendro checkpoint\n"
	checkpointHead  = len(checkpointMagic) + 8 + 8 + sha256.Size
	maxName         = 64
)

// Checkpoints gives the store beside the log in dir.
func Checkpoints(dir string) *CheckpointStore {
	return &CheckpointStore{dir: filepath.Join(dir, checkpointsName)}
}

// Save keeps the data under the name, instead of what was there. When it
// returns nil the data is durable; when it fails, what was there still is.
func (s *CheckpointStore) Save(name string, revision int, data []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.Mkdir(s.dir, dirPerm); err == nil {
		if err := syncDir(filepath.Dir(s.dir)); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	path := filepath.Join(s.dir, name)
	if err := writeSynced(path+".new", checkpointHeader(name, revision, data), data); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// Load gives the data last saved under the name with the same revision. It
// gives nil when there is none that is whole: a checkpoint is a cache.
func (s *CheckpointStore) Load(name string, revision int) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(b) < checkpointHead {
		return nil, nil
	}
	data := b[checkpointHead:]
	if !bytes.Equal(b[:checkpointHead], checkpointHeader(name, revision, data)) {
		return nil, nil
	}
	return data, nil
}

func checkpointHeader(name string, revision int, data []byte) []byte {
	numbers := binary.BigEndian.AppendUint64(nil, uint64(revision))
	numbers = binary.BigEndian.AppendUint64(numbers, uint64(len(data)))
	h := sha256.New()
	h.Write(append([]byte(name), 0))
	h.Write(numbers)
	h.Write(data)
	return h.Sum(append([]byte(checkpointMagic), numbers...))
}

// checkName keeps names to what is a plain file name everywhere.
func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("a checkpoint's name has 1 to %d characters, not %d", maxName, len(name))
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' || i == 0 && c == '-' {
			return fmt.Errorf("a checkpoint's name is made of a-z, 0-9, - and _: not %q", name)
		}
	}
	return nil
}

func writeSynced(path string, parts ...[]byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, filePerm)
	if err != nil {
		return err
	}
	for _, b := range parts {
		if _, err := f.Write(b); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(f.Sync(), f.Close())
}
