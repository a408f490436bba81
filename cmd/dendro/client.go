package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"dendro/adapters/httpapi"
	"dendro/domain"
	"dendro/domain/directory"

	"github.com/spf13/cobra"
)

func newClientCmd() *cobra.Command {
	c := group("client", "Make, list and revoke API clients", `An API client is a frontend that acts for contributors. It proves itself by a key,
which is shown when it is made and kept nowhere. Trusted clients may moderate;
others see their own contributors and messages only.

These commands work on a data directory that no server runs on (--data), or on
a running server (--server), with the root token in $`+rootVariable+`.`)
	c.AddCommand(newClientCreateCmd(), newClientListCmd(), newClientRevokeCmd())
	return c
}

// clients is what the commands work on: a directory or a server.
type clients interface {
	create(ctx context.Context, row directory.Client) (key string, err error)
	list(ctx context.Context) ([]clientLine, error)
	revoke(ctx context.Context, id domain.ClientID, reason string) error
	io.Closer
}

// clientLine is what is told of a client.
type clientLine struct {
	ID           domain.ClientID `json:"client_id"`
	Description  string          `json:"description"`
	FrontendType string          `json:"frontend_type"`
	Trusted      bool            `json:"trusted"`
	Revoked      bool            `json:"revoked"`
	Created      time.Time       `json:"created_date"`
}

// clientsFlags adds --data and --server; the answer opens what they name.
func clientsFlags(cmd *cobra.Command) func() (clients, error) {
	data := dataFlag(cmd)
	server := cmd.Flags().String("server", "", "a running server, such as http://127.0.0.1:8080, instead of --data")
	return func() (clients, error) {
		if *server != "" {
			if cmd.Flags().Changed("data") {
				return nil, misuse("--data and --server both say where; give one")
			}
			token := os.Getenv(rootVariable)
			if token == "" {
				return nil, misuse("a server wants the root token: set %s", rootVariable)
			}
			return newRemoteClients(*server, token)
		}
		dir, err := data()
		if err != nil {
			return nil, err
		}
		plan := nodePlan{dir: dir, owner: "dendro client", terms: "1", partitions: simulatePartitions, clock: wallClock}
		n, err := openNode(cmd.Context(), plan)
		if err != nil {
			return nil, err
		}
		return &localClients{n, n.config(plan)}, nil
	}
}

func newClientCreateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create --description TEXT", Short: "Make an API client, and show its key once", Args: noArgs,
		Example: `  dendro client create --data ./data --description "our web site" --trusted
  dendro client create --server http://127.0.0.1:8080 --description "a bot" --type discord`,
	}
	row := directory.Client{}
	open, asJSON := clientsFlags(cmd), jsonFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&row.Description, "description", "", "what the client is")
	f.StringVar(&row.FrontendType, "type", "web", "the kind of frontend")
	f.StringVar(&row.AdminEmail, "email", "", "whom to write to about it")
	f.BoolVar(&row.Trusted, "trusted", false, "it may moderate, and see everything")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if row.Description == "" {
			return misuse("say what the client is: --description")
		}
		at, err := open()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, at.Close()) }()
		row.ID = domain.ClientID(domain.NewID(time.Now(), [10]byte(randomBytes(10))))
		key, err := at.create(cmd.Context(), row)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), map[string]string{"key": key})
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "key, shown this once: %s\n", key)
		return err
	}
	return cmd
}

func newClientListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the API clients", Args: noArgs,
		Example: `  dendro client list --data ./data
  dendro client list --server http://127.0.0.1:8080 --json`,
	}
	open, asJSON := clientsFlags(cmd), jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		at, err := open()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, at.Close()) }()
		list, err := at.list(cmd.Context())
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), list)
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tSINCE\tTYPE\tSTANDING\tDESCRIPTION")
		for _, c := range list {
			standing := "untrusted"
			if c.Trusted {
				standing = "trusted"
			}
			if c.Revoked {
				standing = "revoked"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.ID, c.Created.Format(time.DateOnly), c.FrontendType, standing, c.Description)
		}
		return w.Flush()
	}
	return cmd
}

func newClientRevokeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "Shut an API client out, for good",
		Example: `  dendro client revoke 01a2109a-90b7-fb6f-d3b7-85b6aa4b7913 --data ./data --reason "the key leaked"`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuse("which client? give one id, as `dendro client list` shows it")
			}
			return nil
		},
	}
	open := clientsFlags(cmd)
	reason := cmd.Flags().String("reason", "", "why; it stands in the log")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		id, err := domain.ParseID(args[0])
		if err != nil {
			return misuse("%v", err)
		}
		at, err := open()
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, at.Close()) }()
		if err := at.revoke(cmd.Context(), domain.ClientID(id), *reason); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "client %s is revoked\n", args[0])
		return err
	}
	return cmd
}

// localClients works on a data directory.
type localClients struct {
	n   *node
	cfg httpapi.Config
}

func (l *localClients) create(ctx context.Context, row directory.Client) (string, error) {
	key, _, err := httpapi.MakeClient(ctx, l.cfg, row)
	return key, err
}

func (l *localClients) list(ctx context.Context) ([]clientLine, error) {
	rows, err := l.n.people.ListClients(ctx)
	out := make([]clientLine, len(rows))
	for i, r := range rows {
		out[i] = clientLine{r.ID, r.Description, r.FrontendType, r.Trusted, r.Revoked, r.Created}
	}
	return out, err
}

func (l *localClients) revoke(ctx context.Context, id domain.ClientID, reason string) error {
	_, err := httpapi.ShutOut(ctx, l.cfg, id, reason)
	if errors.Is(err, directory.ErrUnknown) {
		err = fmt.Errorf("there is no client %s; `dendro client list` shows those there are", id)
	}
	return err
}

func (l *localClients) Close() error { return l.n.close() }
