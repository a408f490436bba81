package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dendro/adapters/postgres"
	"dendro/domain"
	"dendro/projections"

	"github.com/spf13/cobra"
)

func newRebuildCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rebuild --log LOG --postgres URL", Short: "Build a cluster's views anew from the log", Args: noArgs,
		Long: `Build the views that a cluster keeps in Postgres anew from the log, beside the
live ones, and put them in their places. Live traffic goes on: while the tables
change places, in a moment, commits and questions wait.

With --to all views are left as they are at an earlier cut of the log: for a
database that nodes do not follow. Where nodes do, they go on from the cut.

A view whose rules changed with a new version of the program is built by the
first of its nodes that starts; nothing need be done.`,
		Example: `  dendro rebuild --log kafka://127.0.0.1:9092/dendro --postgres postgres://dendro@127.0.0.1/dendro
  dendro rebuild --view boards
  dendro rebuild --log ./data --postgres postgres://127.0.0.1/analysis --to 01a210…@71,2,9`,
	}
	open, views := viewsFlags(cmd), viewFlag(cmd)
	to := cmd.Flags().String("to", "", "a cut of the log, to leave all views at")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		folds, err := views()
		if err != nil {
			return err
		}
		var cut *domain.Cut
		if *to != "" {
			at, err := domain.ParseCut(*to)
			if err != nil {
				return misuse("--to: %v", err)
			}
			if len(folds) != len(allViews()) {
				return misuse("views stand at one cut together; give --to, or --view, but not both")
			}
			cut = &at
		}
		v, err := open(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, v.close()) }()
		if cut == nil {
			if cut, err = v.unfollowed(cmd.Context(), folds); err != nil {
				return err
			}
		}
		return v.rebuild(cmd, folds, cut)
	}
	return cmd
}

// unfollowed gives the log's end, where all views are built of a database that
// no node follows: nobody else would bring it there.
func (v *sharedViews) unfollowed(ctx context.Context, folds []projections.Projection) (*domain.Cut, error) {
	followed, err := v.store.Followed(ctx)
	if err != nil || followed || len(folds) != len(allViews()) {
		return nil, err
	}
	end, err := v.log.End(ctx)
	return &end, err
}

func (v *sharedViews) rebuild(cmd *cobra.Command, folds []projections.Projection, to *domain.Cut) error {
	ctx, began := cmd.Context(), time.Now()
	show := newStages(cmd.ErrOrStderr())
	defer show.end()
	b := postgres.Build{Log: v.log, Folds: folds, Progress: show.report}
	var err error
	if to == nil {
		err = v.store.Rebuild(ctx, b)
	} else {
		err = v.store.RebuildTo(ctx, b, *to)
	}
	if err != nil {
		return err
	}
	show.end()
	at, err := v.store.Cut(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(folds))
	for i, f := range projections.ViewsOf(folds) {
		names[i] = f.Name
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "built %s in %s; the views are at %s\n", strings.Join(names, ", "), time.Since(began).Round(10*time.Millisecond), at)
	return err
}
