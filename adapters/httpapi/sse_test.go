package httpapi_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dendro/adapters/httpapi"
	"dendro/adapters/memory"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/directory"
	"dendro/domain/domaintest"
	"dendro/domain/tree"
)

// pipes is a network of one process, in which time may stand still.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p <- there
	return here, nil
}

// station is a server that only streams, with a log to write to.
type station struct {
	t      *testing.T
	log    *domaintest.Log
	writer domain.Writer
	next   domain.Recorded
	net    pipes
	server *http.Server
	client *http.Client
}

// newStation serves in a bubble of synctest.
func newStation(t *testing.T) *station {
	s := &station{t: t, log: domaintest.NewLog(1, domain.ClockFunc(time.Now)), net: make(pipes)}
	var err error
	if s.writer, err = s.log.Own(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	s.next = s.writer.Claim()
	s.next.Stream = domain.TreeStream(domain.TreeID{1})
	api, err := httpapi.New(httpapi.Config{
		Log: s.log, Engine: &commands.Engine{}, Views: memory.NewStore(s.log.Identity()), Directory: memory.NewDirectory(),
		Clock: domain.ClockFunc(time.Now), Random: rand.Reader, AnyKey: true, Dev: directory.Client{Trusted: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.server = &http.Server{Handler: api, ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	go func() { _ = s.server.Serve(s.net) }()
	s.client = &http.Client{Transport: &http.Transport{DialContext: s.net.dial}}
	return s
}

// happen appends an event.
func (s *station) happen(payload domain.Event) {
	s.t.Helper()
	s.next.Position.Seq++
	s.next.Payload, s.next.Time = payload, domain.Instant(time.Now())
	if err := s.writer.Append(s.t.Context(), []domain.Recorded{s.next}); err != nil {
		s.t.Fatal(err)
	}
}

// A stream lives for as long as its client listens, whatever time requests
// have, shows that it is alive, and moves the place to go on past what was not
// asked for.
func TestStreamOutlivesTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		defer s.server.Close()
		res, err := s.client.Get("http://station/api/v1/events?types=lottery.won")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close() // as JSON lines it ends
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "http://station/api/v1/events?types=lottery.won", nil)
		r.Header.Set("Accept", "text/event-stream")
		if res, err = s.client.Do(r); err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		in := bufio.NewScanner(res.Body)
		s.happen(tree.VotesDiscounted{Contributor: domain.ContributorID{1}})
		beats := ""
		for !strings.Contains(beats, "@3\n") {
			if !in.Scan() {
				t.Fatalf("it ended with %v behind %q", in.Err(), beats)
			}
			beats += in.Text() + "\n"
		}
		if !strings.HasPrefix(beats, ": still here\nid: ") {
			t.Errorf("it shows that it lives with %q", beats)
		}
		time.AfterFunc(time.Hour, func() { s.happen(tree.LotteryWon{}) })
		if got, ok := nextSent(in); !ok || got.kind != "lottery.won" || !strings.HasSuffix(got.id, "@4") {
			t.Errorf("an hour later came %+v, %v", got, in.Err())
		}
	})
}

// Who does not read loses the stream, and keeps nobody from anything.
func TestStreamEndsForWhoDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		defer s.server.Close()
		conn, err := s.net.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("GET /api/v1/events HTTP/1.1\r\nHost: station\r\nAccept: text/event-stream\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			s.happen(tree.LotteryWon{})
		}
		synctest.Wait() // in which it fills what it can
		time.Sleep(time.Minute)
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := conn.Read(make([]byte, 1<<20)); err == nil {
			t.Errorf("a minute later %d bytes are still there", n)
		} else if nerr, is := err.(net.Error); is && nerr.Timeout() {
			t.Error("a minute later the server has not hung up")
		}
	})
}
