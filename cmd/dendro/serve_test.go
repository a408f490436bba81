package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// running is `dendro serve`, started as main would.
type running struct {
	t      *testing.T
	url    string // with the base path
	out    screen
	errors screen
	stop   context.CancelFunc
	code   chan int
}

var servingAt = regexp.MustCompile(`on (http://\S+/api/v1)/`)

// startServer starts a server on a port of its own, and waits until it serves.
func startServer(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{t: t, stop: stop, code: make(chan int, 1)}
	args = append([]string{"serve", "--data", dir, "--addr", "127.0.0.1:0", "--quiet"}, args...)
	go func() { r.code <- run(ctx, args, &r.out, &r.errors) }()
	t.Cleanup(stop)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if at := servingAt.FindStringSubmatch(r.out.String()); at != nil {
			r.url = at[1]
			return r
		}
		select {
		case code := <-r.code:
			t.Fatalf("the server ended with %d: %s", code, r.errors.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not come up")
		}
	}
}

// end stops the server as a signal would, and waits for it.
func (r *running) end() {
	r.t.Helper()
	r.stop()
	select {
	case code := <-r.code:
		if code != exitFine {
			r.t.Errorf("the server ended with %d: %s", code, r.errors.String())
		}
	case <-time.After(time.Minute):
		r.t.Fatal("the server does not stop")
	}
}

// ask sends a request with an API key, and gives status and body.
func (r *running) ask(method, path, key string, body any) (int, string) {
	r.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, bytes.NewReader(raw))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("X-API-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

var longHex = regexp.MustCompile(`\b[0-9a-f]{64}\b`)

func TestServeAndClients(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(rootVariable, "")
	first := startServer(t, dir)
	token := longHex.FindString(first.out.String())
	if token == "" {
		t.Fatalf("the first start shows no root token: %s", first.out.String())
	}
	server := strings.TrimSuffix(first.url, "/api/v1")
	fails(t, exitMisuse, rootVariable, "client", "list", "--server", server)
	t.Setenv(rootVariable, token)
	key := longHex.FindString(fine(t, "client", "create", "--server", server, "--description", "a site", "--trusted"))
	if status, body := first.ask("GET", "/stats/", key, nil); status != 200 {
		t.Errorf("a trusted key is answered %d: %s", status, body)
	}
	who := map[string]any{"id": "ada", "display_name": "Ada", "auth_method": "local", "tos_acceptance": true}
	if status, body := first.ask("POST", "/frontend_users/", key, who); status != 200 {
		t.Fatalf("a contributor is answered %d: %s", status, body)
	}
	fails(t, exitFailed, "in use by another process", "client", "list", "--data", dir)
	first.end()

	t.Setenv(rootVariable, "")
	list := fine(t, "client", "list", "--data", dir)
	if !strings.Contains(list, "trusted") || !strings.Contains(list, "a site") {
		t.Errorf("the list of clients is:\n%s", list)
	}
	second := longHex.FindString(fine(t, "client", "create", "--data", dir, "--description", "a bot", "--type", "discord"))
	again := startServer(t, dir)
	if longHex.MatchString(again.out.String()) {
		t.Error("the root token is shown twice")
	}
	if status, body := again.ask("GET", "/frontend_users/local/ada", key, nil); status != 200 || !strings.Contains(body, `"display_name":"Ada"`) {
		t.Errorf("after a restart Ada is answered %d: %s", status, body)
	}
	if status, _ := again.ask("GET", "/stats/", second, nil); status != 403 {
		t.Errorf("an untrusted key is answered %d where trust is needed", status)
	}
	t.Setenv(rootVariable, token)
	server = strings.TrimSuffix(again.url, "/api/v1")
	revokeOnly(t, server, "a bot")
	if status, _ := again.ask("GET", "/messages/", second, nil); status != 403 {
		t.Errorf("a revoked key is answered %d", status)
	}
	if status, _ := again.ask("GET", "/messages/", key, nil); status != 200 {
		t.Errorf("another client's key is answered %d after a revocation", status)
	}
	again.end()
	if out := fine(t, "log", "verify", "--data", dir); !strings.Contains(out, "is sound") {
		t.Errorf("the log is not sound:\n%s", out)
	}
}

// revokeOnly revokes the client of the description.
func revokeOnly(t *testing.T, server, description string) {
	t.Helper()
	var list []clientLine
	if err := json.Unmarshal([]byte(fine(t, "client", "list", "--server", server, "--json")), &list); err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Description == description {
			fine(t, "client", "revoke", c.ID.String(), "--server", server, "--reason", "a test")
		}
	}
}

// The token of the variable replaces the one that was made.
func TestServeRootToken(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(rootVariable, "of the environment")
	s := startServer(t, dir)
	if longHex.MatchString(s.out.String()) || strings.Contains(s.out.String(), "of the environment") {
		t.Errorf("a given root token is shown: %s", s.out.String())
	}
	server := strings.TrimSuffix(s.url, "/api/v1")
	fine(t, "client", "create", "--server", server, "--description", "x")
	t.Setenv(rootVariable, "another")
	fails(t, exitFailed, "403", "client", "create", "--server", server, "--description", "x")
	s.end()
}

func TestServeDev(t *testing.T) {
	fails(t, exitMisuse, "loopback", "serve", "--data", t.TempDir(), "--dev", "--addr", "0.0.0.0:0")
	fails(t, exitMisuse, "loopback", "serve", "--data", t.TempDir(), "--dev", "--addr", ":0")
	s := startServer(t, t.TempDir(), "--dev")
	for _, key := range []string{"", "whatever"} {
		if status, body := s.ask("GET", "/stats/", key, nil); status != 200 {
			t.Errorf("with --dev the key %q is answered %d: %s", key, status, body)
		}
	}
	s.end()
}

func TestServeMisuse(t *testing.T) {
	dir := t.TempDir()
	fails(t, exitMisuse, "--rate-limits", "serve", "--data", dir, "--rate-limits", "maybe")
	fails(t, exitMisuse, "--addr", "serve", "--data", dir, "--addr", "nowhere")
	fails(t, exitMisuse, "give one", "client", "list", "--data", dir, "--server", "http://127.0.0.1:1")
	fails(t, exitMisuse, "which client", "client", "revoke", "--data", dir)
	fails(t, exitFailed, "there is no client", "client", "revoke", "01a2109a-90b7-fb6f-d3b7-85b6aa4b7913", "--data", dir)
	s := startServer(t, dir, "--dev")
	fails(t, exitFailed, "in use by another process", "serve", "--data", dir)
	fails(t, exitFailed, "cannot listen", "serve", "--data", t.TempDir(), "--addr", strings.TrimPrefix(strings.TrimSuffix(s.url, "/api/v1"), "http://"))
	s.end()
}

// What stands before a body is bounded too.
func TestServeBoundsHeaders(t *testing.T) {
	s := startServer(t, t.TempDir(), "--dev")
	for size, status := range map[int]int{maxHeader / 2: 200, 2 * maxHeader: 431} {
		if got, body := s.ask("GET", "/stats/", strings.Repeat("k", size), nil); got != status {
			t.Errorf("a header of %d bytes is answered %d, want %d: %s", size, got, status, body)
		}
	}
	s.end()
}
