package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dendro/domain"
)

// simulate lets a small crowd work on the log in dir.
func simulate(t *testing.T, dir string, more ...string) {
	t.Helper()
	fine(t, append([]string{"simulate", "--data", dir, "--contributors", "40"}, more...)...)
}

func TestSimulateIsDecidedByItsSeed(t *testing.T) {
	var logs []string
	for i, seed := range []string{"3", "3", "4"} {
		dir := filepath.Join(t.TempDir(), "log")
		simulate(t, dir, "--seed", seed, "--tasks", "300")
		if i == 1 { // checkpoints are a cache, and decide nothing
			if err := os.RemoveAll(filepath.Join(dir, "checkpoints")); err != nil {
				t.Fatal(err)
			}
		}
		simulate(t, dir, "--seed", seed, "--tasks", "100") // and goes on
		logs = append(logs, bytesOf(t, dir))
	}
	if logs[0] != logs[1] {
		t.Error("the same seed made other bytes")
	}
	if logs[0] == logs[2] {
		t.Error("another seed made the same bytes")
	}
}

func TestSimulateSumsUp(t *testing.T) {
	dir, acks := filepath.Join(t.TempDir(), "log"), filepath.Join(t.TempDir(), "acks")
	args := []string{"simulate", "--data", dir, "--contributors", "40", "--tasks", "200", "--partitions", "2", "--acks", acks, "--json"}
	var first, second struct {
		Log    string
		Went   bool `json:"went_on"`
		Cut    string
		Tasks  int
		Events int            `json:"events_answered"`
		Kinds  map[string]int `json:"tasks_by_kind"`
	}
	decodeJSON(t, fine(t, args...), &first)
	decodeJSON(t, fine(t, args...), &second)
	if first.Went || !second.Went || first.Log != second.Log || first.Cut == second.Cut || first.Tasks != 200 || second.Tasks != 200 {
		t.Errorf("two runs sum up as\n%+v\n%+v", first, second)
	}
	sum := 0
	for _, n := range first.Kinds {
		sum += n
	}
	if sum != first.Tasks {
		t.Errorf("the kinds add up to %d tasks: %v", sum, first.Kinds)
	}
	cut, err := domain.ParseCut(second.Cut)
	if err != nil || len(cut.End) != 2 {
		t.Errorf("the cut is %s (%v)", second.Cut, err)
	}
	if text, err := os.ReadFile(acks); err != nil || strings.Count(string(text), "\n") != first.Events+second.Events {
		t.Errorf("%d lines of acknowledged ids (%v), want %d and %d", strings.Count(string(text), "\n"), err, first.Events, second.Events)
	}
	text := fine(t, "simulate", "--data", dir, "--contributors", "40", "--tasks", "50")
	for _, part := range []string{first.Log, "gone on with", "50 completed", "label_initial_prompt"} {
		if !strings.Contains(text, part) {
			t.Errorf("the summary lacks %q:\n%s", part, text)
		}
	}
	fine(t, "log", "verify", "--data", dir)
	fails(t, exitFailed, "has 2 partitions, for good", "simulate", "--data", dir, "--partitions", "3")
	fails(t, exitFailed, "no such file", "simulate", "--data", dir, "--acks", filepath.Join(dir, "nowhere", "acks"))
}

func TestSimulateMisuse(t *testing.T) {
	t.Setenv(dataVariable, "")
	for args, text := range map[string]string{
		"simulate":                                  "--data DIR",
		"simulate --data d more":                    "flags only",
		"simulate --data d --contributors 3":        "give 5 to",
		"simulate --data d --tasks 0":               "0 tasks",
		"simulate --data d --partitions 0":          "give 1 to 1024",
		"simulate --data d --partitions 1025":       "give 1 to 1024",
		"simulate --data d --seed -1":               "invalid argument",
		"simulate --data d --seed chance":           "invalid argument",
		"demo more":                                 "flags only",
		"demo --data=":                              "which directory",
		"export --out o":                            "--data DIR",
		"export --data d":                           "--out DIR",
		"export --data d --out o --variant some":    `variant is "some"`,
		"export --data d --out o --format rows":     `format is "rows"`,
		"export --data d --out o --deleted maybe":   `deleted is "maybe"`,
		"export --data d --out o --deleted=":        "include or only",
		"export --data d --out o --at noon":         "not a time",
		"export --data d --out o --cut noon":        "not a cut",
		"export --data d --verify v --out o":        "leave --out out",
		"export --data d --verify v --variant all":  "leave --variant out",
		"export --data d --verify=":                 "--verify DIR",
		"export --data d --out o --at 2024 --cut x": "give one",
	} {
		fails(t, exitMisuse, text, strings.Fields(args)...)
	}
}
