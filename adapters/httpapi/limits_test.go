package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"dendro/adapters/httpapi"
	"dendro/domain"
	"dendro/projections/statistics"
)

// TestBodyLimit: a body may be as large as the limit, and not a byte larger,
// whether its size is declared or not.
func TestBodyLimit(t *testing.T) {
	const limit = 1000
	w := newWorld(t, func(c *httpapi.Config) { c.MaxBody = limit })
	before := w.end()
	for _, size := range []int{limit, limit + 1, 50 * limit} {
		for _, chunked := range []bool{false, true} {
			body := io.Reader(strings.NewReader(strings.Repeat(" ", size)))
			if chunked {
				body = struct{ io.Reader }{body}
			}
			r, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+"/api/v1/tasks/", body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-API-Key", w.trusted)
			res, err := w.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			want := 413
			if size <= limit {
				want = 422
			}
			if res.StatusCode != want {
				t.Errorf("%d bytes, chunked %v: answered %d, want %d", size, chunked, res.StatusCode, want)
			}
			if err := res.Body.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if after := w.end(); !after.Equal(before) {
		t.Errorf("the log went from %s to %s", before, after)
	}
}

// gate is a store of views at which whoever asks for statistics waits while it
// is shut.
type gate struct {
	httpapi.Views
	came, shut chan struct{}
}

func newGate(v httpapi.Views) *gate {
	return &gate{Views: v, came: make(chan struct{}, 100), shut: make(chan struct{})}
}

func (g *gate) Counts(ctx context.Context) (statistics.Counts, error) {
	g.came <- struct{}{}
	select {
	case <-g.shut:
		return g.Views.Counts(ctx)
	case <-ctx.Done():
		return statistics.Counts{}, ctx.Err()
	}
}

// held sends requests that wait at the gate, and gives a function that waits
// for their statuses.
func (g *gate) held(w *world, n int) (statuses func() []int) {
	w.t.Helper()
	answered := make(chan int, n)
	for range n {
		go func() {
			res, err := w.server.Client().Get(w.server.URL + "/api/v1/stats/?api_key=" + w.trusted)
			if err != nil {
				answered <- 0
				return
			}
			answered <- statusOf(res)
		}()
	}
	for range n {
		<-g.came
	}
	return func() (all []int) {
		for range n {
			all = append(all, <-answered)
		}
		return all
	}
}

// statusOf gives an answer's status; 0 where it breaks off.
func statusOf(res *http.Response) int {
	_, err := io.Copy(io.Discard, res.Body)
	if errors.Join(err, res.Body.Close()) != nil {
		return 0
	}
	return res.StatusCode
}

// TestInFlight: with as many requests at work as may be, another is told to
// come again; whoever looks after the server is not, and what is at work is
// answered.
func TestInFlight(t *testing.T) {
	var g *gate
	w := newWorld(t, func(c *httpapi.Config) {
		g = newGate(c.Views)
		c.Views, c.InFlight = g, 2
	})
	statuses := g.held(w, 2)
	for _, a := range []ask{{method: "GET", path: "/campaign"}, {method: "POST", path: "/tasks/", body: m{}}, {method: "GET", path: "/stats/"}} {
		got := w.must(w.do(a), 503)
		if got.code() != 0 || got.header.Get("Retry-After") != "1" {
			t.Errorf("%s %s: %s, Retry-After %q", a.method, a.path, got.raw, got.header.Get("Retry-After"))
		}
	}
	w.must(w.do(ask{method: "GET", path: "/campaign", key: "wrong"}), 403)
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if rec := w.direct("GET", path, "", ""); rec.Code != 200 {
			t.Errorf("%s: answered %d: %s", path, rec.Code, rec.Body)
		} else if path == "/metrics" && !strings.Contains(rec.Body.String(), "dendro_http_requests_in_flight 2\n") {
			t.Error("the metrics do not tell of two requests in flight")
		}
	}
	close(g.shut)
	for _, status := range statuses() {
		if status != 200 {
			t.Errorf("a request that was at work is answered %d", status)
		}
	}
	w.must(w.do(ask{method: "GET", path: "/campaign"}), 200)
}

// direct hands a request straight to the server; the clock stands still.
func (w *world) direct(method, path, key, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-API-Key", key)
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	return rec
}

// dawdle begins a request, and returns when the server waits for its body.
func (w *world) dawdle() (conn net.Conn) {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.server.Listener.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "POST /api/v1/tasks/ HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", w.trusted)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		w.t.Fatalf("the server answers %q, %v", line, err)
	}
	return conn
}

// TestSlowSendersHoldNobody: clients that do not send their bodies keep others
// neither from working nor, in any number, from being told so.
func TestSlowSendersHoldNobody(t *testing.T) {
	w := newWorld(t, func(c *httpapi.Config) { c.InFlight = 1 })
	var slow []net.Conn
	for range 4 {
		slow = append(slow, w.dawdle())
		if len(slow) < 4 {
			w.must(w.do(ask{method: "GET", path: "/campaign"}), 200)
		}
	}
	if got := w.must(w.do(ask{method: "GET", path: "/campaign"}), 503); got.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
	fmt.Fprint(slow[0], "{}")
	res, err := http.ReadResponse(bufio.NewReader(slow[0]), nil)
	if err != nil || res.StatusCode != 400 {
		t.Fatalf("whoever sent the body at last is answered %v, %v", res, err)
	}
	w.must(w.do(ask{method: "GET", path: "/campaign"}), 200)
}

// TestShutdownAnswersWhatItTook: while the server stops, requests under way are
// answered, streams end, and nobody else comes in.
func TestShutdownAnswersWhatItTook(t *testing.T) {
	var g *gate
	w := newWorld(t, func(c *httpapi.Config) {
		g = newGate(c.Views)
		c.Views = g
	})
	stream, in := w.listen("after="+w.end().String(), "")
	statuses := g.held(w, 3)
	w.api.Drain()
	if _, more := nextSent(in); more || in.Err() != nil {
		t.Errorf("the stream goes on: %v", in.Err())
	}
	if err := stream.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if rec := w.direct("GET", "/readyz", "", ""); rec.Code != 503 || !strings.Contains(rec.Body.String(), "stopping") {
		t.Errorf("it says that it is ready: %d %s", rec.Code, rec.Body)
	}
	stopped := make(chan error)
	go func() { stopped <- w.server.Config.Shutdown(context.Background()) }()
	for open := true; open; { // until the listener is shut
		conn, err := net.Dial("tcp", w.server.Listener.Addr().String())
		if open = err == nil; open {
			_ = conn.Close()
		}
	}
	select {
	case err := <-stopped:
		t.Fatalf("it stopped with requests under way: %v", err)
	default:
	}
	close(g.shut)
	for _, status := range statuses() {
		if status != 200 {
			t.Errorf("a request that was taken is answered %d", status)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// limited is a world with rate limits, whose clock stands still.
func limited(t *testing.T) (w *world, clock *domain.ManualClock) {
	clock = domain.NewManualClock(worldBegins)
	w = newWorld(t, func(c *httpapi.Config) { c.NoRateLimits, c.Clock = false, clock })
	w.register("ada", "bob")
	for _, name := range []string{"ada", "bob"} {
		w.must(w.do(ask{method: "POST", path: "/frontend_users/", key: w.untrusted, body: changed(user(name), "tos_acceptance", true)}), 200)
	}
	return w, clock
}

// taskOfKind asks for a task and gives Retry-After, 0 when the request was
// taken: there need not be such a task.
func (w *world) taskOfKind(key, name, kind string) (retry int) {
	w.t.Helper()
	body := string(encode(m{"type": kind, "user": user(name)}))
	if name == "" {
		body = string(encode(m{"type": kind}))
	}
	rec := w.direct("POST", "/api/v1/tasks/", key, body)
	if rec.Code != 429 {
		return 0
	}
	retry, err := strconv.Atoi(rec.Header().Get("Retry-After"))
	if err != nil || retry < 1 || !strings.Contains(rec.Body.String(), `"error_code":429`) {
		w.t.Fatalf("refused with %q, %s", rec.Header().Get("Retry-After"), rec.Body)
	}
	return retry
}

// TestRateLimits: each limit of the specification is reached exactly, holds for
// one contributor of one client, and is over after what Retry-After says.
func TestRateLimits(t *testing.T) {
	for _, c := range []struct {
		kind  string
		most  int
		retry int
	}{
		{"random", 30, 8}, {"label_initial_prompt", 30, 8}, {"assistant_reply", 4, 30}, {"prompter_reply", 8, 15},
	} {
		t.Run(c.kind, func(t *testing.T) {
			w, clock := limited(t)
			for n := range c.most {
				if retry := w.taskOfKind(w.trusted, "ada", c.kind); retry != 0 {
					t.Fatalf("request %d is refused for %d s", n+1, retry)
				}
			}
			for range 50 { // what is refused is not counted
				if retry := w.taskOfKind(w.trusted, "ada", c.kind); retry != c.retry {
					t.Fatalf("refused for %d s, want %d", retry, c.retry)
				}
			}
			for what, retry := range map[string]int{
				"another contributor": w.taskOfKind(w.trusted, "bob", c.kind), "another client": w.taskOfKind(w.untrusted, "ada", c.kind),
			} {
				if retry != 0 {
					t.Errorf("%s is refused for %d s", what, retry)
				}
			}
			clock.Advance(time.Duration(c.retry)*time.Second - 1)
			if retry := w.taskOfKind(w.trusted, "ada", c.kind); retry != 1 {
				t.Errorf("just before its time it is refused for %d s", retry)
			}
			clock.Advance(1)
			if retry := w.taskOfKind(w.trusted, "ada", c.kind); retry != 0 {
				t.Errorf("after its time it is refused for %d s", retry)
			}
			if retry := w.taskOfKind(w.trusted, "ada", c.kind); retry != c.retry {
				t.Errorf("the one after is refused for %d s, want %d", retry, c.retry)
			}
		})
	}
}

// TestRateLimitsOfKindsAreApart: a type that is used up leaves the others what
// is left of the contributor's own limit.
func TestRateLimitsOfKindsAreApart(t *testing.T) {
	w, _ := limited(t)
	taken := map[string]int{}
	for range 40 {
		for _, kind := range []string{"assistant_reply", "prompter_reply", "random"} {
			if w.taskOfKind(w.trusted, "ada", kind) == 0 {
				taken[kind]++
			}
		}
	}
	if taken["assistant_reply"] != 4 || taken["prompter_reply"] != 8 || taken["random"] != 18 {
		t.Errorf("taken are %v", taken)
	}
}

// TestRateLimitOfClients: requests that name no contributor count for their
// client.
func TestRateLimitOfClients(t *testing.T) {
	w, clock := limited(t)
	for n := range 10_000 {
		if retry := w.taskOfKind(w.trusted, "", "random"); retry != 0 {
			t.Fatalf("request %d is refused", n+1)
		}
	}
	if retry := w.taskOfKind(w.trusted, "", "random"); retry != 1 {
		t.Errorf("refused for %d s, want 1", retry)
	}
	if w.taskOfKind(w.untrusted, "", "random") != 0 || w.taskOfKind(w.trusted, "ada", "random") != 0 {
		t.Error("another client, or a contributor, is refused too")
	}
	clock.Advance(time.Second)
	if retry := w.taskOfKind(w.trusted, "", "random"); retry != 0 {
		t.Errorf("after its time it is refused for %d s", retry)
	}
}
