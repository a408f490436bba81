package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestDemo(t *testing.T) {
	dirs := []string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")}
	var shown [2]string
	for i, dir := range dirs {
		shown[i] = strings.ReplaceAll(fine(t, "demo", "--data", dir), dir, "DIR")
	}
	if shown[0] != shown[1] {
		t.Errorf("the demo shows something else the second time:\n%s\n%s", shown[0], shown[1])
	}
	for _, part := range []string{
		"prompt", "accepted", "rejected", "lottery", "ranking", "merged", "finished", "1,200 tasks",
		"made again from the log, and equal", "message.posted", "replies.ranked", "ready_for_export", "rank 0", "dendro log verify --data DIR",
	} {
		if !strings.Contains(shown[0], part) {
			t.Errorf("the demo does not show %q:\n%s", part, shown[0])
		}
	}
	if strings.Contains(shown[0], "\x1b") {
		t.Error("there are colours though this is no terminal")
	}
	for line := range strings.Lines(shown[0]) {
		if n := len([]rune(line)); n > 130 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	fine(t, "log", "verify", "--data", dirs[0])
	fine(t, "simulate", "--data", dirs[0], "--tasks", "100")
	for _, name := range []string{"half", "now"} {
		fine(t, "export", "--data", dirs[0], "--verify", filepath.Join(dirs[0], "exports", name))
	}
	fails(t, exitFailed, "is not empty", "demo", "--data", dirs[0])
}
