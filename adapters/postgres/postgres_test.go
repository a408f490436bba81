package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// open opens a database, and closes it after the test.
func open(t testing.TB, dsn string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// migrated opens a database with all tables, empty.
func migrated(t testing.TB, server *postgrestest.Server) *pgxpool.Pool {
	t.Helper()
	return open(t, migratedDSN(t, server))
}

func migratedDSN(t testing.TB, server *postgrestest.Server) string {
	t.Helper()
	return server.Copy(t, "migrated", func(dsn string) error {
		pool, err := postgres.Open(t.Context(), dsn)
		if err != nil {
			return err
		}
		defer pool.Close()
		return postgres.Migrate(t.Context(), pool)
	})
}

func exec(t testing.TB, pool *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// scansNone fails the test if what is done reads one of the tables whole. The
// pool has one connection, which counts what it did.
func scansNone(t testing.TB, pool *pgxpool.Pool, what string, do func(), tables ...string) {
	t.Helper()
	before := scans(t, pool, tables)
	do()
	for i, after := range scans(t, pool, tables) {
		if after != before[i] {
			t.Errorf("%s: %s is read whole", what, tables[i])
		}
	}
}

func scans(t testing.TB, pool *pgxpool.Pool, tables []string) (counts []int) {
	t.Helper()
	exec(t, pool, "SELECT pg_stat_force_next_flush()")
	err := pool.QueryRow(t.Context(), "SELECT array_agg(pg_stat_get_numscans(name::regclass) ORDER BY n) FROM unnest($1::text[]) WITH ORDINALITY AS t (name, n)", tables).Scan(&counts)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// newStore makes a store of a database that was migrated.
func newStore(t testing.TB, pool *pgxpool.Pool, id domain.Identity) *postgres.Store {
	t.Helper()
	s, err := postgres.NewStore(t.Context(), pool, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// databaseOf names the database of a connection string.
func databaseOf(t testing.TB, dsn string) string {
	t.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return config.ConnConfig.Database
}
