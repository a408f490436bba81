package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"dendro/adapters/bolt"
	"dendro/commands/transfer"
	"dendro/domain"
	"dendro/schemas"

	"github.com/spf13/cobra"
)

// copyOwner is the owner that the claims of a copy name. It is the same
// everywhere, so that a copy made again is the same.
const copyOwner = "dendro log copy"

func newLogCopyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "copy --data DIR --to DIR [--partitions N]", Short: "Copy a log, also into another number of partitions", Args: noArgs,
		Long: `Copy a log, also into another number of partitions, and compare both event by
event at the end. Ids, streams, versions, times and payloads stay as they are;
positions and epochs are the copy's own, which has an identity of its own, too.

A copy that was cut off, or whose source has grown, goes on when it is called
again. A copy that is worked on is a copy no more, and is refused.`,
		Example: `  dendro log copy --data ./data --to ./copy
  dendro log copy --data ./data --to ./wide --partitions 16`,
	}
	data := dataFlag(cmd)
	to := cmd.Flags().String("to", "", "the data directory of the copy")
	partitions := cmd.Flags().Int("partitions", 0, "partitions of the copy (default: those of the source)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := data()
		switch {
		case err != nil:
			return err
		case *to == "":
			return misuse("copy where? give --to DIR")
		case sameDir(dir, *to):
			return misuse("%s is the log itself; give --to another directory", *to)
		case cmd.Flags().Changed("partitions") && (*partitions < 1 || *partitions > domain.MaxPartitions):
			return misuse("%d partitions; give 1 to %d", *partitions, domain.MaxPartitions)
		}
		return readLog(cmd.Context(), dir, func(source domain.Log) error {
			n := *partitions
			if n == 0 {
				n = source.Identity().Partitions
			}
			p := newProgress(cmd.ErrOrStderr(), "copying")
			defer p.end()
			report, err := copyLog(cmd.Context(), source, *to, n, p)
			if err != nil {
				return err
			}
			p.end()
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "copied %s events, of %s in all; both logs compared and equal\n%s\n",
				grouped(report.Copied), grouped(report.Events), transfer.Identity(source.Identity(), n).ID)
			return err
		})
	}
	return cmd
}

func sameDir(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

func copyLog(ctx context.Context, source domain.Log, to string, partitions int, p *progress) (report transfer.Report, err error) {
	began, err := transfer.Began(ctx, source)
	if err != nil {
		return report, err
	}
	id := transfer.Identity(source.Identity(), partitions)
	target, err := bolt.Open(ctx, to, bolt.Options{Clock: domain.NewManualClock(began), Owner: copyOwner, Create: &id})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	return transfer.Copy(ctx, source, target, transfer.Options{Encode: schemas.AppendRecord, Progress: p.report})
}
