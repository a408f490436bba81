package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"regexp"
	"time"

	"dendro/domain"
	projection "dendro/projections/dataset"
)

// Options are what an export needs besides log, cut and recipe.
type Options struct {
	Dir      string     // the directory to make
	Replace  bool       // Dir may hold an earlier export, which goes
	Campaign string     // in file names and on the card; "dendro" when empty
	License  string     // identifier on the card; "apache-2.0" when empty
	At       *time.Time // the time that the cut was resolved from, for the manifest

	// Progress is told the events read so far, and how many there are; never
	// two calls at a time.
	Progress func(done, total int64)
}

// word is what may go into a file name and a card as it is.
var word = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (o *Options) check() error {
	if o.Campaign == "" {
		o.Campaign = "dendro"
	}
	if o.License == "" {
		o.License = "apache-2.0"
	}
	switch {
	case !word.MatchString(o.Campaign):
		return fmt.Errorf("the campaign's name %q can't be part of a file name; use up to 64 letters, digits, dots, dashes and underscores", o.Campaign)
	case !word.MatchString(o.License):
		return fmt.Errorf("the licence %q is no identifier such as apache-2.0", o.License)
	}
	return nil
}

// Export writes the dataset that the recipe makes of the log up to the cut
// (spec: dataset §1): one data file, manifest.json and README.md. The
// directory is there whole or not at all. It holds nothing that is not an
// export already, or is empty or new (ErrOccupied); the cut is one of this
// log (domain.ErrForeignCut) and has events.
//
// The data file is named after the date of the newest event in the cut, the
// log's own bookkeeping apart.
func Export(ctx context.Context, log domain.Log, cut domain.Cut, recipe projection.Recipe, o Options) (Manifest, error) {
	if err := recipe.Validate(); err != nil {
		return Manifest{}, err
	}
	if err := o.check(); err != nil {
		return Manifest{}, err
	}
	p, err := newPlace(o.Dir, o.Replace)
	if err != nil {
		return Manifest{}, err
	}
	m, err := export(ctx, p, log, cut, recipe, o)
	if err == nil {
		err = p.publish()
	}
	if err != nil {
		return Manifest{}, errors.Join(err, p.discard())
	}
	return m, nil
}

func export(ctx context.Context, p *place, log domain.Log, cut domain.Cut, recipe projection.Recipe, o Options) (Manifest, error) {
	read, err := readLog(ctx, log, cut, o.Progress)
	if err != nil {
		return Manifest{}, err
	}
	if read.newest.IsZero() {
		return Manifest{}, fmt.Errorf("the cut %s holds no events yet; export a later one", cut)
	}
	data := projection.Read(recipe, read.folds...)
	name := fmt.Sprintf("%s_%s_%s.%s.jsonl.gz", read.newest.UTC().Format(time.DateOnly), o.Campaign, recipe.Variant, recipe.Format)
	written, err := writeData(ctx, p, name, data)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{
		Log: cut.Log, Cut: cut.Clone(), Recipe: recipe, Erasures: append([]domain.ContributorID{}, data.Erasures()...),
		Engine: projection.Engine, Digest: written.digest, Files: []File{written.file}, Partitions: read.parts,
	}
	if o.At != nil {
		at := domain.Instant(*o.At).Format(projection.TimeForm)
		m.At = &at
	}
	text, err := m.encode()
	if err != nil {
		return Manifest{}, err
	}
	if err := p.write(manifestName, text); err != nil {
		return Manifest{}, err
	}
	return m, p.write(cardName, card(m, written.composition, o.Campaign, o.License, read.newest))
}

// written is what came of a data file.
type written struct {
	file        File
	digest      string
	composition projection.Composition
}

func writeData(ctx context.Context, p *place, name string, data *projection.Dataset) (_ written, err error) {
	file, err := p.create(name)
	if err != nil {
		return written{}, err
	}
	defer func() { err = errors.Join(err, finish(file)) }()
	stored := &tallied{out: file, sum: sha256.New()}
	packed := newCompressor(stored)
	lines := sha256.New()
	rows := int64(0)
	composition, err := data.Write(func(line []byte) error {
		rows++
		lines.Write(line)
		if _, err := packed.Write(line); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		_ = packed.Abort() // err is this or came before it
		return written{}, err
	}
	if err := packed.Close(); err != nil {
		return written{}, err
	}
	return written{
		file:        File{Name: name, Rows: rows, Bytes: stored.bytes, SHA256: hex.EncodeToString(stored.sum.Sum(nil))},
		digest:      digestText(lines),
		composition: composition,
	}, nil
}

func digestText(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }

// tallied hashes and counts what is written to a file.
type tallied struct {
	out   io.Writer
	sum   hash.Hash
	bytes int64
}

// Write implements io.Writer.
func (t *tallied) Write(p []byte) (int, error) {
	n, err := t.out.Write(p)
	t.sum.Write(p[:n])
	t.bytes += int64(n)
	return n, err
}
