package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	answerWithin = 60 * time.Second
	maxAnswer    = 4 << 20 // bytes
	mostTries    = 8       // of one request
	longestWait  = 5 * time.Second
	longestRest  = time.Minute
)

// client speaks to a server, for all connections.
type client struct {
	http  *http.Client
	bases []string // of servers that are as good as one another
	asked atomic.Uint64
	key   string
}

// newClient keeps as many connections as there are, and no more.
func newClient(servers []string, key string, connections int) (*client, error) {
	var bases []string
	for _, server := range servers {
		u, err := url.Parse(strings.TrimSuffix(server, "/"))
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("%q is no address of a server, such as http://127.0.0.1:8080", server)
		}
		bases = append(bases, u.String()+"/api/v1")
	}
	if len(bases) == 0 {
		return nil, errors.New("no server is named")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = connections, connections, connections
	return &client{http: &http.Client{Transport: transport, Timeout: answerWithin}, bases: bases, key: key}, nil
}

// base gives the servers in turns: whoever acts meets all of them.
func (c *client) base() string { return c.bases[c.asked.Add(1)%uint64(len(c.bases))] }

// request is one exchange that somebody means to have.
type request struct {
	method string
	path   string // below the API's base, with its query
	by     string // the acting contributor, for the header; "" names nobody
	once   string // the Idempotency-Key; "" for none
	body   any    // JSON; nil for none
}

// answer is what came back.
type answer struct {
	status int
	code   int // of a refusal; codeNone otherwise
	text   string
	wait   time.Duration // what Retry-After says
	body   []byte
	took   time.Duration
	base   string // of the server that gave it
}

func (a *answer) fine() bool { return a.status >= 200 && a.status < 300 }

func (a *answer) read(out any) error {
	if err := json.Unmarshal(a.body, out); err != nil {
		return fmt.Errorf("the server sent what cannot be read: %w", err)
	}
	return nil
}

// exchange sends a request once, to a server.
func (c *client) exchange(ctx context.Context, base string, r *request) (answer, error) {
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, base+r.path, body)
	if err != nil {
		return answer{}, err
	}
	for name, value := range map[string]string{"X-API-Key": c.key, "X-Oasst-User": r.by, "Idempotency-Key": r.once} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	start := time.Now()
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, code: codeNone, body: raw, took: time.Since(start), base: base}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		a.wait = time.Duration(min(seconds, int(longestRest/time.Second))) * time.Second
	}
	a.explain()
	return a, nil
}

// explain reads what a refusal says.
func (a *answer) explain() {
	if a.fine() {
		return
	}
	f := failure{Code: codeNone}
	if json.Unmarshal(a.body, &f) == nil && f.Message != "" {
		a.code, a.text = f.Code, f.Message
		return
	}
	a.text = string(a.body[:min(len(a.body), 300)])
}

// busy reports whether the server asks for the same request a little later.
func (a *answer) busy() bool {
	return a.status == http.StatusServiceUnavailable && a.code != codeNoTask && a.code != codeDisabled
}

// hopeless reports whether no such answer should ever come: the server's
// fault, a wrong key or address, or a request that the API does not have.
func (a *answer) hopeless() bool {
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusUnprocessableEntity:
		return true
	case http.StatusNotFound:
		return a.code == codeNone
	case http.StatusServiceUnavailable:
		return false
	}
	return a.status >= 500
}

// ask sends a request until it is answered; a busy server, and a connection
// that broke, are tried again a little later, the latter only where that is
// harmless. An answer that no request should get is an error.
func (c *client) ask(ctx context.Context, t *tally, r *request) (answer, error) {
	for try := 1; ; try++ {
		t.Requests++
		a, err := c.exchange(ctx, c.base(), r)
		safe := r.once != "" || r.method == http.MethodGet
		switch {
		case ctx.Err() != nil:
			return a, ctx.Err()
		case err != nil && (!safe || try >= mostTries):
			return a, err
		case err == nil && a.hopeless():
			t.failed(a.status, a.code)
			return a, fmt.Errorf("%s %s was answered %d: %s", r.method, r.path, a.status, a.text)
		case err == nil && !a.fine():
			t.failed(a.status, a.code)
		}
		if err == nil && (!a.busy() || try >= mostTries) {
			return a, nil
		}
		t.Retries++
		wait := time.Duration(try) * 100 * time.Millisecond
		if err := pause(ctx, min(max(wait, a.wait), longestWait)); err != nil {
			return a, err
		}
	}
}

// repeat sends again what was answered, to the server that did: nothing may be
// different. Another one may show what a request began as it is by then.
func (c *client) repeat(ctx context.Context, t *tally, r *request, first answer) error {
	t.Requests++
	again, err := c.exchange(ctx, first.base, r)
	if err != nil {
		return err
	}
	if again.status != first.status || !bytes.Equal(again.body, first.body) {
		return fmt.Errorf("%s %s was sent again with its Idempotency-Key, and answered %d %.200q, at first %d %.200q",
			r.method, r.path, again.status, again.body, first.status, first.body)
	}
	t.Repeats++
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
