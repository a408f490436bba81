package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"dendro/adapters/crowd"
	"dendro/domain"

	"github.com/spf13/cobra"
)

const (
	simulateOwner = "dendro simulate"
	// simulatePartitions is how many a new log has.
	simulatePartitions = 4
	// rememberedEvents of each partition are what a crowd that goes on knows
	// of what was before.
	rememberedEvents = 2000
)

func newSimulateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "simulate --data DIR | --server URL", Short: "Let a simulated crowd work on a log, or on a server", Args: noArgs,
		Long: `Let a simulated crowd work on a log: they write, review, rank, skip, spam,
disagree, lose answers and moderate, in a time of their own that begins on
2024-01-01 or with the log's newest event. The log is made if DIR has none;
otherwise the crowd goes on with it, under its policy.

Everything is drawn from the seed: the same calls make the same log, byte for
byte. A run that was cut off goes on when it is called again, with the same
people and new chance.

With --server the crowd acts over HTTP, on many connections at once, as
frontends do: how fast the server answers is measured, and the answers are
checked. There the seed decides only who takes part. It needs the key of an API
client (--key or $` + keyVariable + `), or the root token in $` + rootVariable + ` to make
a client first; a server started with --dev needs neither.`,
		Example: `  dendro simulate --data ./data
  dendro simulate --data ./data --seed 7 --contributors 200 --tasks 10000
  dendro simulate --data ./data --acks ./acknowledged.txt --json
  dendro simulate --server http://127.0.0.1:8080 --connections 64 --tasks 5000`,
	}
	s, remote := simulation{}, remoteSimulation{}
	data, asJSON := dataFlag(cmd), jsonFlag(cmd)
	f := cmd.Flags()
	f.Uint64Var(&s.seed, "seed", 1, "what everything is drawn from")
	f.IntVar(&s.contributors, "contributors", 100, fmt.Sprintf("how many people take part, at least %d", crowd.Least))
	f.IntVar(&s.tasks, "tasks", 2000, "stop after so many completed tasks")
	f.IntVar(&s.partitions, "partitions", simulatePartitions, "partitions of a new log")
	f.StringVar(&s.acks, "acks", "", "append the ids of acknowledged events to this file, one a line")
	remote.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		local, err := remote.instead(cmd)
		if err != nil {
			return err
		}
		if !local {
			remote.seed, remote.contributors, remote.tasks = s.seed, s.contributors, s.tasks
			return remote.run(cmd, *asJSON)
		}
		if s.dir, err = data(); err != nil {
			return err
		}
		s.insist = f.Changed("partitions")
		if err := s.check(); err != nil {
			return err
		}
		done, err := s.run(cmd.Context(), newProgress(cmd.ErrOrStderr(), "simulating"))
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

// simulation is what the flags ask for.
type simulation struct {
	dir          string
	seed         uint64
	contributors int
	tasks        int
	partitions   int
	insist       bool // on the number of partitions
	acks         string
}

// The bounds keep a typing error from filling the disk.
const (
	mostContributors = 100_000
	mostTasks        = 100_000_000
)

func (s *simulation) check() error {
	if s.partitions < 1 || s.partitions > domain.MaxPartitions {
		return misuse("%d partitions; give 1 to %d", s.partitions, domain.MaxPartitions)
	}
	return checkCrowd(s.contributors, s.tasks)
}

func checkCrowd(contributors, tasks int) error {
	switch {
	case contributors < crowd.Least || contributors > mostContributors:
		return misuse("%d contributors; give %d to %d", contributors, crowd.Least, mostContributors)
	case tasks < 1 || tasks > mostTasks:
		return misuse("%d tasks; give 1 to %d", tasks, mostTasks)
	}
	return nil
}

// simulated is what `simulate` prints.
type simulated struct {
	Data  string       `json:"data"`
	Log   domain.LogID `json:"log"`
	Seed  uint64       `json:"seed"`
	Went  bool         `json:"went_on"` // with a log that was there
	Cut   domain.Cut   `json:"cut"`
	Count uint64       `json:"events"`
	New   uint64       `json:"events_new"`
	crowd.Report
}

func (s *simulation) run(ctx context.Context, p *progress) (done simulated, err error) {
	defer p.end()
	opt := crowd.Options{
		Seed: s.seed, Contributors: s.contributors, Tasks: s.tasks,
		Progress: func(done int) { p.report(int64(done), int64(s.tasks)) },
	}
	if s.acks != "" {
		a, failed := openAcks(s.acks)
		if failed != nil {
			return done, failed
		}
		defer func() { err = errors.Join(err, a.file.Close()) }()
		opt.Acknowledged = a.note
	}
	id := crowd.Identity(s.seed, s.partitions)
	w, err := openWorkplace(ctx, plan{
		dir: s.dir, owner: simulateOwner, make: &id, dice: crowd.Dice(s.seed), first: crowd.Policy(s.contributors),
	})
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if n := w.log.Identity().Partitions; s.insist && n != s.partitions {
		return done, fmt.Errorf("the log in %s has %d partitions, for good; leave --partitions out to go on with it", s.dir, n)
	}
	opt.Clock, opt.Start = w.clock, w.found.Events()
	opt.History = newest(ctx, w.log, w.found, rememberedEvents)
	report, err := crowd.Run(ctx, w.engine, opt)
	if err != nil {
		return done, err
	}
	end, err := w.log.End(ctx)
	return simulated{
		Data: s.dir, Log: end.Log, Seed: s.seed, Went: w.known, Cut: end,
		Count: end.Events(), New: end.Events() - w.found.Events(), Report: report,
	}, err
}

// acks is a file of the ids of acknowledged events.
type acks struct {
	file *os.File
	buf  []byte
}

func openAcks(name string) (*acks, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	return &acks{file: file}, err
}

// note hands the ids to the operating system, in one write per command: what
// is written outlives the process.
func (a *acks) note(events []domain.Recorded) error {
	a.buf = a.buf[:0]
	for _, e := range events {
		a.buf, _ = e.ID.AppendText(a.buf)
		a.buf = append(a.buf, '\n')
	}
	_, err := a.file.Write(a.buf)
	return err
}

func (s simulated) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	began := "begun"
	if s.Went {
		began = "gone on with"
	}
	fmt.Fprintf(w, "log\t%s in %s, %s\n", s.Log, s.Data, began)
	fmt.Fprintf(w, "cut\t%s\n", s.Cut)
	fmt.Fprintf(w, "events\t%s in all, %s of them new\n", grouped(s.Count), grouped(s.New))
	fmt.Fprintf(w, "time\t%s\n", timeSpan(&s.From, &s.To))
	fmt.Fprintf(w, "commands\t%s in %s rounds, %s of them sent again; %s acts of moderators\n",
		grouped(s.Commands), grouped(s.Rounds), grouped(s.Retries), grouped(s.Acts))
	fmt.Fprintf(w, "tasks\t%s completed, %s declined\n", grouped(s.Tasks), grouped(s.Declined))
	for _, kind := range domain.TaskKinds {
		if n := s.ByKind[kind]; n > 0 {
			fmt.Fprintf(w, "  %s\t%s\n", kind, grouped(n))
		}
	}
	var refusals []string
	for _, kind := range slices.Sorted(maps.Keys(s.Refusals)) {
		refusals = append(refusals, fmt.Sprintf("%s %s", grouped(s.Refusals[kind]), kind))
	}
	if len(refusals) > 0 {
		fmt.Fprintf(w, "refused\t%s\n", strings.Join(refusals, ", "))
	}
	return w.Flush()
}
