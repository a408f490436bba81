package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dendro/domain"
	projection "dendro/projections/dataset"
)

// Mismatch is an export that is not what the log gives.
type Mismatch struct {
	Dir         string
	Differences []string // each in one line
}

// Error implements error.
func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s is not what the log gives: %s", m.Dir, strings.Join(m.Differences, "; "))
}

// Verify makes an export again from the log that it names, and compares: the
// data file byte by byte with its hash and line by line with the log, the
// manifest's digest, rows, erasures and partition roots. A *Mismatch says all
// that differs. It is another error when that can't be found out: no export in
// dir (ErrNoExport), one of another log or of a cut that this log does not
// have (domain.ErrForeignCut), or one made under other rules.
//
// The card is not looked at: nothing is promised of it.
func Verify(ctx context.Context, log domain.Log, dir string, progress func(done, total int64)) error {
	m, err := ReadManifest(dir)
	if err != nil {
		return err
	}
	if m.Engine != projection.Engine {
		return fmt.Errorf("%s was made by %s, this is %s, which may write the same events in other words; verify it with the version that made it", dir, m.Engine, projection.Engine)
	}
	read, err := readLog(ctx, log, m.Cut, progress)
	if err != nil {
		return fmt.Errorf("%s can't be verified: %w", dir, err)
	}
	v := verifier{dir: dir}
	v.fileHash(m.Files[0])
	if err := v.lines(ctx, m, projection.Read(m.Recipe, read.folds...)); err != nil {
		return err
	}
	for i, got := range read.parts {
		v.equal(fmt.Sprintf("the events of partition %d", i), got.Events, m.Partitions[i].Events)
		v.equal(fmt.Sprintf("the Merkle root of partition %d", i), got.Root, m.Partitions[i].Root)
	}
	if len(v.differences) > 0 {
		return &Mismatch{Dir: dir, Differences: v.differences}
	}
	return nil
}

type verifier struct {
	dir         string
	differences []string
}

func (v *verifier) differs(format string, args ...any) {
	v.differences = append(v.differences, fmt.Sprintf(format, args...))
}

// equal compares what was made again with what the manifest says of it.
func (v *verifier) equal(what string, got, promised any) {
	if got != promised {
		v.differs("%s: %v, in the manifest %v", what, got, promised)
	}
}

// fileHash compares the file as it is with its entry.
func (v *verifier) fileHash(f File) {
	file, err := os.Open(filepath.Join(v.dir, f.Name))
	if err != nil {
		v.differs("%v", err)
		return
	}
	defer file.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	if err != nil {
		v.differs("%s can't be read: %v", f.Name, err)
		return
	}
	v.equal("the size of "+f.Name, n, f.Bytes)
	v.equal("the SHA-256 of "+f.Name, hex.EncodeToString(sum.Sum(nil)), f.SHA256)
}

// lines makes the lines again and compares them with the file's.
func (v *verifier) lines(ctx context.Context, m Manifest, data *projection.Dataset) error {
	file := openLines(filepath.Join(v.dir, m.Files[0].Name))
	defer file.close()
	sum, rows := sha256.New(), int64(0)
	_, err := data.Write(func(line []byte) error {
		rows++
		sum.Write(line)
		file.expect(rows, line)
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if why := file.end(rows); why != "" {
		v.differs("%s %s", m.Files[0].Name, why)
	}
	v.equal("the digest of the lines", digestText(sum), m.Digest)
	v.equal("the rows", rows, m.Files[0].Rows)
	if got := data.Erasures(); !slices.Equal(got, m.Erasures) {
		v.differs("the erasures: %v, in the manifest %v", got, m.Erasures)
	}
	return nil
}

// lineReader compares a compressed file with the lines it should have. It
// reads with the standard library, which shares nothing with what wrote.
type lineReader struct {
	file *os.File
	in   *bufio.Reader
	buf  []byte
	why  string // the first difference
}

func openLines(path string) *lineReader {
	r := &lineReader{}
	file, err := os.Open(path)
	if err != nil {
		r.why = "is not there"
		return r
	}
	r.file = file
	packed, err := gzip.NewReader(bufio.NewReaderSize(file, 1<<16))
	if err != nil {
		r.why = fmt.Sprintf("can't be read from line 1 on: %v", err)
		return r
	}
	r.in = bufio.NewReaderSize(packed, 1<<16)
	return r
}

// expect compares the next line; after the first difference nothing is
// compared any more.
func (r *lineReader) expect(n int64, line []byte) {
	if r.why != "" {
		return
	}
	r.buf = slices.Grow(r.buf[:0], len(line))[:len(line)]
	switch got, err := io.ReadFull(r.in, r.buf); {
	case errors.Is(err, io.EOF):
		r.why = fmt.Sprintf("ends before line %d", n)
	case !bytes.Equal(r.buf[:got], line[:got]):
		r.why = fmt.Sprintf("differs first in line %d", n)
	case errors.Is(err, io.ErrUnexpectedEOF):
		r.why = fmt.Sprintf("ends within line %d", n)
	case err != nil:
		r.why = fmt.Sprintf("can't be read from line %d on: %v", n, err)
	}
}

// end gives the first difference, after n lines, or "".
func (r *lineReader) end(n int64) string {
	if r.why != "" {
		return r.why
	}
	switch _, err := r.in.ReadByte(); {
	case err == nil:
		return fmt.Sprintf("has more than the %d lines that it should have", n)
	case !errors.Is(err, io.EOF):
		return fmt.Sprintf("can't be read behind line %d: %v", n, err)
	}
	return ""
}

func (r *lineReader) close() {
	if r.file != nil {
		_ = r.file.Close() // was only read
	}
}
