package httpapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"dendro/adapters/httpapi"
	"dendro/domain"
	"dendro/schemas"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// linesOf reads JSON lines.
func linesOf(t testing.TB, raw []byte) []any {
	t.Helper()
	var out []any
	for line := range bytes.Lines(raw) {
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, v)
	}
	return out
}

// recorded gives the log's events behind a cut as the API should show them, of
// those that are wanted.
func (w *world) recorded(from domain.Cut, wanted func(domain.Recorded) bool) []string {
	w.t.Helper()
	end, err := w.log.End(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for r, err := range w.log.Read(w.t.Context(), from, end) {
		if err != nil {
			w.t.Fatal(err)
		}
		if !wanted(r) {
			continue
		}
		line, err := schemas.AppendJSON(nil, r)
		if err != nil {
			w.t.Fatal(err)
		}
		out = append(out, string(line))
	}
	return out
}

func everything(domain.Recorded) bool { return true }

// busy is a world in which something happened in every partition.
func busy(t testing.TB) (w *world, trees []string) {
	w = newWorld(t, nil)
	w.register("ann", "bob", "cem", "dia")
	return w, []string{w.plant("ann", "bob", "cem", "dia"), w.plant("bob", "ann", "cem", "dia")}
}

func (w *world) end() domain.Cut {
	w.t.Helper()
	end, err := w.log.End(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return end
}

func textLines(raw []byte) []string {
	if len(raw) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

func TestEventsGivesAllOfTheLog(t *testing.T) {
	w, _ := busy(t)
	got := w.must(w.do(ask{method: "GET", path: "/events"}), 200)
	if kind := got.header.Get("Content-Type"); kind != "application/x-ndjson" {
		t.Errorf("the content is of type %s", kind)
	}
	if diff := cmp.Diff(w.recorded(w.log.Identity().Start(), everything), textLines(got.raw)); diff != "" {
		t.Error(diff)
	}
	cut := got.header.Get("X-Dendro-Cut")
	if cut != w.end().String() {
		t.Errorf("it goes on behind %s, the log ends at %s", cut, w.end())
	}
	w.register("eve")
	from, err := domain.ParseCut(cut)
	if err != nil {
		t.Fatal(err)
	}
	got = w.must(w.do(ask{method: "GET", path: "/events", query: url.Values{"after": {cut}}}), 200)
	if diff := cmp.Diff(w.recorded(from, everything), textLines(got.raw)); diff != "" {
		t.Error(diff)
	}
	w.must(w.do(ask{method: "GET", path: "/events", key: w.untrusted}), 403)
	head, err := w.client.Head(w.server.URL + "/api/v1/events?api_key=" + w.trusted)
	if err != nil || head.StatusCode != 200 || head.Header.Get("X-Dendro-Cut") != w.end().String() {
		t.Errorf("HEAD: %v, %v", head, err)
	}
}

// Whatever is asked for, pages of any size give it whole and once, when each
// begins where the one before says.
func TestEventsPages(t *testing.T) {
	w, trees := busy(t)
	var types []string
	for _, e := range schemas.Types() {
		types = append(types, string(e.Type))
	}
	rapid.Check(t, func(t *rapid.T) {
		chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(types), 0, 8, rapid.ID[string]).Draw(t, "types")
		tree := rapid.SampledFrom(append([]string{""}, trees...)).Draw(t, "tree")
		limit := rapid.SampledFrom([]int{1, 3, 10, 10_000}).Draw(t, "limit")
		want := w.recorded(w.log.Identity().Start(), func(r domain.Recorded) bool {
			return (len(chosen) == 0 || slices.Contains(chosen, string(r.Payload.Type()))) && (tree == "" || string(r.Stream) == "tree/"+tree)
		})
		query := url.Values{"limit": {fmt.Sprint(limit)}, "types": {strings.Join(chosen, ",")}, "tree": {tree}}
		for name, values := range query {
			if values[0] == "" {
				query.Del(name)
			}
		}
		var got []string
		for pages := 0; query.Get("after") != w.end().String(); pages++ {
			page := w.must(w.do(ask{method: "GET", path: "/events", query: query}), 200)
			lines := textLines(page.raw)
			if len(lines) > limit || pages > len(want) {
				t.Fatalf("page %d has %d lines", pages, len(lines))
			}
			got = append(got, lines...)
			query.Set("after", page.header.Get("X-Dendro-Cut"))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEventsRefuses(t *testing.T) {
	w, _ := busy(t)
	end := w.end()
	beyond, foreign, short := end.Clone(), end.Clone(), end.Clone()
	beyond.End[1]++
	foreign.Log[3]++
	short.End = short.End[1:]
	for _, after := range []string{"x", "@", end.Log.String(), beyond.String(), foreign.String(), short.String(), end.String() + " ", end.String() + ",1"} {
		if got := w.must(w.do(ask{method: "GET", path: "/events", query: url.Values{"after": {after}}}), 400); got.code() != 0 {
			t.Errorf("%s: %s", after, got.raw)
		}
		if strings.TrimSpace(after) == after { // a header's value is always trimmed
			w.must(w.do(ask{method: "GET", path: "/events", header: http.Header{"Last-Event-Id": {after}, "Accept": {"text/event-stream"}}}), 400)
		}
	}
	for _, query := range []string{"types=message.lost", "types=message.posted,", "tree=1", "limit=0", "limit=10001", "limit=x"} {
		w.must(w.do(ask{method: "GET", path: "/events?" + query}), 422)
	}
}

// sent is one server-sent event.
type sent struct{ id, kind, data string }

// nextSent reads the next event, past signs of life; false at the end.
func nextSent(in *bufio.Scanner) (s sent, ok bool) {
	for in.Scan() {
		name, value, _ := strings.Cut(in.Text(), ": ")
		switch name {
		case "id":
			s.id = value
		case "event":
			s.kind = value
		case "data":
			s.data = value
		case "":
			if s.data != "" || s.id != "" && s.kind != "" {
				return s, true
			}
		}
	}
	return s, false
}

// listen opens a stream of server-sent events.
func (w *world) listen(query, lastEvent string) (*http.Response, *bufio.Scanner) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), "GET", w.server.URL+"/api/v1/events?"+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header = http.Header{"X-Api-Key": {w.trusted}, "Accept": {"text/html, text/event-stream;q=0.9"}}
	if lastEvent != "" {
		r.Header.Set("Last-Event-ID", lastEvent)
	}
	res, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = res.Body.Close() })
	return res, bufio.NewScanner(res.Body)
}

// Server-sent events come as they happen, and go on where they broke off.
func TestEventsAreSent(t *testing.T) {
	w, _ := busy(t)
	posted := func(r domain.Recorded) bool { return r.Payload.Type() == "message.posted" }
	res, in := w.listen("types=message.posted", "")
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(res.Status, res.Header)
	}
	first, _ := nextSent(in)
	w.plant("cem", "ann", "bob", "dia")
	want := w.recorded(w.log.Identity().Start(), posted)
	got := []string{first.data}
	for len(got) < len(want) {
		s, ok := nextSent(in)
		if !ok || s.kind != "message.posted" {
			t.Fatalf("got %+v, %v", s, in.Err())
		}
		got = append(got, s.data)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, again := w.listen("types=message.posted&after="+w.end().String(), first.id) // where it broke off goes before after
	for _, data := range want[1:] {
		if s, ok := nextSent(again); !ok || s.data != data {
			t.Errorf("got %+v, want %s", s, data)
		}
	}
	_, limited := w.listen("types=message.posted&limit=2", "")
	for i := range 3 {
		if s, ok := nextSent(limited); ok != (i < 2) {
			t.Errorf("event %d of two is %+v", i+1, s)
		}
	}
}

// Draining ends streams, and requests go on.
func TestDrainEndsStreams(t *testing.T) {
	w, _ := busy(t)
	_, in := w.listen("after="+w.end().String(), "")
	w.api.Drain()
	if s, ok := nextSent(in); ok || in.Err() != nil {
		t.Errorf("got %+v, %v", s, in.Err())
	}
	w.must(w.do(ask{method: "GET", path: "/campaign"}), 200)
}

// Streams are bounded by themselves, and leave ordinary requests their slots.
func TestStreamsAreBounded(t *testing.T) {
	w := newWorld(t, func(c *httpapi.Config) { c.InFlight = 1 })
	var open []*http.Response
	for range 32 {
		res, _ := w.listen("", "")
		if res.StatusCode != 200 {
			t.Fatal(res.Status)
		}
		open = append(open, res)
		w.must(w.do(ask{method: "GET", path: "/campaign"}), 200)
	}
	for _, accept := range []string{"text/event-stream", "application/x-ndjson"} {
		got := w.must(w.do(ask{method: "GET", path: "/events", header: http.Header{"Accept": {accept}}}), 503)
		if got.header.Get("Retry-After") == "" || got.code() != 0 {
			t.Errorf("%s %v", got.raw, got.header)
		}
	}
	if err := open[0].Body.Close(); err != nil {
		t.Fatal(err)
	}
	for w.do(ask{method: "GET", path: "/events"}).status != 200 { // until the server has seen it
	}
}

// Whatever cut is asked for, the answer keeps the contract.
func FuzzEventsAfter(f *testing.F) {
	w := newWorld(f, nil)
	for _, seed := range []string{"", w.end().String(), w.log.Identity().Start().String(), "\x00", "é@1,1,1", w.log.Identity().ID.String() + "@99999999999999999999,0,01"} {
		f.Add(seed, "5")
	}
	end := w.end()
	f.Fuzz(func(t *testing.T, after, limit string) {
		query := url.Values{"after": {after}, "limit": {limit}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/events?"+query.Encode(), nil)
		r.Header.Set("X-API-Key", w.trusted)
		res := theContract(t).serve(t, w.api, tolerated(r))
		if res.StatusCode != 200 && res.StatusCode != 400 && res.StatusCode != 422 {
			t.Errorf("%q is answered with %d", after, res.StatusCode)
		}
		if cut, err := domain.ParseCut(after); res.StatusCode == 200 && after != "" && (err != nil || !cut.Within(end)) {
			t.Errorf("%q is taken", after)
		}
	})
}
