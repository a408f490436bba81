package postgrestest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Standby starts a server that follows this one, and is gone after the test.
// Promote lets it take over.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", dirPrefix, os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	standby := &Server{dir: dir, as: s.as, set: s.set, prepared: map[string]bool{}}
	t.Cleanup(standby.remove)
	if s.as != nil {
		if err := os.Chown(dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
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
	if err := s.administer("ALTER SYSTEM SET synchronous_standby_names = '*'"); err != nil {
		return err
	}
	return s.administer("SELECT pg_reload_conf()")
}

// Promote lets a standby take over.
func (s *Server) Promote() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	// Whom nobody follows waits for nobody.
	for _, sql := range []string{"SELECT pg_promote(true, 60)", "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// Either is the connection string of a database that is on whichever of two
// servers is not a standby.
func Either(a, b *Server, database string) string {
	return fmt.Sprintf("host=%s,%s user=postgres dbname=%s sslmode=disable target_session_attrs=read-write", a.dir, b.dir, database)
}
