package reactions

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dendro/domain"
)

// Positions keeps, per handler, the cut before which it has done everything.
// Methods may be called concurrently for different names.
type Positions interface {
	// Load gives the cut last saved under the name; found is false when there
	// is none.
	Load(name string) (at domain.Cut, found bool, err error)
	// Save keeps the cut, durably, instead of the one before.
	Save(name string, at domain.Cut) error
}

var _ Positions = FilePositions{}

// FilePositions keeps each position in a file NAME.cut of a directory, as the
// cut's text.
type FilePositions struct{ Dir string }

func (p FilePositions) path(name string) string { return filepath.Join(p.Dir, name+".cut") }

// Load implements Positions.
func (p FilePositions) Load(name string) (domain.Cut, bool, error) {
	text, err := os.ReadFile(p.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return domain.Cut{}, false, nil
	}
	if err != nil {
		return domain.Cut{}, false, err
	}
	at, err := domain.ParseCut(strings.TrimSuffix(string(text), "\n"))
	if err != nil {
		return domain.Cut{}, false, fmt.Errorf("%s: %w; write the cut there from which %s shall go on", p.path(name), err, name)
	}
	return at, true, nil
}

// Save implements Positions.
func (p FilePositions) Save(name string, at domain.Cut) error {
	return replaceFile(p.path(name), []byte(at.String()+"\n"))
}
