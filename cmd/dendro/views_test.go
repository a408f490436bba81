package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"dendro/adapters/bolt"
	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
)

// sql runs a statement on a database.
func sql(t *testing.T, dsn, statement string) {
	t.Helper()
	pool, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// What an operator does with a database of views: migrate it, fill it, look at
// it, find what is wrong with it, and put it right.
func TestViewsCommands(t *testing.T) {
	dir, dsn := t.TempDir(), postgrestest.New(t).Database(t)
	fine(t, "simulate", "--data", dir, "--seed", "3", "--contributors", "20", "--tasks", "400")
	at := []string{"--log", dir, "--postgres", dsn}
	with := func(args ...string) []string { return append(args, at...) }

	fails(t, exitFailed, "dendro migrate", with("views")...)
	fine(t, "migrate", "--postgres", dsn)
	fine(t, "migrate", "--postgres", dsn)
	if out := fine(t, with("rebuild")...); !strings.HasPrefix(out, "built ") {
		t.Errorf("rebuild prints %q", out)
	}
	end := endOf(t, dir)
	for _, v := range viewsOf(t, with("views", "--json")...).Views {
		if !v.Cut.Equal(end) || v.Lag != 0 || v.Revision != v.Program || v.Built == nil || v.Bytes == 0 {
			t.Errorf("after a rebuild: %+v", v)
		}
	}
	fine(t, with("views", "verify")...)

	sql(t, dsn, "UPDATE views.deeds SET contributor = other WHERE ctid = (SELECT min(ctid) FROM views.deeds)")
	code, out, _ := call(t, with("views", "verify")...)
	if code != exitFailed || !strings.Contains(out, "deeds") {
		t.Errorf("views that are wrong: exit code %d, %s", code, out)
	}
	fine(t, with("views", "verify", "--view", "locator")...)
	fine(t, with("rebuild", "--view", "boards")...)
	fine(t, with("views", "verify")...)

	sql(t, dsn, "UPDATE views.built SET revision = 0 WHERE view = 'statistics'")
	if out := fine(t, with("views")...); !strings.Contains(out, "of other rules than this program's: statistics") {
		t.Errorf("views prints %q", out)
	}
	fine(t, with("rebuild", "--view", "statistics")...)

	half := end.Clone()
	for p := range half.End {
		half.End[p] = (half.End[p] + 1) / 2
	}
	fine(t, with("rebuild", "--to", half.String())...)
	for _, v := range viewsOf(t, with("views", "--json")...).Views {
		if !v.Cut.Equal(half) || v.Lag != end.Events()-half.Events() {
			t.Errorf("after a rebuild to %s: %+v", half, v)
		}
	}
	fine(t, with("views", "verify")...)
	fails(t, exitMisuse, "not both", with("rebuild", "--view", "boards", "--to", half.String())...)
	fails(t, exitMisuse, "no view", with("rebuild", "--view", "board")...)
	fails(t, exitMisuse, "which database", "views", "--log", dir)
	fails(t, exitMisuse, "which log", "views", "--postgres", dsn)
}

func viewsOf(t *testing.T, args ...string) (s viewsStanding) {
	t.Helper()
	if err := json.Unmarshal([]byte(fine(t, args...)), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func endOf(t *testing.T, dir string) domain.Cut {
	t.Helper()
	log, err := bolt.Open(t.Context(), dir, bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	end, err := log.End(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return end
}
