package reactions

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// receiver is another system: it answers as told, and notes what came.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
}

func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	x := &receiver{}
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		x.mu.Lock()
		x.bodies, x.heads = append(x.bodies, string(body)), append(x.heads, r.Header)
		n := len(x.bodies)
		x.mu.Unlock()
		answer(n, w, r)
	}))
	t.Cleanup(x.Close)
	return x
}

func (x *receiver) got() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.bodies)
}

// quick keeps waits short where the time is real.
func quick(c *Config) {
	c.Retry = Retry{Tries: 3, First: time.Millisecond, Longest: 5 * time.Millisecond}
	c.Again, c.SaveEvery = time.Millisecond, time.Millisecond
}

var secret = []byte("sixteen bytes or more")

func webhookTo(url string) func(*Config) {
	return func(c *Config) {
		quick(c)
		c.Webhook = &Webhook{URL: url, Secret: secret, Within: 200 * time.Millisecond}
	}
}

// eventually waits for what other goroutines do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: never", what)
		}
	}
}

func TestWebhookTellsOfReports(t *testing.T) {
	in := newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	d := newDiary(t, 1)
	d.noise(0)
	r := d.report(0, 258)
	x := newReactions(t, d, t.TempDir(), nil, webhookTo(in.URL+"/hook?key=1"))
	stop := started(t, x)
	eventually(t, "a request", func() bool { return len(in.got()) == 1 })
	stop()
	want := fmt.Sprintf(`{"event":{"specversion":"1.0","id":"%s","source":"/partitions/0","type":"message.reported","dataschema":"message.reported.v1.json",`+
		`"time":"2024-01-01T00:00:00.000000Z","partition":0,"seq":3,"stream":"tree/00000000-0000-0000-0000-000000000102","version":3,"actor":"rule:test",`+
		`"command":"%s","epoch":1,"data":{"message":"00000000-0000-0000-0000-000000000102","contributor":"00000000-0000-0000-0000-000000000009"}}}`, r.ID, r.Command)
	if in.bodies[0] != want {
		t.Errorf("the body is\n%s, want\n%s", in.bodies[0], want)
	}
	// The signature, computed as a receiver would.
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%d.%s", t0.Unix(), want)
	if got, want := in.heads[0].Get("X-Dendro-Signature"), fmt.Sprintf("t=%d,v1=%s", t0.Unix(), hex.EncodeToString(mac.Sum(nil))); got != want {
		t.Errorf("signed %s, want %s", got, want)
	}
}

func TestWebhookFailures(t *testing.T) {
	elsewhere := newReceiver(t, func(int, http.ResponseWriter, *http.Request) {})
	for _, c := range []struct {
		name   string
		answer func(n int, w http.ResponseWriter, r *http.Request)
		asked  int
		poison string
	}{
		{"down at first", func(n int, w http.ResponseWriter, _ *http.Request) {
			if n < 3 {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}, 3, ""},
		{"down", func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, 3, "answered with status 502"},
		{"too many requests", func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}, 2, ""},
		{"not wanted", func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, 1, "answered with status 410"},
		{"moved", func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, 1, "answered with status 307"},
		{"hangs up", func(_ int, w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
		}, 3, "no answer: EOF"},
		{"slow", func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 3, "no answer: context deadline exceeded"},
		{"endless", func(_ int, w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}, 3, "the answer is longer than 65536 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := newReceiver(t, c.answer)
			d := newDiary(t, 1)
			d.report(0, 1)
			x := newReactions(t, d, t.TempDir(), nil, webhookTo(in.URL))
			stop := started(t, x)
			eventually(t, "the end of it", func() bool {
				at, found, err := FilePositions{x.c.Dir}.Load("webhook")
				return err == nil && found && at.End[0] == 3
			})
			stop()
			list := x.poison.List()
			switch {
			case len(in.got()) != c.asked:
				t.Errorf("asked %d times, want %d", len(in.got()), c.asked)
			case c.poison == "" && len(list) != 0, c.poison != "" && (len(list) != 1 || list[0].Error != c.poison):
				t.Errorf("kept aside: %+v, want %q", list, c.poison)
			}
		})
	}
	if len(elsewhere.got()) != 0 {
		t.Error("a redirect was followed")
	}
}

func TestWebhookIsCheckedAtTheStart(t *testing.T) {
	for _, w := range []Webhook{
		{URL: "https://example.org/", Secret: []byte("short")},
		{URL: "example.org", Secret: secret},
		{URL: "ftp://example.org/", Secret: secret},
		{URL: "https://me:secret@example.org/", Secret: secret},
	} {
		d := newDiary(t, 1)
		c := Config{Log: d, Engine: &clerk{}, Clock: d.clock, Dir: t.TempDir(), Registry: prometheus.NewRegistry(), Webhook: &w}
		if _, err := New(c); err == nil || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: %v", w.URL, err)
		}
	}
}

func TestWebhookLeavesOutWhatIsOlder(t *testing.T) {
	in := newReceiver(t, func(int, http.ResponseWriter, *http.Request) {})
	d := newDiary(t, 1)
	d.report(0, 1)
	d.clock.Advance(time.Hour)
	d.report(0, 2)
	x := newReactions(t, d, t.TempDir(), nil, func(c *Config) {
		webhookTo(in.URL)(c)
		c.Webhook.Since = t0.Add(time.Minute)
	})
	stop := started(t, x)
	eventually(t, "the newer report", func() bool { return len(in.got()) == 1 })
	stop()
	var body struct {
		Event struct{ Seq int }
	}
	if err := json.Unmarshal([]byte(in.got()[0]), &body); err != nil || body.Event.Seq != 3 {
		t.Errorf("told of %s (%v)", in.got()[0], err)
	}
}

// The address may hold a secret: no error shows it.
func TestErrorsHideTheAddress(t *testing.T) {
	p := must(newPoster("http://127.0.0.1:1/hook?token=hidden"))(t)
	_, err := p.post(context.Background(), nil, http.Header{})
	if err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v", err)
	}
}
