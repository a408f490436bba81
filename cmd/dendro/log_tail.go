package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"dendro/adapters/bolt"
	"dendro/domain"
	"dendro/schemas"

	"github.com/spf13/cobra"
)

// followEvery is how often `log tail --follow` looks for new events.
const followEvery = 500 * time.Millisecond

func newLogTailCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "tail --data DIR", Short: "Print the events of a log, one JSON object a line", Args: noArgs,
		Long: `Print the events of a log, one JSON object a line, partition by partition in
order of seq. With several filters an event must pass them all.

With --follow it goes on with new events until it is interrupted. A log is
read while no engine runs on it: until the engine ends, --follow waits.`,
		Example: `  dendro log tail --data ./data --type message.posted --type message.edited
  dendro log tail --data ./data --tree 018f3b6e-…
  dendro log tail --data ./data --after "$CUT" --follow`,
	}
	data := dataFlag(cmd)
	var t tail
	f := cmd.Flags()
	types := f.StringSlice("type", nil, "only events of this type; may be repeated")
	stream := f.String("stream", "", "only events of this stream, such as pool/en/0")
	treeID := f.String("tree", "", "only events of the tree with this id")
	contributor := f.String("contributor", "", "only what this contributor did, and what stands in its own stream")
	after := f.String("after", "", "only events behind this cut")
	f.IntVar(&t.limit, "limit", 0, "stop after so many events")
	f.BoolVar(&t.follow, "follow", false, "go on with new events until interrupted")
	f.Bool("json", true, "print JSON lines; there is no other form")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := data()
		if err != nil {
			return err
		}
		if cmd.Flags().Changed("limit") && t.limit < 1 {
			return misuse("--limit %d; give a number from 1", t.limit)
		}
		if err := t.filter.parse(*types, *stream, *treeID, *contributor); err != nil {
			return err
		}
		if *after != "" {
			cut, err := domain.ParseCut(*after)
			if err != nil {
				return misuse("--after: %v", err)
			}
			t.from = &cut
		}
		t.dir, t.out, t.errors = dir, bufio.NewWriter(cmd.OutOrStdout()), cmd.ErrOrStderr()
		return t.run(cmd.Context())
	}
	return cmd
}

// tailFilter chooses events; its zero value takes all.
type tailFilter struct {
	types       []domain.EventType
	streams     []domain.StreamID // all of them must be the event's
	contributor *domain.ContributorID
}

func (f *tailFilter) parse(types []string, stream, tree, contributor string) error {
	for _, t := range types {
		if !slices.ContainsFunc(schemas.Types(), func(e schemas.Entry) bool { return string(e.Type) == t }) {
			return misuse("--type: there is no event type %q; `dendro log stat` lists those that a log holds", t)
		}
		f.types = append(f.types, domain.EventType(t))
	}
	if stream != "" {
		s := domain.StreamID(stream)
		if err := s.Validate(); err != nil {
			return misuse("--stream: %v", err)
		}
		f.streams = append(f.streams, s)
	}
	if tree != "" {
		id, err := domain.ParseID(tree)
		if err != nil {
			return misuse("--tree: %v", err)
		}
		f.streams = append(f.streams, domain.TreeStream(id))
	}
	if contributor != "" {
		id, err := domain.ParseID(contributor)
		if err != nil {
			return misuse("--contributor: %v", err)
		}
		f.contributor = (*domain.ContributorID)(&id)
	}
	return nil
}

func (f *tailFilter) takes(r domain.Recorded) bool {
	if len(f.types) > 0 && !slices.Contains(f.types, r.Payload.Type()) {
		return false
	}
	for _, s := range f.streams {
		if r.Stream != s {
			return false
		}
	}
	return f.contributor == nil || r.Stream == domain.ContributorStream(*f.contributor) || r.Actor.ID == f.contributor.String()
}

// tail is one run of `log tail`.
type tail struct {
	dir    string
	filter tailFilter
	from   *domain.Cut // where to begin; nil is the start
	limit  int         // 0 is none
	follow bool
	out    *bufio.Writer
	errors io.Writer

	printed int
	line    []byte
}

// run prints what there is and, following, what comes. Then the end of ctx is
// how it ends well.
func (t *tail) run(ctx context.Context) error {
	waiting := false
	var seen fileState
	for {
		now, changed := seen.since(t.dir)
		var err error
		if changed {
			err = readLog(ctx, t.dir, func(log domain.Log) error { return t.print(ctx, log) })
		}
		switch {
		case t.follow && ctx.Err() != nil:
			return t.out.Flush()
		case t.follow && errors.Is(err, bolt.ErrInUse):
			if !waiting {
				fmt.Fprintf(t.errors, "dendro: %s is in use by another process; waiting for it to end\n", t.dir)
			}
			waiting = true
		case err != nil:
			return errors.Join(err, t.out.Flush())
		case !t.follow || t.full():
			return t.out.Flush()
		default:
			seen, waiting = now, false
		}
		if err := t.out.Flush(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}

func (t *tail) full() bool { return t.limit > 0 && t.printed >= t.limit }

// print prints the events up to the log's end, and remembers that.
func (t *tail) print(ctx context.Context, log domain.Log) error {
	end, err := log.End(ctx)
	if err != nil {
		return err
	}
	from := log.Identity().Start()
	if t.from != nil {
		from = *t.from
	}
	if err := from.Check(log.Identity(), end); err != nil {
		return err
	}
	for r, err := range log.Read(ctx, from, end) {
		if err != nil {
			return err
		}
		if !t.filter.takes(r) {
			continue
		}
		if t.line, err = schemas.AppendJSON(t.line[:0], r); err != nil {
			return err
		}
		if _, err := t.out.Write(append(t.line, '\n')); err != nil {
			return err
		}
		if t.printed++; t.full() {
			return nil
		}
	}
	t.from = &end
	return nil
}

// fileState tells whether the file of a log has changed, so that an idle log is not
// opened, and checked, again and again.
type fileState struct {
	size int64
	time time.Time
}

func (c fileState) since(dir string) (now fileState, changed bool) {
	info, err := os.Stat(bolt.Path(dir))
	if err != nil {
		return c, true // opening it will tell what is wrong
	}
	now = fileState{info.Size(), info.ModTime()}
	return now, now != c
}
