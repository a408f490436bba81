package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"dendro/domain"

	"github.com/google/go-cmp/cmp"
)

// Harness is a log under test.
type Harness struct {
	Log domain.Log

	// Reopen closes the log and opens it again, as another process would. A log
	// that keeps nothing gives Log itself.
	Reopen func(t *testing.T) domain.Log
}

// patience bounds what a test of the suite waits for.
const patience = 60 * time.Second

// LogSuite holds a log to the contracts of domain.Log and domain.Writer. Open
// makes an empty log of so many partitions, and cleans up after the test.
func LogSuite(t *testing.T, open func(t *testing.T, partitions int) Harness) {
	for _, c := range []struct {
		name       string
		partitions int
		run        func(*suite)
	}{
		{"an empty log ends at its start", 3, (*suite).empty},
		{"each epoch begins with a claim", 2, (*suite).claims},
		{"appends of several streams are whole", 2, (*suite).whole},
		{"misplaced events are refused", 2, (*suite).misplaced},
		{"events outlast the log being reopened", 2, (*suite).reopened},
		{"an earlier owner is fenced", 2, (*suite).fenced},
		{"many takeovers under load lose and double nothing", 2, (*suite).takeovers},
		{"every range is read exactly", 2, (*suite).ranges},
		{"a range beside the log is refused", 2, (*suite).foreign},
		{"readers run beside appends", 2, (*suite).readers},
		{"followers see the past and what comes", 2, (*suite).follow},
		{"a cancelled call leaves nothing in doubt", 1, (*suite).cancelled},
		{"what is unknown can be found out", 1, (*suite).unknown},
		{"any faults can be recovered from", 2, (*suite).seededFaults},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			h := open(t, c.partitions)
			c.run(&suite{T: t, ctx: ctx, log: h.Log, reopen: h.Reopen})
		})
	}
}

// suite is one test of LogSuite.
type suite struct {
	*testing.T
	ctx    context.Context
	log    domain.Log
	reopen func(*testing.T) domain.Log
}

func (s *suite) own(p domain.Partition) (domain.Writer, *Feed) {
	s.Helper()
	w, err := s.log.Own(s.ctx, p)
	if err != nil {
		s.Fatalf("Own(%d): %v", p, err)
	}
	from := s.log.Identity().Start()
	to := from.Clone()
	to.End[p] = w.Claim().Position.Seq
	return w, NewFeed(w.Claim(), s.read(from, to)...)
}

func (s *suite) append(w domain.Writer, events []domain.Recorded) {
	s.Helper()
	if err := w.Append(s.ctx, events); err != nil {
		s.Fatalf("Append: %v", err)
	}
}

func (s *suite) end() domain.Cut {
	s.Helper()
	end, err := s.log.End(s.ctx)
	if err != nil {
		s.Fatalf("End: %v", err)
	}
	return end
}

func (s *suite) read(from, to domain.Cut) []domain.Recorded {
	s.Helper()
	out, err := collect(s.log.Read(s.ctx, from, to))
	if err != nil {
		s.Fatalf("Read(%s, %s): %v", from, to, err)
	}
	return out
}

func (s *suite) all() []domain.Recorded {
	s.Helper()
	return s.read(s.log.Identity().Start(), s.end())
}

func (s *suite) same(what string, got, want []domain.Recorded) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// collect reads until the end, which an error is.
func collect(events iter.Seq2[domain.Recorded, error]) ([]domain.Recorded, error) {
	var out []domain.Recorded
	var last error
	for r, err := range events {
		if last != nil {
			return out, errors.New("a yield after an error")
		}
		if last = err; err == nil {
			out = append(out, r)
		}
	}
	return out, last
}

// CheckDense tells what is wrong with a log's events, read partition by
// partition: seqs are dense from 1, epochs dense and begun by claims, times
// never back, versions dense in each stream, ids unique; events of one command
// stand together, and there once.
func CheckDense(events []domain.Recorded) error {
	ids := make(map[domain.EventID]bool)
	done := make(map[domain.CommandID]bool)
	versions := make(map[domain.StreamID]domain.Version)
	var last domain.Recorded
	for i, r := range events {
		if i == 0 || r.Position.Partition != last.Position.Partition {
			last = domain.Recorded{Position: domain.Position{Partition: r.Position.Partition}}
		}
		claims := r.Payload.Type() == domain.TypeClaimed
		switch {
		case r.Position.Seq != last.Position.Seq+1:
			return wrong(r, "behind seq %d", last.Position.Seq)
		case claims && r.Epoch != last.Epoch+1, !claims && r.Epoch != last.Epoch:
			return wrong(r, "%s of epoch %d behind epoch %d", r.Payload.Type(), r.Epoch, last.Epoch)
		case r.Time.Before(last.Time):
			return wrong(r, "the time goes back")
		case r.Version != versions[r.Stream]+1:
			return wrong(r, "version %d of %s behind %d", r.Version, r.Stream, versions[r.Stream])
		case ids[r.ID]:
			return wrong(r, "id %s again", r.ID)
		case r.Command != last.Command && done[r.Command]:
			return wrong(r, "command %s again", r.Command)
		}
		ids[r.ID], done[r.Command], versions[r.Stream] = true, true, r.Version
		last = r
	}
	return nil
}

func wrong(r domain.Recorded, format string, args ...any) error {
	return fmt.Errorf("event %s: %s", r.Position, fmt.Sprintf(format, args...))
}

// of are the events of one command.
func of(events []domain.Recorded, command domain.CommandID) []domain.Recorded {
	return slices.DeleteFunc(slices.Clone(events), func(r domain.Recorded) bool { return r.Command != command })
}
