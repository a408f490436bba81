package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"dendro/adapters/httpapi"
	"dendro/domain"
	"dendro/projections/statistics"
)

// TestRequestIDs: an id that a proxy gave is taken over if it is one, and
// otherwise made; whatever is answered has it.
func TestRequestIDs(t *testing.T) {
	w := newWorld(t, nil)
	made := regexp.MustCompile(`^[0-9a-f]{24}$`)
	seen := map[string]bool{}
	for _, path := range []string{"/api/v1/campaign", "/api/v1/tasks", "/api/v1/messages/x", "/nowhere", "/healthz", "/readyz", "/metrics"} {
		for given, taken := range map[string]bool{
			"": false, "a": true, "Trace-1.2_3": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, "a b": false, "é": false, "a\nb": false,
		} {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("X-Request-Id", given)
			rec := httptest.NewRecorder()
			w.api.ServeHTTP(rec, r)
			id := rec.Header().Get("X-Request-Id")
			if taken && id != given || !taken && (!made.MatchString(id) || seen[id]) {
				t.Errorf("%s with the id %q is answered with %q", path, given, id)
			}
			seen[id] = !taken
		}
	}
}

// journal is what a server logs, as JSON.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(j, nil)) }

// lines gives every line, which must be an object.
func (j *journal) lines(t *testing.T) (all []m) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for in := bufio.NewScanner(bytes.NewReader(j.text.Bytes())); in.Scan(); {
		var line m
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatalf("this line is no object: %s", in.Bytes())
		}
		all = append(all, line)
	}
	return all
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// TestLogNamesNobody: a session of every operation, and of mistakes of every
// kind, leaves one line for each request, and in none of them a name, a text or
// a key.
func TestLogNamesNobody(t *testing.T) {
	j := &journal{}
	var asked []string
	secrets := []string{rootToken, "The one called", "The secret of", "tara", "olga", "fred", "look", "better", "mail@", "noted", "guess", "local:", "X-API-Key"}
	for _, op := range theContract(t).operations {
		if !strings.HasPrefix(op.Path, "/api/v1/") {
			continue
		}
		e := newEstateLogging(t, j)
		secrets = append(secrets, e.trusted.key, e.own.key, e.foreign.key, e.revoked)
		for _, a := range []ask{
			e.askingOnce(op), e.asking(op, e.own.key, "guess", &e.own, &e.foreign), e.asking(op, withoutKey, "", &e.own, &e.own),
			e.asking(op, e.trusted.key, rootToken, &e.trusted, &e.trusted),
		} {
			a.query = q("api_key", e.trusted.key, "reason", "noted", "notes", "noted", "search_query", "secret", "at_least", "noted", "username", "tara")
			asked = append(asked, e.straight(a).Header().Get("X-Request-Id"))
			a.query = nil
			asked = append(asked, e.straight(a).Header().Get("X-Request-Id"))
			a.body, a.method = m{"user": "tara", "text": "The secret of", "admin_email": "mail@example.org"}, "POST"
			asked = append(asked, e.straight(a).Header().Get("X-Request-Id"))
		}
	}
	for _, secret := range secrets {
		if text := j.String(); strings.Contains(text, secret) {
			at := strings.Index(text, secret)
			t.Errorf("the log holds %q: …%s", secret, text[max(0, at-200):min(len(text), at+100)])
		}
	}
	told := map[string]int{}
	for _, line := range j.lines(t) {
		if line["msg"] == "request" {
			told[line["request"].(string)]++
		}
		for _, member := range []string{"time", "level", "msg", "request", "route"} {
			if line[member] == nil {
				t.Fatalf("a line lacks %s: %v", member, line)
			}
		}
	}
	for _, id := range asked {
		if told[id] != 1 {
			t.Errorf("request %s has %d lines", id, told[id])
		}
	}
}

// TestMetricsTellRoutes: requests are counted by method, route and status, and
// what clients make up makes no new series.
func TestMetricsTellRoutes(t *testing.T) {
	w := newWorld(t, nil)
	for range 3 {
		w.direct("GET", "/api/v1/campaign", w.trusted, "")
	}
	w.direct("GET", "/api/v1/campaign", "wrong", "")
	w.direct("GET", "/api/v1/messages/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b", w.trusted, "")
	w.direct("GET", "/api/v1/messages/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3c", w.trusted, "")
	w.direct("POST", "/api/v1/tasks/", w.trusted, "")
	w.direct("GET", "/healthz", "", "")
	for n := range 50 {
		w.direct(fmt.Sprintf("BREW%d", n), fmt.Sprintf("/coffee/%d", n), "", "")
	}
	scrape := w.direct("GET", "/metrics", "", "").Body.String()
	for _, want := range []string{
		`dendro_http_requests_total{method="GET",route="/api/v1/campaign",status="200"} 3`,
		`dendro_http_requests_total{method="GET",route="/api/v1/campaign",status="403"} 1`,
		`dendro_http_requests_total{method="GET",route="/api/v1/messages/{message_id}",status="404"} 2`,
		`dendro_http_requests_total{method="POST",route="/api/v1/tasks/",status="422"} 1`,
		`dendro_http_requests_total{method="GET",route="/healthz",status="200"} 1`,
		`dendro_http_requests_total{method="other",route="none",status="404"} 50`,
		`dendro_http_request_seconds_count{method="GET",route="/api/v1/campaign"} 4`,
		`dendro_http_requests_in_flight 0`,
	} {
		if !strings.Contains(scrape, want+"\n") {
			t.Errorf("the metrics do not have %s", want)
		}
	}
	if strings.Contains(scrape, "BREW") || strings.Contains(scrape, "coffee") {
		t.Error("the metrics have what a client made up")
	}
}

// TestEveryRouteIsCounted under its own name.
func TestEveryRouteIsCounted(t *testing.T) {
	w := newWorld(t, nil)
	for _, op := range theContract(t).operations {
		r := strings.NewReplacer("{", "", "}", "").Replace(op.Path)
		w.direct(op.Method, r, "", "")
	}
	scrape := w.direct("GET", "/metrics", "", "").Body.String()
	for _, op := range theContract(t).operations {
		if want := fmt.Sprintf("method=%q,route=%q,", op.Method, op.Path); !strings.Contains(scrape, want) {
			t.Errorf("the metrics do not have %s", want)
		}
	}
}

// explosive is a store of views that panics when it is asked for statistics,
// with what it was handling.
type explosive struct{ httpapi.Views }

func (explosive) Counts(context.Context) (statistics.Counts, error) { panic("The secret of tara") }

// TestPanicsAreAnswered with 500 and an id under which the log has more; not
// with what was handled, and neither has the log that.
func TestPanicsAreAnswered(t *testing.T) {
	j := &journal{}
	w := newWorld(t, func(c *httpapi.Config) { c.Views, c.Logger, c.InFlight = explosive{c.Views}, j.logger(), 1 })
	for range 3 { // each must have left its slot
		rec := w.direct("GET", "/api/v1/stats/", w.trusted, "")
		if rec.Code != 500 || !strings.Contains(rec.Body.String(), `"error_code":0`) {
			t.Fatalf("answered %d %s", rec.Code, rec.Body)
		}
		if text := rec.Body.String(); strings.Contains(text, "secret") || strings.Contains(text, "goroutine") || strings.Contains(text, ".go") {
			t.Errorf("the answer tells %s", text)
		}
		told := 0
		for _, line := range j.lines(t) {
			if line["request"] == rec.Header().Get("X-Request-Id") && (line["stack"] != nil || line["status"] == 500.0) {
				told++
			}
		}
		if told != 2 {
			t.Errorf("of the request %q there are %d lines, want the panic and the request", rec.Header().Get("X-Request-Id"), told)
		}
	}
	if strings.Contains(j.String(), "secret") {
		t.Error("the log tells what was handled")
	}
	if got := w.direct("GET", "/metrics", "", "").Body.String(); !strings.Contains(got, `route="/api/v1/stats/",status="500"} 3`) {
		t.Error("the metrics do not count it")
	}
}

// cracked is a log that panics in the middle of being read.
type cracked struct{ domain.Log }

func (l cracked) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for range 2000 {
			for r, err := range l.Log.Read(ctx, from, to) {
				if !yield(r, err) {
					return
				}
			}
		}
		panic("cracked")
	}
}

// TestPanicsBreakAnswersOff: an answer that has begun does not end as if it
// were whole.
func TestPanicsBreakAnswersOff(t *testing.T) {
	w := newWorld(t, func(c *httpapi.Config) { c.Log = cracked{c.Log} })
	res, err := w.server.Client().Get(w.server.URL + "/api/v1/events?api_key=" + w.trusted)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); !errors.Is(err, io.ErrUnexpectedEOF) || res.StatusCode != http.StatusOK {
		t.Errorf("it ends with %v after status %d", err, res.StatusCode)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
}
