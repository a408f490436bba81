package postgrestest

import (
	"fmt"
	"testing"
)

// Standby starts a server that follows this one, and is gone after the test.
// Promote lets it take over.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	standby, err := newServer(nil, s.set)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.remove)
	copies, err := program("pg_basebackup")
	if err != nil {
		t.Fatal(err)
	}
	cmd := standby.command(copies, "-h", s.dir, "-U", "postgres", "-D", standby.Data(), "-R", "-X", "stream", "-c", "fast", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	if err := standby.launch(); err != nil {
		t.Fatal(err)
	}
	return standby
}

// Synchronous lets no commit be acknowledged that a standby does not have.
func (s *Server) Synchronous() error {
	return s.administer("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
}

// Promote lets a standby take over.
func (s *Server) Promote() error {
	// Whom nobody follows waits for nobody.
	return s.administer("SELECT pg_promote(true, 60)", "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
}

// Either is the connection string of a database that is on whichever of two
// servers is not a standby.
func Either(a, b *Server, database string) string {
	return fmt.Sprintf("host=%s,%s user=postgres dbname=%s sslmode=disable target_session_attrs=read-write", a.dir, b.dir, database)
}
