package reenact

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"dendro/domain"
	"dendro/projections/dataset"
)

// File is a messages.jsonl as it was read.
type File struct {
	Rows   []dataset.Row
	SHA256 [sha256.Size]byte // of the lines, uncompressed
}

// partitions is how many a log for a play has: a number of that log alone, it
// changes no dataset.
const partitions = 4

// Read reads a messages.jsonl, or one compressed with gzip. A line that is no
// row fails it with a *dataset.RowError, and so does a file without rows.
func Read(from io.Reader) (File, error) {
	in := bufio.NewReader(from)
	var text io.Reader = in
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return File{}, fmt.Errorf("not a gzip file: %w", err)
		}
		text = unzipped
	}
	hash := sha256.New()
	var f File
	for row, err := range dataset.ReadRows(io.TeeReader(text, hash)) {
		if err != nil {
			return File{}, err
		}
		f.Rows = append(f.Rows, row)
	}
	if len(f.Rows) == 0 {
		return File{}, errors.New("there is no row in it")
	}
	hash.Sum(f.SHA256[:0])
	return f, nil
}

// Identity is that of a log to play the file into: the same for the same lines.
func (f File) Identity() domain.Identity {
	return domain.Identity{ID: domain.LogID(f.SHA256[:len(domain.LogID{})]), Partitions: partitions}
}
