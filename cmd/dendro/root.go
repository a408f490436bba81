package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func newRootCmd() *cobra.Command {
	root := group("dendro", "Collect conversation trees, and make datasets of them", `Dendro collects human conversation trees, keeps every act as an event in a
log, and folds that log into datasets and views.

A data directory holds one log. A cut (LOGID@END,END,…) names a prefix of it;
dendro log stat prints that of its end.

Exit codes: 0 fine, 1 failed, 2 the command line makes no sense.`)
	root.Example = `  dendro log stat --data ./data
  dendro log tail --data ./data --type message.posted --limit 10
  dendro log verify --data ./data`
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return misuse("%v; see `%s --help`", err, cmd.CommandPath())
	})
	root.SetHelpCommand(newHelpCmd())
	root.AddCommand(newDemoCmd(), newSimulateCmd(), newReenactCmd(), newLogCmd(), newExportCmd(), newServeCmd(), newClientCmd(), newReactionsCmd(),
		newAuditCmd(), newRankingCmd(), newMigrateCmd(), newViewsCmd(), newRebuildCmd(), newVersionCmd())
	return root
}

// group makes a command that only holds others.
func group(use, short, long string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, SuggestionsMinimumDistance: 2,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noSuch(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
}

func noSuch(parent *cobra.Command, name string) error {
	hint := ""
	if near := parent.SuggestionsFor(name); len(near) > 0 {
		hint = fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	return misuse("there is no command %q%s; see `%s --help`", parent.CommandPath()+" "+name, hint, parent.CommandPath())
}

// newHelpCmd is cobra's, but for asking about what is not there.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return misuse("%v", err)
			}
			if len(rest) > 0 {
				return noSuch(about, rest[0])
			}
			return about.Help()
		},
	}
}

// noArgs refuses arguments that are no flags.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse("%q is too much: this takes flags only; see `%s --help`", args[0], cmd.CommandPath())
	}
	return nil
}

// dataVariable gives --data a default.
const dataVariable = "DENDRO_DATA"

// dataFlag adds --data. The answer gives its value once flags are parsed, or
// a misuse.
func dataFlag(cmd *cobra.Command) func() (string, error) {
	dir := cmd.Flags().String("data", "", "the log's data directory (default: $"+dataVariable+")")
	return func() (string, error) {
		if *dir == "" {
			*dir = os.Getenv(dataVariable)
		}
		if *dir == "" {
			return "", misuse("which log? give --data DIR, or set %s", dataVariable)
		}
		return *dir, nil
	}
}

// jsonFlag adds --json.
func jsonFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("json", false, "print one JSON object")
}
