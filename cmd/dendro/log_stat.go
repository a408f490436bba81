package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"dendro/domain"

	"github.com/spf13/cobra"
)

func newLogStatCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "stat --data DIR", Short: "Tell what a log holds", Args: noArgs,
		Long: `Tell what a log holds: its identity, the cut of its end, its events by
partition and by type, its first and last time, and its size on disk.`,
		Example: `  dendro log stat --data ./data
  dendro log stat --data ./data --json | jq .cut`,
	}
	data, asJSON := dataFlag(cmd), jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := data()
		if err != nil {
			return err
		}
		var s logCounts
		err = readLog(cmd.Context(), dir, func(log domain.Log) error {
			p := newProgress(cmd.ErrOrStderr(), "reading")
			defer p.end()
			s, err = readStatistics(cmd.Context(), log, p)
			return err
		})
		if err != nil {
			return err
		}
		if s.Bytes, err = sizeOf(dir); err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), s)
		}
		return s.print(cmd.OutOrStdout())
	}
	return cmd
}

// logCounts are what `log stat` prints.
type logCounts struct {
	Log        domain.LogID                `json:"log"`
	Placement  string                      `json:"placement"`
	Cut        domain.Cut                  `json:"cut"`
	Events     uint64                      `json:"events"`
	Bytes      int64                       `json:"bytes"`
	First      *time.Time                  `json:"first,omitempty"`
	Last       *time.Time                  `json:"last,omitempty"`
	Partitions []partitionStatistics       `json:"partitions"`
	Types      map[domain.EventType]uint64 `json:"types"`
}

type partitionStatistics struct {
	Partition int        `json:"partition"`
	Events    uint64     `json:"events"`
	First     *time.Time `json:"first,omitempty"`
	Last      *time.Time `json:"last,omitempty"`
}

func readStatistics(ctx context.Context, log domain.Log, p *progress) (logCounts, error) {
	id := log.Identity()
	end, err := log.End(ctx)
	if err != nil {
		return logCounts{}, err
	}
	s := logCounts{
		Log: id.ID, Placement: domain.PlacementName, Cut: end, Events: end.Events(),
		Partitions: make([]partitionStatistics, id.Partitions), Types: map[domain.EventType]uint64{},
	}
	for i := range s.Partitions {
		s.Partitions[i].Partition = i
	}
	done := int64(0)
	for r, err := range log.Read(ctx, id.Start(), end) {
		if err != nil {
			return s, err
		}
		in := &s.Partitions[r.Position.Partition]
		in.Events++
		widen(&in.First, &in.Last, r.Time)
		widen(&s.First, &s.Last, r.Time)
		s.Types[r.Payload.Type()]++
		done++
		p.report(done, int64(s.Events))
	}
	return s, nil
}

// widen makes the span from first to last take in t.
func widen(first, last **time.Time, t time.Time) {
	if *first == nil || t.Before(**first) {
		*first = &t
	}
	if *last == nil || t.After(**last) {
		*last = &t
	}
}

// sizeOf adds up the files in the log's directory.
func sizeOf(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

const timeStamp = "2006-01-02 15:04:05.000000 UTC"

func timeSpan(first, last *time.Time) string {
	if first == nil {
		return "empty"
	}
	return first.UTC().Format(timeStamp) + " to " + last.UTC().Format(timeStamp)
}

func (s logCounts) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "log\t%s\n", s.Log)
	fmt.Fprintf(w, "cut\t%s\n", s.Cut)
	fmt.Fprintf(w, "partitions\t%d, placed by %s\n", len(s.Partitions), s.Placement)
	fmt.Fprintf(w, "events\t%s\n", grouped(s.Events))
	fmt.Fprintf(w, "bytes\t%s\n", grouped(s.Bytes))
	fmt.Fprintf(w, "time\t%s\n", timeSpan(s.First, s.Last))
	for _, p := range s.Partitions {
		fmt.Fprintf(w, "partition %d\t%s events, %s\n", p.Partition, grouped(p.Events), timeSpan(p.First, p.Last))
	}
	for _, t := range slices.Sorted(maps.Keys(s.Types)) {
		fmt.Fprintf(w, "%s\t%s\n", t, grouped(s.Types[t]))
	}
	return w.Flush()
}
