package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"dendro/adapters/dataset"
	"dendro/domain"
	projection "dendro/projections/dataset"

	"github.com/spf13/cobra"
)

func newExportCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "export --data DIR --out DIR", Short: "Make a dataset of a log, or verify one", Args: noArgs,
		Long: `Make a dataset of a log: JSON Lines, compressed, with a manifest that names the
cut and the recipe, and a card. The same log, cut and recipe give the same
bytes, at any time and on any machine.

Without --at or --cut it is made of all the log has now. --at takes a time
that the log has passed, --cut what dendro log stat prints.

--verify makes a dataset again from its manifest and compares.`,
		Example: `  dendro export --data ./data --out ./export
  dendro export --data ./data --variant all --format messages --deleted include --out ./all
  dendro export --data ./data --at 2024-01-02T12:00:00Z --out ./then
  dendro export --data ./data --verify ./export`,
	}
	x := exporting{}
	data, asJSON := dataFlag(cmd), jsonFlag(cmd)
	f := cmd.Flags()
	f.StringVar((*string)(&x.recipe.Variant), "variant", string(projection.Ready), "ready: what is accepted in finished trees; all: everything")
	f.StringVar((*string)(&x.recipe.Format), "format", string(projection.Trees), "trees or messages: what a line holds")
	f.StringVar((*string)(&x.recipe.Events), "events", "", "include raw votes, with who gave them and how far they agree with others (default: left out)")
	f.StringVar((*string)(&x.recipe.Deleted), "deleted", "", "include deleted messages, or only them (default: left out)")
	f.StringVar(&x.out, "out", "", "the directory to make")
	f.StringVar(&x.at, "at", "", "export as of this time, such as 2024-01-02T12:00:00Z")
	f.StringVar(&x.cut, "cut", "", "export this cut")
	f.BoolVar(&x.replace, "replace", false, "--out may hold an earlier export, which goes")
	f.StringVar(&x.verify, "verify", "", "the directory of an export to verify")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if x.dir, err = data(); err != nil {
			return err
		}
		if err := x.check(f.Changed); err != nil {
			return err
		}
		var m dataset.Manifest
		err = readLog(cmd.Context(), x.dir, func(log domain.Log) error {
			p := newProgress(cmd.ErrOrStderr(), "reading events")
			defer p.end()
			m, err = x.run(cmd.Context(), log, p)
			return err
		})
		switch {
		case err != nil:
			return err
		case *asJSON:
			return printJSON(cmd.OutOrStdout(), m)
		case x.verify != "":
			return printVerified(cmd.OutOrStdout(), x.verify, m)
		}
		return printExported(cmd.OutOrStdout(), x.out, m)
	}
	return cmd
}

// exporting is what the flags ask for.
type exporting struct {
	dir, out, at, cut, verify string
	replace                   bool
	recipe                    projection.Recipe
	time                      time.Time  // --at, once read
	prefix                    domain.Cut // --cut, once read
}

// makesExport are the flags that mean nothing to --verify.
var makesExport = []string{"variant", "format", "deleted", "events", "out", "at", "cut", "replace"}

func (x *exporting) check(given func(string) bool) (err error) {
	if given("verify") {
		if i := slices.IndexFunc(makesExport, given); i >= 0 {
			return misuse("--verify takes everything from the manifest; leave --%s out", makesExport[i])
		}
		if x.verify == "" {
			return misuse("verify which export? give --verify DIR")
		}
		return nil
	}
	if err := x.recipe.Validate(); err != nil {
		return misuse("%v", err)
	}
	switch {
	case x.out == "":
		return misuse("export where to? give --out DIR, or --verify DIR to verify an export")
	case given("deleted") && x.recipe.Deleted == projection.DeletedNot:
		return misuse("--deleted is include or only; leave it out to leave them out")
	case given("events") && x.recipe.Events == projection.EventsNot:
		return misuse("--events is include; leave it out to leave them out")
	case given("at") && given("cut"):
		return misuse("--at and --cut both say how far to read; give one")
	}
	if given("at") {
		if x.time, err = time.Parse(time.RFC3339Nano, x.at); err != nil {
			return misuse("%q is not a time such as 2024-01-02T12:00:00Z", x.at)
		}
	}
	if given("cut") {
		if x.prefix, err = domain.ParseCut(x.cut); err != nil {
			return misuse("%v", err)
		}
	}
	return nil
}

func (x *exporting) run(ctx context.Context, log domain.Log, p *progress) (m dataset.Manifest, err error) {
	if x.verify != "" {
		if err := dataset.Verify(ctx, log, x.verify, p.report); err != nil {
			return m, err
		}
		return dataset.ReadManifest(x.verify)
	}
	opt := dataset.Options{Dir: x.out, Replace: x.replace, Progress: p.report}
	cut := x.prefix
	switch {
	case x.at != "":
		opt.At = &x.time
		cut, err = dataset.ResolveAt(ctx, log, x.time)
	case x.cut == "":
		cut, err = log.End(ctx)
	}
	if err != nil {
		return m, err
	}
	return dataset.Export(ctx, log, cut, x.recipe, opt)
}

func printExported(out io.Writer, dir string, m dataset.Manifest) error {
	file := m.Files[0]
	_, err := fmt.Fprintf(out, "%s: %s lines, %s bytes\ncut %s\ndigest %s\n",
		filepath.Join(dir, file.Name), grouped(file.Rows), grouped(file.Bytes), m.Cut, m.Digest)
	return err
}

func printVerified(out io.Writer, dir string, m dataset.Manifest) error {
	_, err := fmt.Fprintf(out, "%s is what the log gives: %s lines, digest %s\n", dir, grouped(m.Files[0].Rows), m.Digest)
	return err
}
