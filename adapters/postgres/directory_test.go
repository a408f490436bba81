package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dendro/adapters/adaptertest"
	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/domain/directory"
)

func TestDirectory(t *testing.T) {
	adaptertest.DirectorySuite(t, func(t *testing.T) (directory.Directory, func(*testing.T) directory.Directory) {
		dsn := migratedDSN(t, postgrestest.Shared(t))
		now := open(t, dsn)
		return postgres.NewDirectory(now), func(t *testing.T) directory.Directory {
			now.Close()
			now = open(t, dsn)
			return postgres.NewDirectory(now)
		}
	})
}

// Texts that Postgres does not take are in no row.
func TestTextsThatNoRowHas(t *testing.T) {
	d := postgres.NewDirectory(migrated(t, postgrestest.Shared(t)))
	p := adaptertest.SomePerson(1)
	if _, err := d.Add(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"\x00", "\xff"} {
		if _, err := d.ByLogin(t.Context(), p.Client, directory.Login{Method: p.Login.Method, Username: text}); !errors.Is(err, directory.ErrUnknown) {
			t.Errorf("a login %q: %v", text, err)
		}
		for _, q := range []directory.Query{{Search: text}, {Method: text}} {
			q.Order, q.Max = directory.ByUsername, 1
			if got, err := d.List(t.Context(), q); err != nil || len(got) > 0 {
				t.Errorf("a search for %q: %v, %v", text, got, err)
			}
		}
		q := directory.Query{Order: directory.ByUsername, Max: 1, After: &directory.Key{Name: text}}
		if _, err := d.List(t.Context(), q); domain.RefusalKind(err) != domain.Invalid {
			t.Errorf("a list from %q on: %v, want a refusal", text, err)
		}
	}
}

// An erasure leaves no byte of the row, nor of what it was before, in the
// database's files; and it waits for those who still see the row.
func TestErasedBytesAreGone(t *testing.T) {
	server := postgrestest.Shared(t)
	pool := migrated(t, server)
	d := postgres.NewDirectory(pool)
	secrets := []string{"Xylophone-Quux", "xylophone-quux", "Marmalade-Fnord", "Zebra-Plugh", "Waldo-Garply"}
	p := adaptertest.SomePerson(1)
	p.Login.Username, p.DisplayName, p.Notes = secrets[0], secrets[2], secrets[3]
	for _, change := range []directory.Person{p, adaptertest.SomePerson(2), adaptertest.SomePerson(3)} {
		if _, err := d.Add(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	p.Notes = secrets[4]
	if err := d.Update(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, "ANALYZE")
	for _, s := range secrets {
		if inFiles(t, server, pool.Config().ConnConfig.Database, s) == "" {
			t.Fatalf("%s is in no file: the test looks at the wrong place", s)
		}
	}

	old, err := pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	var there int
	if err := old.QueryRow(t.Context(), "SELECT count(*) FROM directory.people").Scan(&there); err != nil || there != 3 {
		t.Fatalf("%d rows, %v", there, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := d.Erase(ctx, p.ID); err == nil {
		t.Fatal("a row is erased under the eyes of a transaction that sees it")
	}
	if err := old.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Erase(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		if file := inFiles(t, server, pool.Config().ConnConfig.Database, s); file != "" {
			t.Errorf("%s is still in %s", s, file)
		}
	}
	if rest, err := d.List(t.Context(), directory.Query{Order: directory.ByUsername, Max: 9}); err != nil || len(rest) != 2 {
		t.Errorf("what is left: %v, %v", rest, err)
	}
}

// inFiles names a file of the database that has the text, "" if none.
func inFiles(t *testing.T, server *postgrestest.Server, database, text string) (found string) {
	t.Helper()
	pool := open(t, server.DSN(database))
	defer pool.Close()
	exec(t, pool, "CHECKPOINT")
	var oid string
	if err := pool.QueryRow(t.Context(), "SELECT oid::text FROM pg_database WHERE datname = $1", database).Scan(&oid); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(server.Data(), "base", oid)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// While the server crashes and comes back, callers wait; what they were told is
// done, stays done.
func TestDirectoryOutlastsCrashes(t *testing.T) {
	server := postgrestest.New(t)
	d := postgres.NewDirectory(migrated(t, server))
	const writers, each = 4, 60
	added := make(chan directory.Person, writers*each)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				p := adaptertest.SomePerson(w*each + n)
				got, err := d.Add(t.Context(), p)
				if err != nil {
					t.Errorf("Add: %v", err)
					return
				}
				added <- got
			}
		})
	}
	for n := range 3 {
		for range 10 * (n + 1) { // some are added before each crash
			<-added
		}
		server.Kill()
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
	people, err := d.List(t.Context(), directory.Query{Order: directory.ByUsername, Max: writers*each + 1})
	if err != nil || len(people) != writers*each {
		t.Errorf("%d people are there, %v", len(people), err)
	}
}

// A list reads no more of the directory than it gives, or an index of what it
// looks for.
func TestListsScanNothing(t *testing.T) {
	pool := open(t, migratedDSN(t, postgrestest.Shared(t))+" pool_max_conns=1")
	d := postgres.NewDirectory(pool)
	exec(t, pool, `INSERT INTO directory.people
		SELECT gen_random_uuid(), uuid(lpad((n % 3 + 1)::text, 32, '0')), 'local', 'user ' || n, 'name ' || n, '', now(), 'user ' || n, 'name ' || n
		FROM generate_series(1, 20000) n`)
	exec(t, pool, "VACUUM ANALYZE directory.people")
	somebody := directory.Key{Name: "user 1500", ID: domain.ContributorID{5}}
	scansNone(t, pool, "List", func() {
		for _, order := range []directory.Order{directory.ByUsername, directory.ByDisplayName} {
			for _, client := range []domain.ClientID{{}, {15: 1}} {
				for _, q := range []directory.Query{
					{}, {Desc: true}, {Search: "1234"}, {After: &somebody}, {Before: &somebody, Desc: true},
					{After: &directory.Key{Name: "n"}, Method: directory.MethodLocal}, {Before: &directory.Key{Name: "v"}, Search: "77"},
				} {
					q.Order, q.Client, q.Max = order, client, 50
					if people, err := d.List(t.Context(), q); err != nil || len(people) == 0 && !strings.HasPrefix(string(order), "display") {
						t.Errorf("%+v: %d people, %v", q, len(people), err)
					}
				}
			}
		}
	}, "directory.people")
}
