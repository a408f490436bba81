package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"dendro/adapters/postgres"
	"dendro/domain"
	"dendro/projections"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
)

func newViewsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "views --log LOG --postgres URL", Short: "Tell how far a cluster's views are", Args: noArgs,
		Long: `Tell how far the views are that a cluster keeps in Postgres: by which revision
of its rules each was made, the cut that it stands at, and how many events of the
log it lacks.

A LOG is a topic, kafka://HOST:PORT,HOST:PORT/TOPIC, or a data directory. A
server of its own keeps its views in memory and builds them at every start; a
running one tells of them at GET /api/v1/admin/views.`,
		Example: `  dendro views --log kafka://127.0.0.1:9092/dendro --postgres postgres://dendro@127.0.0.1/dendro
  dendro views --json
  dendro views verify`,
	}
	open, asJSON := viewsFlags(cmd), jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		v, err := open(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, v.close()) }()
		s, err := v.standing(cmd.Context())
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), s)
		}
		return s.print(cmd.OutOrStdout())
	}
	cmd.AddCommand(newViewsVerifyCmd())
	return cmd
}

// sharedViews are a cluster's views and the log that they are of.
type sharedViews struct {
	log   closingLog
	pool  *pgxpool.Pool
	store *postgres.Store
}

// viewsFlags adds --log, --postgres and --config; the answer opens what they
// name.
func viewsFlags(cmd *cobra.Command) func(context.Context) (*sharedViews, error) {
	log := cmd.Flags().String("log", "", "the log: kafka://HOST:PORT,HOST:PORT/TOPIC, or a data directory")
	dsn, config := postgresFlag(cmd), configFlag(cmd)
	return func(ctx context.Context) (*sharedViews, error) {
		if err := config(); err != nil {
			return nil, err
		}
		if *log == "" {
			return nil, misuse("views of which log? give --log kafka://HOST:PORT/TOPIC, or set %s", variable("log"))
		}
		at, err := parsePlace(*log)
		if err != nil {
			return nil, err
		}
		return openViews(ctx, at, *dsn)
	}
}

func openViews(ctx context.Context, at place, dsn string) (v *sharedViews, err error) {
	v = &sharedViews{}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.close())
		}
	}()
	if v.pool, err = openPool(ctx, dsn); err != nil {
		return v, err
	}
	if v.log, err = at.read(ctx); err != nil {
		return v, err
	}
	v.store, err = postgres.NewStore(ctx, v.pool, v.log.Identity(), projections.ViewsOf(allViews())...)
	return v, err
}

func (v *sharedViews) close() error {
	if v.pool != nil {
		v.pool.Close()
	}
	if v.log != nil {
		return v.log.Close()
	}
	return nil
}

// viewsStanding is what `views` prints.
type viewsStanding struct {
	Log   domain.Cut     `json:"log_end"`
	Views []viewStanding `json:"views"`
}

type viewStanding struct {
	View     string     `json:"view"`
	Revision int        `json:"revision"`
	Program  int        `json:"program_revision"`
	Cut      domain.Cut `json:"cut"`
	Lag      uint64     `json:"lag_events"`
	Built    *time.Time `json:"built_date"`
	Bytes    int64      `json:"bytes"`
}

func (v *sharedViews) standing(ctx context.Context) (s viewsStanding, err error) {
	views, err := standingOf(ctx, v.store)
	if err != nil {
		return s, err
	}
	at, err := v.store.Cut(ctx)
	if err != nil {
		return s, err
	}
	if s.Log, err = v.log.End(ctx); err != nil { // asked last: views are never ahead of it
		return s, err
	}
	for _, one := range views {
		line := viewStanding{View: one.View, Revision: one.Revision, Program: one.Program, Cut: at, Lag: s.Log.Events() - at.Events(), Bytes: one.Bytes}
		if !one.Built.IsZero() {
			line.Built = &one.Built
		}
		s.Views = append(s.Views, line)
	}
	return s, nil
}

func (s viewsStanding) print(out io.Writer) error {
	fmt.Fprintf(out, "log  %s\n\n", s.Log)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VIEW\tREVISION\tCUT\tLAG\tBUILT\tSIZE")
	var old []string
	for _, v := range s.Views {
		revision, built := fmt.Sprint(v.Revision), "never"
		if v.Revision != v.Program {
			revision += fmt.Sprintf(" (program: %d)", v.Program)
			old = append(old, v.View)
		}
		if v.Built != nil {
			built = v.Built.UTC().Format("2006-01-02 15:04:05")
		}
		_, cut, _ := strings.Cut(v.Cut.String(), "@")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", v.View, revision, cut, grouped(v.Lag), built, inMiB(v.Bytes))
	}
	err := w.Flush()
	if len(old) > 0 {
		_, err = fmt.Fprintf(out, "\nof other rules than this program's: %s; dendro rebuild builds them, or the first node that starts\n", strings.Join(old, ", "))
	}
	return err
}

func inMiB(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }

// errDiffer is how a comparison that found differences ends.
var errDiffer = errors.New("the views are not what the log says; dendro rebuild puts them right")

func newViewsVerifyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify --log LOG --postgres URL", Short: "Compare the views with a fresh fold of the log", Args: noArgs,
		Long: `Fold the log anew, beside the live views, and compare both row by row at one
cut. Nothing is changed, and live traffic goes on. It takes about as much time and
room as dendro rebuild.`,
		Example: `  dendro views verify --log kafka://127.0.0.1:9092/dendro --postgres postgres://dendro@127.0.0.1/dendro
  dendro views verify --view boards --json`,
	}
	open, views, asJSON := viewsFlags(cmd), viewFlag(cmd), jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		folds, err := views()
		if err != nil {
			return err
		}
		v, err := open(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, v.close()) }()
		show := newStages(cmd.ErrOrStderr())
		at, all, err := v.store.Verify(cmd.Context(), postgres.Build{Log: v.log, Folds: folds, Progress: show.report})
		show.end()
		if err != nil {
			return err
		}
		if *asJSON {
			err = printJSON(cmd.OutOrStdout(), map[string]any{"cut": at, "tables": all})
		} else {
			err = printCompared(cmd.OutOrStdout(), at, all)
		}
		if err == nil && slices.ContainsFunc(all, func(c postgres.Compared) bool { return c.Missing+c.Surplus > 0 }) {
			err = errDiffer
		}
		return err
	}
	return cmd
}

func printCompared(out io.Writer, at domain.Cut, all []postgres.Compared) error {
	fmt.Fprintf(out, "at  %s\n\n", at)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VIEW\tTABLE\tROWS\tMISSING\tSURPLUS\tEXAMPLE")
	for _, c := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", c.View, strings.TrimPrefix(c.Table, "views."), grouped(c.Rows), grouped(c.Missing), grouped(c.Surplus), c.Example)
	}
	return w.Flush()
}

// viewFlag adds --view; the answer gives the folds of the views that it names,
// of all by default.
func viewFlag(cmd *cobra.Command) func() ([]projections.Projection, error) {
	names := cmd.Flags().StringSlice("view", nil, "only this view, or these: "+strings.Join(viewNames(), ", "))
	return func() ([]projections.Projection, error) {
		for _, name := range *names {
			if !slices.Contains(viewNames(), name) {
				return nil, misuse("there is no view %q; there are %s", name, strings.Join(viewNames(), ", "))
			}
		}
		return slices.DeleteFunc(allViews(), func(f projections.Projection) bool {
			return len(*names) > 0 && !slices.Contains(*names, f.Name())
		}), nil
	}
}

func viewNames() (names []string) {
	for _, v := range projections.ViewsOf(allViews()) {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return names
}

// stages shows the progress of a build, stage after stage.
type stages struct {
	out io.Writer
	at  postgres.Stage
	bar *progress
}

func newStages(out io.Writer) *stages { return &stages{out: out} }

func (s *stages) report(at postgres.Stage, done, total int64) {
	if s.bar == nil || at != s.at {
		s.end()
		s.at, s.bar = at, newProgress(s.out, at.String())
	}
	s.bar.report(done, total)
}

func (s *stages) end() {
	if s.bar != nil {
		s.bar.end()
	}
}
