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
// is told to, or holds back what is said.
type Proxy struct {
	dsn      string
	question atomic.Bool // cut off the next question, unheard
	answer   atomic.Bool // cut off the next answer: what was asked for is done

	mu    sync.Mutex
	flows chan struct{} // closed, unless it is stalled
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
	p := &Proxy{dsn: strings.Replace(dsn, "host="+s.dir, "host="+dir+" port="+proxyPort, 1), flows: make(chan struct{})}
	close(p.flows)
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
		p.Resume()
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

// Stall lets the network go silent: connections stay open, new ones are taken,
// and nothing comes through until Resume. Then all comes that was said meanwhile,
// by those too who gave up waiting.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flows = make(chan struct{})
}

// Resume ends a Stall.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flows:
	default:
		close(p.flows)
	}
}

func (p *Proxy) wait() {
	p.mu.Lock()
	flows := p.flows
	p.mu.Unlock()
	<-flows
}

func (p *Proxy) serve(client net.Conn, socket string) {
	server, err := net.Dial("unix", socket)
	if err != nil {
		_ = client.Close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pass(server, client, &p.question) })
	both.Go(func() { p.pass(client, server, &p.answer) })
	both.Wait()
}

// pass passes on what comes, until one side ends, or what comes is to be lost.
func (p *Proxy) pass(to, from net.Conn, lose *atomic.Bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 1<<20)
	for {
		n, err := from.Read(buf)
		if err != nil || lose.CompareAndSwap(true, false) {
			return
		}
		p.wait()
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
