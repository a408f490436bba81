package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"
)

// variablePrefix begins the names of environment variables: --rate-limits is
// DENDRO_RATE_LIMITS.
const variablePrefix = "DENDRO_"

// notFromFile are flags that a file cannot hold.
var notFromFile = []string{"config", "help"}

// configFlag adds --config. The answer, called once flags are parsed, gives
// every flag that the command line leaves out its value from the environment,
// or else from the file.
func configFlag(cmd *cobra.Command) func() error {
	name := cmd.Flags().String("config", "", "a YAML file of flags, such as `rate-limits: off`; the command line and "+variablePrefix+"… variables go before it")
	return func() error {
		if *name == "" {
			*name = os.Getenv(variablePrefix + "CONFIG")
		}
		file, err := readConfig(*name, cmd.Flags())
		if err != nil {
			return err
		}
		var failed error
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if failed != nil || f.Changed || f.Name == "config" {
				return
			}
			value, source := os.Getenv(variable(f.Name)), variable(f.Name)
			if value == "" {
				value, source = file[f.Name], *name
			}
			if value == "" {
				return
			}
			if err := cmd.Flags().Set(f.Name, value); err != nil {
				failed = misuse("%s: %q is no value for %s: %v", source, value, f.Name, err)
			}
		})
		return failed
	}
}

func variable(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// readConfig reads a file of flags; "" is no file.
func readConfig(name string, flags *pflag.FlagSet) (map[string]string, error) {
	if name == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(name)
	switch {
	case err != nil:
		return nil, misuse("--config: %v", err)
	case len(raw) > maxConfig:
		return nil, misuse("--config: %s has more than %d bytes", name, maxConfig)
	}
	var values map[string]any
	if err := yaml.Unmarshal(raw, &values); err != nil {
		return nil, misuse("--config: %s is no YAML map of flags: %v", name, err)
	}
	out := map[string]string{}
	for key, v := range values {
		if flags.Lookup(key) == nil || slices.Contains(notFromFile, key) {
			return nil, misuse("--config: %s sets %q, which is no flag that it can set; see --help", name, key)
		}
		if list, ok := v.([]any); ok {
			words := make([]string, len(list))
			for i, w := range list {
				words[i] = fmt.Sprint(w)
			}
			v = strings.Join(words, ",")
		}
		if v != nil {
			out[key] = fmt.Sprint(v)
		}
	}
	return out, nil
}
