package remote_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/crowd"
	"dendro/adapters/crowd/remote"
	"dendro/domain"
)

// double plays a server that has nothing but initial prompts to ask for. What
// a test wants to go wrong it puts in front.
type double struct {
	mu       sync.Mutex
	tasks    int
	answered map[string]string // by Idempotency-Key
	people   map[string]bool
	texts    map[string]string // by the task's message id
	busy     int               // how many submissions are turned away first
	wrong    func(w http.ResponseWriter, r *http.Request, again bool) bool
}

func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	body, again := d.answered[key]
	if d.wrong != nil && d.wrong(w, r, again) {
		return
	}
	if again {
		fmt.Fprint(w, body)
		return
	}
	raw, _ := io.ReadAll(r.Body)
	switch path := strings.TrimPrefix(r.URL.Path, "/api/v1"); {
	case path == "/campaign":
		body = `{"policy":{"languages":["en"]}}`
	case path == "/frontend_users/":
		var who struct{ ID string }
		_ = json.Unmarshal(raw, &who)
		d.people[who.ID] = true
	case path == "/tasks/":
		d.tasks++
		body = fmt.Sprintf(`{"id":%q,"type":"initial_prompt"}`, domain.TaskID{15: byte(d.tasks), 14: byte(d.tasks >> 8)})
	case path == "/tasks/interaction" && d.busy > 0:
		d.busy--
		refuse(w, 503, 0)
		return
	case path == "/tasks/interaction":
		var in struct {
			Text string
			ID   string `json:"message_id"`
		}
		_ = json.Unmarshal(raw, &in)
		if was, done := d.texts[in.ID]; done && was != in.Text {
			refuse(w, 400, 2105)
			return
		}
		d.texts[in.ID] = in.Text
	case strings.Contains(path, "/admin/"):
		refuse(w, 403, 2)
		return
	case strings.Contains(path, "/cursor"), strings.Contains(path, "/leaderboards"):
		body = `{}`
	}
	if key != "" {
		d.answered[key] = body
	}
	fmt.Fprint(w, body)
}

func refuse(w http.ResponseWriter, status, code int) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":"no","error_code":%d}`, code)
}

func at(r *http.Request, path string) bool { return r.URL.Path == "/api/v1"+path }

// open plays the server d, and opens a crowd on it.
func open(t *testing.T, d *double, change func(*remote.Options)) *remote.Crowd {
	t.Helper()
	d.answered, d.people, d.texts = map[string]string{}, map[string]bool{}, map[string]string{}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	opt := remote.Options{Servers: []string{server.URL + "/"}, Seed: 1, Run: t.Name(), Contributors: 10, Connections: 4}
	if change != nil {
		change(&opt)
	}
	c, err := remote.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestWork(t *testing.T) {
	d := &double{busy: 3}
	c := open(t, d, nil)
	if len(d.people) != 10 {
		t.Errorf("%d people are registered, want 10", len(d.people))
	}
	seen := 0
	report, err := c.Work(t.Context(), 300, func(done int) { seen = max(seen, done) })
	if err != nil {
		t.Fatal(err)
	}
	if report.Tasks != 300 || report.ByKind[domain.TaskInitialPrompt] != 300 || seen != 300 {
		t.Errorf("progress up to %d, and %+v; want 300 prompts", seen, report)
	}
	if report.Retries != 3 || report.Errors["503 0"] != 3 || report.Repeats == 0 || report.Doubles == 0 || report.Declined == 0 {
		t.Errorf("3 submissions were turned away, and some sent again: %+v", report)
	}
	if c := report.Cycle; c.P50 < 0 || c.P50 > c.P99 || c.P99 > c.Max {
		t.Errorf("a cycle takes %+v", c)
	}
	if report, err = c.Work(t.Context(), 7, nil); err != nil || report.Tasks != 7 {
		t.Errorf("a second run: %v, %+v", err, report)
	}
}

// TestTasksOnly: to be measured, a cycle is three requests and nothing else.
func TestTasksOnly(t *testing.T) {
	c := open(t, &double{}, func(o *remote.Options) { o.TasksOnly = true })
	report, err := c.Work(t.Context(), 100, nil)
	if err != nil || report.Requests != 300 || report.Repeats+report.Doubles+report.Reads+report.Declined != 0 {
		t.Errorf("%v, %+v", err, report)
	}
}

// TestWhatMustNotBe: a server that is not as it should be ends the run.
func TestWhatMustNotBe(t *testing.T) {
	for name, c := range map[string]struct {
		wrong func(w http.ResponseWriter, r *http.Request, again bool) bool
		why   string
	}{
		"another answer to the same request": {func(w http.ResponseWriter, r *http.Request, again bool) bool {
			if again {
				fmt.Fprint(w, `"something else"`)
			}
			return again
		}, "sent again with its Idempotency-Key"},
		"a mistake of the server": {func(w http.ResponseWriter, r *http.Request, _ bool) bool {
			if at(r, "/tasks/interaction") {
				refuse(w, 500, 0)
			}
			return at(r, "/tasks/interaction")
		}, "answered 500"},
		"a request that the server does not understand": {func(w http.ResponseWriter, r *http.Request, _ bool) bool {
			if at(r, "/tasks/") {
				w.WriteHeader(422)
			}
			return at(r, "/tasks/")
		}, "answered 422"},
		"a board in disorder": {func(w http.ResponseWriter, r *http.Request, _ bool) bool {
			is := strings.Contains(r.URL.Path, "/leaderboards/")
			if is {
				fmt.Fprint(w, `{"leaderboard":[{"rank":1,"leader_score":1},{"rank":2,"leader_score":2}]}`)
			}
			return is
		}, "out of order"},
		"a page that repeats itself": {func(w http.ResponseWriter, r *http.Request, _ bool) bool {
			is := strings.Contains(r.URL.Path, "/cursor")
			if is {
				fmt.Fprint(w, `{"next":"x","items":[{"id":"00000000-0000-0000-0000-000000000001"}]}`)
			}
			return is
		}, "on two pages"},
		"nothing to do": {func(w http.ResponseWriter, r *http.Request, _ bool) bool {
			if at(r, "/tasks/") {
				refuse(w, 503, 1006)
			}
			return at(r, "/tasks/")
		}, "no task was completed"},
		"everybody is shut out": {func(w http.ResponseWriter, r *http.Request, _ bool) bool {
			if at(r, "/tasks/") {
				refuse(w, 503, 4001)
			}
			return at(r, "/tasks/")
		}, "nobody of the crowd may take part"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &double{}
			crowd := open(t, d, func(o *remote.Options) {
				if name == "nothing to do" {
					o.Patience = 50 * time.Millisecond
				}
			})
			d.mu.Lock()
			d.wrong = c.wrong
			d.mu.Unlock()
			if report, err := crowd.Work(t.Context(), 100_000, nil); err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("error %v, want one with %q; %+v", err, c.why, report)
			}
		})
	}
}

// TestLimitsAreKept: who is asked to wait waits, and others go on.
func TestLimitsAreKept(t *testing.T) {
	d := &double{}
	c := open(t, d, nil)
	asked := map[string]int{}
	d.mu.Lock()
	d.wrong = func(w http.ResponseWriter, r *http.Request, again bool) bool {
		if again || !at(r, "/tasks/") {
			return false
		}
		var in struct{ User struct{ ID string } }
		raw, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(raw, &in)
		if asked[in.User.ID]++; asked[in.User.ID] > 1 {
			w.Header().Set("Retry-After", "3600")
			refuse(w, 429, 429)
			return true
		}
		return false
	}
	d.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	report, err := c.Work(ctx, 100_000, func(done int) {
		if done == 7 { // so many that some were asked to wait
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || report.Tasks < 7 {
		t.Errorf("error %v, want the context's; %+v", err, report)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for who, n := range asked {
		if n > 2 {
			t.Errorf("%s asked %d times, though told to wait", who, n)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	fine := remote.Options{Servers: []string{server.URL}, Contributors: crowd.Least, Connections: 1}
	for why, change := range map[string]func(*remote.Options){
		"at least":      func(o *remote.Options) { o.Contributors-- },
		"a contributor": func(o *remote.Options) { o.Connections = o.Contributors + 1 },
		"no address":    func(o *remote.Options) { o.Servers = []string{"localhost"} },
		"answered 404":  func(o *remote.Options) {},
	} {
		opt := fine
		change(&opt)
		if _, err := remote.Open(t.Context(), opt); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("error %v, want one with %q", err, why)
		}
	}
}
