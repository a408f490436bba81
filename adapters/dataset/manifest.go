package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"dendro/domain"
	projection "dendro/projections/dataset"
)

// The files that every export has beside its data.
const (
	manifestName = "manifest.json"
	cardName     = "README.md"
)

// maxManifest bounds what is read as a manifest: enough for any number of
// partitions, and for a hundred thousand erasures.
const maxManifest = 8 << 20

// Manifest is what an export promises (spec: dataset §1). Its keys stand in
// this order.
type Manifest struct {
	Log        domain.LogID           `json:"log"`
	Cut        domain.Cut             `json:"cut"`
	At         *string                `json:"at"` // the time that Cut was resolved from, if it was
	Recipe     projection.Recipe      `json:"recipe"`
	Erasures   []domain.ContributorID `json:"erasures"` // within the cut, by id
	Engine     string                 `json:"engine"`
	Digest     string                 `json:"digest"` // "sha256:" + hex, of the uncompressed lines
	Files      []File                 `json:"files"`
	Partitions []Partition            `json:"partitions"`
}

// File is one data file as it is on disk.
type File struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`  // lines
	Bytes  int64  `json:"bytes"` // of the file, compressed
	SHA256 string `json:"sha256"`
}

// Partition is what the cut holds of one partition, with the Merkle tree hash
// (RFC 6962) over its stored events in hex.
type Partition struct {
	Partition domain.Partition `json:"partition"`
	Events    uint64           `json:"events"`
	Root      string           `json:"root"`
}

// ErrNoExport is wrapped when a directory holds no export.
var ErrNoExport = errors.New("no export")

func (m Manifest) encode() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(m)
	return out.Bytes(), err
}

// ReadManifest reads and checks the manifest of an export: ErrNoExport when
// there is none in the directory, or none of ours.
func ReadManifest(dir string) (Manifest, error) {
	fail := func(err error) (Manifest, error) {
		return Manifest{}, fmt.Errorf("%w in %s: %s: %w", ErrNoExport, dir, manifestName, err)
	}
	file, err := os.Open(filepath.Join(dir, manifestName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Manifest{}, fmt.Errorf("%w in %s: it has no %s", ErrNoExport, dir, manifestName)
	case err != nil:
		return Manifest{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	if err != nil {
		return Manifest{}, err
	}
	if len(text) > maxManifest {
		return fail(fmt.Errorf("longer than %d bytes", maxManifest))
	}
	var m Manifest
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&m); err != nil {
		return fail(err)
	}
	if err := m.check(); err != nil {
		return fail(err)
	}
	return m, nil
}

// check tells what makes no sense in the manifest by itself.
func (m Manifest) check() error {
	switch {
	case m.Cut.Log != m.Log:
		return errors.New("its cut is of another log than it names")
	case len(m.Partitions) != len(m.Cut.End):
		return fmt.Errorf("it lists %d partitions, its cut has %d", len(m.Partitions), len(m.Cut.End))
	case len(m.Files) != 1:
		return fmt.Errorf("it lists %d data files; there is always one", len(m.Files))
	}
	if err := m.Recipe.Validate(); err != nil {
		return err
	}
	if name := m.Files[0].Name; name != filepath.Base(name) || name == manifestName || name == cardName || name[0] == '.' {
		return fmt.Errorf("%q is not the name of a data file", name)
	}
	return nil
}
