package main

import (
	"errors"
	"fmt"

	"dendro/domain"

	"github.com/spf13/cobra"
)

func newAuditCmd() *cobra.Command {
	c := group("audit", "Explain what became of messages, users and trees", `Explain what became of a message, a user or a tree, or what a moderator did: the
events behind it, oldest first, with who did it, when, why and what it followed
from. Of a message or a tree it says first whether it is in the datasets, what
decides that, and what the decisions rest on; of a user their standing.

These commands read a log (--data, --log), or ask a running server (--server);
with --at they answer as of an earlier cut or time.`)
	c.AddCommand(
		newAuditOfCmd("message", "messages", "Tell why a message is in the datasets, or out of them"),
		newAuditOfCmd("user", "users", "Tell what happened to a user's accounts"),
		newAuditOfCmd("tree", "trees", "Tell the way of a tree"),
		newAuditOfCmd("moderator", "moderators", "Tell what a moderator did"),
	)
	return c
}

func newAuditOfCmd(what, path, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use: what + " ID", Short: short, Args: oneID("which " + what + "?"),
		Example: fmt.Sprintf(`  dendro audit %[1]s 018cc252-9428-4d6a-92d1-3c49cc5cef8b --data ./data
  dendro audit %[1]s 018cc252-9428-4d6a-92d1-3c49cc5cef8b --server http://127.0.0.1:8080 --at 2024-01-02T12:00:00Z
  dendro audit %[1]s 018cc252-9428-4d6a-92d1-3c49cc5cef8b --data ./data --json`, what),
	}
	open, asJSON := askFlags(cmd), jsonFlag(cmd)
	most := cmd.Flags().Int("max", 1000, "at most so many events, the newest; 1 to 10000")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if *most < 1 || *most > 10_000 {
			return misuse("--max %d; give 1 to 10000", *most)
		}
		a, err := open(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
		body, err := a.ask(cmd.Context(), fmt.Sprintf("/audit/%s/%s?max_count=%d", path, args[0], *most))
		if err != nil {
			return err
		}
		if *asJSON {
			return printRaw(cmd.OutOrStdout(), body)
		}
		t := newTeller(cmd.OutOrStdout())
		if err := tellTrail(t, body); err != nil {
			return err
		}
		return t.err
	}
	return cmd
}

// oneID wants one argument, an id.
func oneID(ask string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return misuse("%s give one id; see `%s --help`", ask, cmd.CommandPath())
		}
		if _, err := domain.ParseID(args[0]); err != nil {
			return misuse("%v", err)
		}
		return nil
	}
}
