package main

import (
	"context"
	"errors"
	"fmt"
	"os"

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
		Use: "copy --from LOG --to LOG [--partitions N]", Short: "Copy a log, also between a file and Kafka", Args: noArgs,
		Long: `Copy a log, also into another number of partitions, and compare both event by
event at the end. Ids, streams, versions, times and payloads stay as they are;
positions and epochs are the copy's own, which has an identity of its own, too.

A LOG is a data directory, or a topic: kafka://HOST:PORT,HOST:PORT/TOPIC.

A copy that was cut off, or whose source has grown, goes on when it is called
again. A copy that is worked on is a copy no more, and is refused.`,
		Example: `  dendro log copy --from ./data --to ./copy
  dendro log copy --from ./data --to ./wide --partitions 16
  dendro log copy --from ./data --to kafka://127.0.0.1:9092/dendro
  dendro log copy --from kafka://127.0.0.1:9092/dendro --to ./data`,
	}
	data := dataFlag(cmd)
	f := cmd.Flags()
	from := f.String("from", "", "the log to copy (default: --data)")
	to := f.String("to", "", "where the copy is to be")
	partitions := f.Int("partitions", 0, "partitions of the copy (default: those of the source)")
	replicas := f.Int("replicas", 0, "replicas of a new topic (default: 3, or as many as there are brokers)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if *from == "" {
			if *from, err = data(); err != nil {
				return err
			}
		}
		source, err := parsePlace(*from)
		if err != nil {
			return err
		}
		target, err := parsePlace(*to)
		switch {
		case err != nil:
			return err
		case *to == "":
			return misuse("copy where? give --to DIR, or --to kafka://HOST:PORT/TOPIC")
		case source.same(target):
			return misuse("%s is the log itself; give --to another place", *from)
		case f.Changed("partitions") && (*partitions < 1 || *partitions > domain.MaxPartitions):
			return misuse("%d partitions; give 1 to %d", *partitions, domain.MaxPartitions)
		}
		p := newProgress(cmd.ErrOrStderr(), "copying")
		defer p.end()
		report, id, err := copyLog(cmd.Context(), source, target, *partitions, *replicas, p)
		if err != nil {
			return err
		}
		p.end()
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "copied %s events, of %s in all; both logs compared and equal\n%s\n",
			grouped(report.Copied), grouped(report.Events), id.ID)
		return err
	}
	return cmd
}

func sameDir(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// copyLog copies into so many partitions; 0 is as many as the source has.
func copyLog(ctx context.Context, from, to place, partitions, replicas int, p *progress) (report transfer.Report, id domain.Identity, err error) {
	source, err := from.read(ctx)
	if err != nil {
		return report, id, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	began, err := transfer.Began(ctx, source)
	if err != nil {
		return report, id, err
	}
	if partitions == 0 {
		partitions = source.Identity().Partitions
	}
	id = transfer.Identity(source.Identity(), partitions)
	target, err := to.make(ctx, id, domain.NewManualClock(began), copyOwner, replicas)
	if err != nil {
		return report, id, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	report, err = transfer.Copy(ctx, source, target, transfer.Options{Encode: schemas.AppendRecord, Progress: p.report})
	return report, id, err
}
