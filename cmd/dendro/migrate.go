package main

import (
	"context"
	"fmt"

	"dendro/adapters/postgres"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"
)

func newMigrateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate --postgres URL", Short: "Bring a database's tables to what this program expects", Args: noArgs,
		Long: `Bring the tables of a cluster's database, which hold its directory and its
views, to what this program expects. A node does so by itself when it starts; on
its own the command is for those who migrate before they deploy. It may be run
by several at once, and again.

Views whose rules changed are built anew by the first node that starts, or by
dendro rebuild.`,
		Example: `  dendro migrate --postgres postgres://dendro@127.0.0.1/dendro`,
	}
	dsn, config := postgresFlag(cmd), configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := config(); err != nil {
			return err
		}
		pool, err := openPool(cmd.Context(), *dsn)
		if err != nil {
			return err
		}
		defer pool.Close()
		if err := postgres.Migrate(cmd.Context(), pool); err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "the database is up to date")
		return err
	}
	return cmd
}

// postgresFlag adds --postgres.
func postgresFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("postgres", "", "the connection string of the cluster's database (default: $"+variable("postgres")+")")
}

func openPool(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	if dsn == "" {
		return nil, misuse("which database? give --postgres URL, or set %s", variable("postgres"))
	}
	return postgres.Open(ctx, dsn)
}
