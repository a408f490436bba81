package postgres_test

import (
	"maps"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/projections"
)

// On a disk without room commits fail, all or nothing, with a text that says
// what to do; they go on by themselves when there is room again. A rebuild that
// fails for want of room leaves the live views as they are, and nothing behind.
func TestFullDisk(t *testing.T) {
	server := postgrestest.NewOnSmallDisk(t)
	pool := open(t, server.DSN("postgres"))
	if err := postgres.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	log := newGrowing(newListed(120, 20))
	store := openStore(t, server.DSN("postgres"), log.id, projections.ViewsOf(allViews()))
	k := keep(t, log, store)
	log.grow(200)
	log.reached(t, store)
	if err := server.Fill(true); err != nil {
		t.Fatal(err)
	}
	for log.grow(400) {
	}
	says(t, k.trouble(t), "53100", "No space left on device", "make room")
	stuck, err := store.Cut(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := digests(t, pool)
	err = store.Rebuild(t.Context(), postgres.Build{Log: log, Folds: allViews()})
	says(t, err, "53100", "No space left on device", "make room")
	if after := digests(t, pool); !maps.Equal(before, after) {
		t.Errorf("the views are %v, they were %v", after, before)
	}
	nothingLeft(t, pool)
	if at, err := store.Cut(t.Context()); err != nil || !at.Equal(stuck) {
		t.Errorf("the views moved to %s, %v, from %s", at, err, stuck)
	}
	if err := server.Fill(false); err != nil {
		t.Fatal(err)
	}
	log.reached(t, store)
	k.end(t)
	equal(t, store, log.listed)
}

// digests tells the contents of all tables of the views but that of the lease.
func digests(t *testing.T, pool *pgxpool.Pool) map[string]string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT relname, (xpath('//d/text()', query_to_xml(
			'SELECT md5(string_agg(r::text, '','' ORDER BY r::text)) AS d FROM views.' || relname || ' r', true, true, '')))[1]::text
		FROM pg_class WHERE relnamespace = 'views'::regnamespace AND relkind = 'r' AND relname <> 'lead'`)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for rows.Next() {
		var table string
		var digest *string // of an empty table there is none
		if err := rows.Scan(&table, &digest); err != nil {
			t.Fatal(err)
		}
		if digest != nil {
			all[table] = *digest
		}
	}
	if err := rows.Err(); err != nil || len(all) < 10 {
		t.Fatalf("%d tables have rows, %v", len(all), err)
	}
	return all
}
