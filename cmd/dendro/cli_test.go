package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// screen takes what a program prints, while others look.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// call runs the program as main does.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs screen
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// fine is call for what must go well and be silent on stderr.
func fine(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := call(t, args...)
	if code != exitFine || stderr != "" {
		t.Fatalf("dendro %s: exit code %d, stderr %q", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// fails is call for what must fail in one line with the text in it.
func fails(t *testing.T, code int, text string, args ...string) {
	t.Helper()
	got, stdout, stderr := call(t, args...)
	if got != code {
		t.Errorf("dendro %s: exit code %d, want %d (stderr %q)", strings.Join(args, " "), got, code, stderr)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "dendro: ") || !strings.Contains(stderr, text) {
		t.Errorf("dendro %s: stderr is %q, want one line with %q", strings.Join(args, " "), stderr, text)
	}
	if stdout != "" {
		t.Errorf("dendro %s: prints %q though it fails", strings.Join(args, " "), stdout)
	}
}

func TestMisuse(t *testing.T) {
	t.Setenv(dataVariable, "")
	const cut = "00000000-0000-0000-0000-000000000001@1"
	for _, c := range []struct{ args, text string }{
		{"lgo", "did you mean log?"},
		{"log stt", "did you mean stat?"},
		{"help lgo", `no command "dendro lgo"`},
		{"--bogus", "unknown flag"},
		{"version now", "flags only"},
		{"log stat", "--data DIR"},
		{"log stat --data", "needs an argument"},
		{"log stat --data d more", "flags only"},
		{"log tail --data d --type message.lost", "no event type"},
		{"log tail --data d --stream tree", "not the name of a stream"},
		{"log tail --data d --tree 12", "not a UUID"},
		{"log tail --data d --contributor 12", "not a UUID"},
		{"log tail --data d --after now", "not a cut"},
		{"log tail --data d --after " + cut + ",0", "not a number from 1"},
		{"log tail --data d --limit 0", "from 1"},
		{"log tail --data d --limit many", "invalid argument"},
		{"log verify", "--data DIR"},
		{"log copy --data d", "--to DIR"},
		{"log copy --data d --to e --partitions 0", "give 1 to 1024"},
		{"log copy --data d --to e --partitions 1025", "give 1 to 1024"},
	} {
		fails(t, exitMisuse, c.text, strings.Fields(c.args)...)
	}
	same := t.TempDir()
	fails(t, exitMisuse, "is the log itself", "log", "copy", "--data", same, "--to", same+"/.")
}

func TestFailuresAreOneLine(t *testing.T) {
	missing := t.TempDir() + "/nothing"
	for _, command := range []string{"stat", "tail", "verify"} {
		fails(t, exitFailed, missing, "log", command, "--data", missing)
	}
	fails(t, exitFailed, missing, "log", "copy", "--data", missing, "--to", t.TempDir())
	if got := oneLine(errors.Join(errors.New("one"), errors.New("two")).Error()); got != "one; two" {
		t.Errorf("two errors are printed as %q", got)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs screen
	if code := run(ctx, []string{"log", "stat", "--data", sampleLog(t)}, &out, &errs); code != exitFailed || errs.String() != "dendro: interrupted\n" {
		t.Errorf("exit code %d, stderr %q", code, errs.String())
	}
}

// TestHelp: every command says what it is for, and how it is called.
func TestHelp(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Short == "" {
			t.Errorf("%s does not say what it is for", cmd.CommandPath())
		}
		if cmd.Runnable() && cmd.HasAvailableLocalFlags() && !cmd.HasSubCommands() && cmd.Example == "" {
			t.Errorf("%s has flags, but no example", cmd.CommandPath())
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	visit(newRootCmd())
	for _, args := range [][]string{{}, {"--help"}, {"log"}, {"log", "--help"}, {"help", "log"}, {"help", "log", "tail"}} {
		if out := fine(t, args...); !strings.Contains(out, "Usage:") {
			t.Errorf("dendro %s prints %q", strings.Join(args, " "), out)
		}
	}
	if out := fine(t, "version"); !strings.HasPrefix(out, "dendro ") || strings.Count(out, "\n") != 1 {
		t.Errorf("version prints %q", out)
	}
}

// TestProgress: nothing in the first second, then how far the work is, and at
// the end a clean line. That it is silent away from terminals every other test
// here shows.
func TestProgress(t *testing.T) {
	var out screen
	p := &progress{out: &out, what: "working", since: time.Now()}
	p.report(1, 10)
	if out.String() != "" {
		t.Errorf("at once it shows %q", out.String())
	}
	p.since = time.Now().Add(-patience)
	p.report(2, 10)
	if !strings.Contains(out.String(), "working") || !strings.Contains(out.String(), "2/10") {
		t.Errorf("after a while it shows %q", out.String())
	}
	p.end()
	if lines := strings.Split(out.String(), "\r"); strings.TrimSpace(lines[len(lines)-1]) != "" {
		t.Errorf("it leaves %q behind", lines[len(lines)-1])
	}
}
