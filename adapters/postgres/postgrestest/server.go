package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds how long a server may take to do what it is told.
const patience = 60 * time.Second

// Server is a running Postgres.
type Server struct {
	dir  string
	as   *syscall.Credential // nil: as whoever runs the tests
	env  []string
	set  []string // for its configuration
	full string   // the file that says that the disk is; see NewOnSmallDisk

	mu      sync.Mutex // guards the process
	process *os.Process
	ended   chan struct{}
	output  bytes.Buffer // of the server; to be read when it has ended

	databases atomic.Int64
	copied    sync.Mutex // guards prepared, and those that it names
	prepared  map[string]bool
}

// errNone says that no Postgres is installed.
var errNone = errors.New("no Postgres server is installed (Debian: apt-get install postgresql)")

// New starts a server for this test alone, which may Kill it. Settings are those
// of its configuration, such as max_connections=8.
func New(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := start(nil, settings)
	needs(t, err)
	t.Cleanup(s.remove)
	return s
}

// needs ends the test where there is no server.
func needs(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start starts a server, with more in its environment and its configuration.
func start(env, settings []string) (*Server, error) {
	removeAbandoned()
	s, err := newServer(env, settings)
	if err != nil {
		return nil, err
	}
	if err = s.create(); err == nil {
		err = s.launch()
	}
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// newServer makes the directory of a server, and finds out as whom it is to run.
func newServer(env, settings []string) (*Server, error) {
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", dirPrefix, os.Getpid()))
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, env: env, set: settings, prepared: map[string]bool{}}
	if os.Geteuid() != 0 {
		return s, nil
	}
	if s.as, err = unprivileged(); err == nil { // Postgres refuses to be root
		err = os.Chown(dir, int(s.as.Uid), int(s.as.Gid))
	}
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// create makes the files of an empty server.
func (s *Server) create() error {
	initdb, err := program("initdb")
	if err != nil {
		return err
	}
	cmd := s.command(initdb, "-D", s.Data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(append(slices.Clone(os.Environ()), "LC_ALL=C.UTF-8", "TZ=UTC"), s.env...)
	cmd.SysProcAttr = attributes(s.as)
	return cmd
}

// launch starts the server and waits until it answers.
func (s *Server) launch() error {
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	args := []string{"-D", s.Data(), "-k", s.dir}
	for _, setting := range append([]string{"listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=64MB",
		"max_wal_size=2GB", "timezone=Asia/Kolkata"}, s.set...) { // not UTC: nothing may depend on it
		args = append(args, "-c", setting)
	}
	cmd := s.command(postgres, args...)
	s.output.Reset()
	cmd.Stdout, cmd.Stderr = &s.output, &s.output
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// The system ends the server with the thread that started it.
		runtime.LockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is ended by signals
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.ended = cmd.Process, ended
	return s.waitUntilUp()
}

func (s *Server) waitUntilUp() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.DSN("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the server ended:\n%s", s.output.String())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Kill ends the server as a crash would: whatever is under way is cut off, and
// the next start recovers from the write-ahead log.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		_ = s.process.Signal(syscall.SIGQUIT) // it may have ended
		<-s.ended
		s.process = nil
	}
}

// Restart starts a server that was killed.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.launch()
}

// Data is the directory with the server's files.
func (s *Server) Data() string { return filepath.Join(s.dir, "data") }

// DSN is the connection string of a database.
func (s *Server) DSN(database string) string {
	return fmt.Sprintf("host=%s user=postgres dbname=%s sslmode=disable", s.dir, database)
}

func (s *Server) remove() {
	s.Kill()
	_ = os.RemoveAll(s.dir) // what is left, the next run removes
}
