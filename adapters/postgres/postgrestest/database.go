package postgrestest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is the server of the test process, started when first asked for.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Main runs a package's tests, and removes their server when they are done. It
// does not return.
func Main(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		shared.server.remove()
	}
	os.Exit(code)
}

// Shared gives the server that the tests share.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = start(nil, nil) })
	needs(t, shared.err)
	return shared.server
}

// Database makes an empty database, and gives its connection string. It is gone
// after the test.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return s.database(t, "template1")
}

// Copy is Database, but for what is in it: what prepare made once, for all that
// copy the same name.
func (s *Server) Copy(t testing.TB, name string, prepare func(dsn string) error) string {
	t.Helper()
	s.copied.Lock()
	defer s.copied.Unlock()
	if !s.prepared[name] {
		if err := s.administer("CREATE DATABASE " + name); err != nil {
			t.Fatal(err)
		}
		if err := prepare(s.DSN(name)); err != nil {
			t.Fatal(err)
		}
		s.prepared[name] = true
	}
	return s.database(t, name)
}

func (s *Server) database(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.databases.Add(1))
	if err := s.administer("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.administer("DROP DATABASE " + name + " WITH (FORCE)") // the server may be down
	})
	return s.DSN(name)
}

func (s *Server) administer(statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
