package postgrestest

import (
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy stands between a client and a server, and cuts connections off when it
// is told to.
type Proxy struct {
	dsn      string
	question atomic.Bool // cut off the next question, unheard
	answer   atomic.Bool // cut off the next answer: what was asked for is done
}

// proxyPort is in the name of the proxy's socket.
const proxyPort = "5433"

// Proxy makes a proxy in front of a database of the server.
func (s *Server) Proxy(t testing.TB, dsn string) *Proxy {
	t.Helper()
	dir := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL."+proxyPort))
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{dsn: strings.Replace(dsn, "host="+s.dir, "host="+dir+" port="+proxyPort, 1)}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			all.Go(func() { p.serve(client, filepath.Join(s.dir, ".s.PGSQL.5432")) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait() // for clients, who are gone by now
	})
	return p
}

// DSN is the connection string that leads through the proxy.
func (p *Proxy) DSN() string { return p.dsn }

// LoseQuestion and LoseAnswer cut the next connection off that asks, or is
// answered.
func (p *Proxy) LoseQuestion() { p.question.Store(true) }

// LoseAnswer: see LoseQuestion.
func (p *Proxy) LoseAnswer() { p.answer.Store(true) }

func (p *Proxy) serve(client net.Conn, socket string) {
	server, err := net.Dial("unix", socket)
	if err != nil {
		_ = client.Close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { pass(server, client, &p.question) })
	both.Go(func() { pass(client, server, &p.answer) })
	both.Wait()
}

// pass passes on what comes, until one side ends, or what comes is to be lost.
func pass(to, from net.Conn, lose *atomic.Bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := from.Read(buf)
		if err != nil || lose.CompareAndSwap(true, false) {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
