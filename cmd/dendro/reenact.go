package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"dendro/adapters/bolt"
	"dendro/adapters/reenact"
	"dendro/domain"
)

const reenactOwner = "dendro reenact"

func newReenactCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "reenact FILE --data DIR", Short: "Play a published messages.jsonl through the live command path",
		Long: `Play a published messages.jsonl (or .jsonl.gz) through the live command path:
contributors write its messages in order of time, through tasks, and helpers
review, react and rank so that means, counts and consensus are those in the
file. The rules then have to arrive where the published data did.

DIR gets a new log, and must be new or empty; the same file makes the same log.
What is printed is how many rows came out as in the file, and for each other
row the rule that stands between.`,
		Example: `  dendro reenact oasst.messages.jsonl --data ./reenacted
  dendro export --data ./reenacted --variant all --format messages --out ./export`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuse("name one file; see `%s --help`", cmd.CommandPath())
			}
			return nil
		},
	}
	data, asJSON := dataFlag(cmd), jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir, err := data()
		if err != nil {
			return err
		}
		done, err := reenactFile(cmd.Context(), args[0], dir, newProgress(cmd.ErrOrStderr(), "reenacting"))
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), done)
		}
		return done.print(cmd.OutOrStdout())
	}
	return cmd
}

// reenacted is what `reenact` prints.
type reenacted struct {
	File       string            `json:"file"`
	SHA256     string            `json:"sha256"` // of the lines, uncompressed
	Data       string            `json:"data"`
	Cut        domain.Cut        `json:"cut"`
	Events     uint64            `json:"events"`
	Rows       int               `json:"rows"`
	Reproduced int               `json:"reproduced"`
	Others     []reenact.Finding `json:"not_reproduced"`
	Rules      []reenact.Count   `json:"rules"`
}

// reenactFile plays the file into a directory beside dir, which takes the name
// only when all is done: nothing half is left.
func reenactFile(ctx context.Context, name, dir string, p *progress) (done reenacted, err error) {
	defer p.end()
	if err := mustBeNew(dir); err != nil {
		return done, err
	}
	file, err := readPublished(name)
	if err != nil {
		return done, err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o755); err != nil {
		return done, err
	}
	beside, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".reenact-*")
	if err != nil {
		return done, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(beside))
		}
	}()
	done = reenacted{File: name, SHA256: hex.EncodeToString(file.SHA256[:]), Data: dir}
	if err := done.play(ctx, file, beside, p); err != nil {
		return done, err
	}
	if err := os.Chmod(beside, 0o755); err != nil {
		return done, err
	}
	return done, os.Rename(beside, dir)
}

func mustBeNew(dir string) error {
	switch entries, err := os.ReadDir(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty; name a new directory", dir)
	}
	return nil
}

func readPublished(name string) (f reenact.File, err error) {
	in, err := os.Open(name)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if f, err = reenact.Read(in); err != nil {
		return f, fmt.Errorf("%s is no messages.jsonl: %w", name, err)
	}
	return f, nil
}

func (r *reenacted) play(ctx context.Context, file reenact.File, dir string, p *progress) (err error) {
	id, clock := file.Identity(), domain.NewManualClock(reenact.Begin(file.Rows))
	log, err := bolt.Open(ctx, dir, bolt.Options{Clock: clock, Owner: reenactOwner, Create: &id})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	report, err := reenact.Play(ctx, log, file.Rows, reenact.Options{
		Clock: clock, Checkpoints: bolt.Checkpoints(dir),
		Progress: func(done, total int) { p.report(int64(done), int64(total)) },
	})
	if err != nil {
		return err
	}
	r.Rows, r.Reproduced = report.Rows, report.Reproduced
	r.Others, r.Rules = append([]reenact.Finding{}, report.Findings...), append([]reenact.Count{}, report.ByRule()...)
	r.Cut, err = log.End(ctx)
	r.Events = r.Cut.Events()
	return err
}

func (r reenacted) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "log\t%s in %s, %s events\n", r.Cut.Log, r.Data, grouped(r.Events))
	fmt.Fprintf(w, "cut\t%s\n", r.Cut)
	fmt.Fprintf(w, "rows\t%s\n", grouped(r.Rows))
	fmt.Fprintf(w, "reproduced\t%s (%s%%)\n", grouped(r.Reproduced), percent(r.Reproduced, r.Rows))
	fmt.Fprintf(w, "not reproduced\t%s\n", grouped(len(r.Others)))
	for _, c := range r.Rules {
		fmt.Fprintf(w, "  %s\t%s\n", c.Rule, grouped(c.Rows))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, f := range r.Others {
		if _, err := fmt.Fprintln(out, f); err != nil {
			return err
		}
	}
	return nil
}

// percent writes a share with one digit behind the point, rounded down, so
// that only all is 100.0.
func percent(part, whole int) string {
	tenths := part * 1000 / max(whole, 1)
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}
