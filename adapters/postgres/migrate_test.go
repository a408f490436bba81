package postgres_test

import (
	"errors"
	"sync"
	"testing"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
)

func TestManyMigrateAtOnce(t *testing.T) {
	dsn := postgrestest.Shared(t).Database(t) + " pool_max_conns=1"
	var all sync.WaitGroup
	for range 4 {
		pool := open(t, dsn)
		all.Go(func() {
			if err := postgres.Migrate(t.Context(), pool); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestTheDatabaseOfANewerProgramIsRefused(t *testing.T) {
	pool := migrated(t, postgrestest.Shared(t))
	exec(t, pool, "INSERT INTO dendro_migrations (version_id, is_applied) VALUES (99999, true)")
	if err := postgres.Migrate(t.Context(), pool); !errors.Is(err, postgres.ErrNewer) {
		t.Errorf("Migrate: %v, want ErrNewer", err)
	}
}

func TestADatabaseOfAnotherEncodingIsRefused(t *testing.T) {
	server := postgrestest.Shared(t)
	admin := open(t, server.DSN("postgres"))
	exec(t, admin, "DROP DATABASE IF EXISTS latin WITH (FORCE)")
	exec(t, admin, "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
	if err := postgres.Migrate(t.Context(), open(t, server.DSN("latin"))); err == nil {
		t.Error("Latin-1 is migrated")
	}
}
