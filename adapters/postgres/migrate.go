package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer says that a newer program has migrated the database.
var ErrNewer = errors.New("a newer version of dendro has migrated the database; use that one")

// ErrNotMigrated says that the database's tables are not those of this program.
var ErrNotMigrated = errors.New("the database lacks tables; run `dendro migrate`")

// Migrate brings the database's tables to what this program expects, however
// long that takes. Several programs may do so at once: an advisory lock lets one
// after another. ErrNewer leaves the database as it is.
func Migrate(ctx context.Context, pool *pgxpool.Pool) (err error) {
	if err := checkEncoding(ctx, pool); err != nil {
		return err
	}
	config := pool.Config().ConnConfig
	config.RuntimeParams["statement_timeout"] = "0"
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("the database cannot be migrated: %w", err)
	}
	at, known, err := provider.GetVersions(ctx)
	if err == nil && at > known {
		err = ErrNewer
	}
	return err
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60)) // seconds, times
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true), goose.WithTableName("dendro_migrations"))
}

func checkEncoding(ctx context.Context, pool *pgxpool.Pool) error {
	return callsOf(pool).repeat(ctx, func(ctx context.Context) error {
		var encoding string
		if err := pool.QueryRow(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
			return err
		}
		if encoding != "UTF8" {
			return fmt.Errorf("the database's encoding is %s; create one with ENCODING 'UTF8'", encoding)
		}
		return nil
	})
}
