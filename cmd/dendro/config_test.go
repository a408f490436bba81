package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// configured parses a command line with a configuration file's text, and gives
// the flags' values.
func configured(t *testing.T, file string, args ...string) (values map[string]string, err error) {
	t.Helper()
	cmd := &cobra.Command{Use: "x"}
	f := cmd.Flags()
	f.Int("in-flight", 512, "")
	f.String("rate-limits", "on", "")
	f.StringSlice("kafka", nil, "")
	f.Bool("dev", false, "")
	load := configFlag(cmd)
	if file != "" {
		name := filepath.Join(t.TempDir(), "dendro.yaml")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", name)
	}
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	err = load()
	values = map[string]string{}
	for _, name := range []string{"in-flight", "rate-limits", "kafka", "dev"} {
		values[name] = f.Lookup(name).Value.String()
	}
	return values, err
}

func TestConfigGoesFromFileToVariableToFlag(t *testing.T) {
	file := "in-flight: 7\nrate-limits: \"off\"\nkafka: [a:1, b:2]\ndev: true\n"
	got, err := configured(t, file)
	if err != nil || got["in-flight"] != "7" || got["rate-limits"] != "off" || got["kafka"] != "[a:1,b:2]" || got["dev"] != "true" {
		t.Errorf("from the file: %v, %v", got, err)
	}
	t.Setenv("DENDRO_IN_FLIGHT", "8")
	t.Setenv("DENDRO_KAFKA", "c:3")
	got, err = configured(t, file)
	if err != nil || got["in-flight"] != "8" || got["kafka"] != "[c:3]" || got["rate-limits"] != "off" {
		t.Errorf("variables before the file: %v, %v", got, err)
	}
	got, err = configured(t, file, "--in-flight", "9")
	if err != nil || got["in-flight"] != "9" {
		t.Errorf("flags before variables: %v, %v", got, err)
	}
	if got, err = configured(t, ""); err != nil || got["in-flight"] != "8" || got["rate-limits"] != "on" {
		t.Errorf("without a file: %v, %v", got, err)
	}
}

func TestConfigRefuses(t *testing.T) {
	for file, text := range map[string]string{
		"in-flight: many\n":   "in-flight",
		"in_flight: 7\n":      `"in_flight", which is no flag`,
		"config: other\n":     `"config", which is no flag`,
		"- a\n- b\n":          "no YAML map",
		"in-flight: [1, 2]\n": "in-flight",
	} {
		if _, err := configured(t, file); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v, want %q", file, err, text)
		}
	}
	if _, err := configured(t, "", "--config", filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there is no mistake")
	}
}
