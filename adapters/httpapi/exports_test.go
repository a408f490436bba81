package httpapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/httpapi"
	"dendro/domain"
	"dendro/projections/dataset"

	"github.com/google/go-cmp/cmp"
)

// shelf is an exporter whose exports are done by hand.
type shelf struct {
	mu     sync.Mutex
	fail   error
	orders []httpapi.ExportOrder
	known  map[httpapi.ExportID]*httpapi.Export
	files  map[string]string
}

func newShelf() *shelf {
	return &shelf{known: map[httpapi.ExportID]*httpapi.Export{}, files: map[string]string{}}
}

func (s *shelf) Start(_ context.Context, id httpapi.ExportID, order httpapi.ExportOrder) (httpapi.Export, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.known[id]; e != nil {
		return *e, nil
	}
	if s.fail != nil {
		return httpapi.Export{}, s.fail
	}
	s.orders = append(s.orders, order)
	s.known[id] = &httpapi.Export{ID: id, Status: httpapi.ExportRunning, Recipe: order.Recipe, Cut: order.Cut}
	return *s.known[id], nil
}

func (s *shelf) Export(_ context.Context, id httpapi.ExportID) (*httpapi.Export, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.known[id]; e != nil {
		now := *e
		return &now, nil
	}
	return nil, nil
}

type closable struct{ *bytes.Reader }

func (closable) Close() error { return nil }

func (s *shelf) Open(_ context.Context, _ httpapi.ExportID, name string) (io.ReadSeekCloser, error) {
	if text, there := s.files[name]; there {
		return closable{bytes.NewReader([]byte(text))}, nil
	}
	return nil, nil
}

// finish ends all exports with a file.
func (s *shelf) finish(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = text
	sum := sha256.Sum256([]byte(text))
	for _, e := range s.known {
		e.Status = httpapi.ExportDone
		e.Files = append(e.Files, httpapi.ExportFile{Name: name, Bytes: int64(len(text)), SHA256: hex.EncodeToString(sum[:])})
		e.Manifest = json.RawMessage(fmt.Sprintf(`{"log":"%s","cut":"%s","at":null,"recipe":{"variant":"ready","format":"trees"},"erasures":[],"engine":"a test",`+
			`"digest":"sha256:%x","files":[],"partitions":[]}`, e.Cut.Log, e.Cut, sum))
	}
}

func newExporting(t *testing.T) (*world, *shelf) {
	s := newShelf()
	return newWorld(t, func(c *httpapi.Config) { c.Exports = s }), s
}

func TestExportsAreOrdered(t *testing.T) {
	w, s := newExporting(t)
	cut := w.log.Identity().Start()
	cut.End[0] = 2
	at := time.Date(2024, 1, 2, 12, 0, 0, 0, time.UTC)
	var want []httpapi.ExportOrder
	for _, c := range []struct {
		body  any
		order httpapi.ExportOrder
	}{
		{m{"variant": "ready", "format": "trees"}, httpapi.ExportOrder{Recipe: dataset.Recipe{Variant: "ready", Format: "trees"}, Cut: w.end()}},
		{m{"variant": "all", "format": "messages", "deleted": "only", "cut": cut.String()}, httpapi.ExportOrder{
			Recipe: dataset.Recipe{Variant: "all", Format: "messages", Deleted: "only"}, Cut: cut}},
		{m{"variant": "all", "format": "trees", "deleted": nil, "cut": nil, "at": "2024-01-02T13:00:00+01:00"}, httpapi.ExportOrder{
			Recipe: dataset.Recipe{Variant: "all", Format: "trees"}, At: &at, Cut: w.end()}},
	} {
		got := w.must(w.do(ask{method: "POST", path: "/exports", body: c.body}), 202)
		if got.text("status") != "running" || got.text("cut") != c.order.Cut.String() || got.at("error") != nil || got.at("files") != nil {
			t.Errorf("%v: %s", c.body, got.raw)
		}
		w.must(w.do(ask{method: "GET", path: "/exports/" + got.text("id")}), 200)
		want = append(want, c.order)
	}
	if diff := cmp.Diff(want, s.orders); diff != "" {
		t.Error(diff)
	}
}

// The same key finds the export that it began, even when the answer is
// forgotten: the order differs no more than the log's end does.
func TestExportsBeginOncePerKey(t *testing.T) {
	w, s := newExporting(t)
	order := ask{method: "POST", path: "/exports", idempotency: "one", body: m{"variant": "all", "format": "trees"}}
	first := w.must(w.do(order), 202)
	if w.api, _ = httpapi.New(w.config); w.api == nil { // a restart
		t.Fatal("no server")
	}
	w.server.Config.Handler = w.api
	w.register("ann")
	if again := w.must(w.do(order), 202); again.text("id") != first.text("id") || len(s.orders) != 1 {
		t.Errorf("%s, then %s", first.raw, again.raw)
	}
	order.idempotency = "two"
	if other := w.must(w.do(order), 202); other.text("id") == first.text("id") {
		t.Errorf("another key got %s too", other.text("id"))
	}
}

func TestExportsRefuse(t *testing.T) {
	w, s := newExporting(t)
	foreign := w.end()
	foreign.Log[0]++
	for _, c := range []struct {
		body   any
		status int
	}{
		{m{"variant": "best", "format": "trees"}, 422}, {m{"variant": "all", "format": 1}, 422}, {m{"variant": "all", "format": "trees", "deleted": ""}, 422},
		{m{"variant": "all", "format": "trees", "at": "soon"}, 422}, {`{`, 422}, {`[]`, 422},
		{m{"variant": "all", "format": "trees", "at": "2024-01-02T12:00:00Z", "cut": w.end().String()}, 422},
		{m{"variant": "all", "format": "trees", "cut": foreign.String()}, 400}, {m{"variant": "all", "format": "trees", "cut": "x"}, 400},
	} {
		w.must(w.do(ask{method: "POST", path: "/exports", body: c.body}), c.status)
	}
	order := ask{method: "POST", path: "/exports", body: m{"variant": "all", "format": "trees"}}
	s.fail = fmt.Errorf("many: %w", domain.ErrOverloaded)
	if got := w.must(w.do(order), 503); got.header.Get("Retry-After") == "" {
		t.Errorf("%s", got.raw)
	}
	s.fail = domain.Refuse(domain.Invalid, "not yet")
	if got := w.must(w.do(order), 400); got.text("message") != "not yet" || got.code() != 0 {
		t.Errorf("%s", got.raw)
	}
	order.key = w.untrusted
	w.must(w.do(order), 403)
	w.must(w.do(ask{method: "GET", path: "/exports/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b"}), 404)
	w.must(w.do(ask{method: "GET", path: "/exports/1"}), 422)
	none := newWorld(t, nil)
	none.must(none.do(ask{method: "POST", path: "/exports", body: order.body}), 404)
	none.must(none.do(ask{method: "GET", path: "/exports/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b"}), 404)
}

func TestExportFiles(t *testing.T) {
	w, s := newExporting(t)
	id := w.must(w.do(ask{method: "POST", path: "/exports", body: m{"variant": "all", "format": "trees"}}), 202).text("id")
	path := "/exports/" + id
	w.must(w.do(ask{method: "GET", path: path + "/files/a.jsonl.gz"}), 404) // not yet
	text := strings.Repeat("0123456789", 10_000)
	s.finish("a.jsonl.gz", text)
	s.files["secret"] = "not of the export"
	export := w.must(w.do(ask{method: "GET", path: path}), 200)
	if export.text("status") != "done" || export.text("files", 0, "url") != "/api/v1"+path+"/files/a.jsonl.gz" {
		t.Errorf("%s", export.raw)
	}
	got := w.must(w.do(ask{method: "GET", path: path + "/files/a.jsonl.gz"}), 200)
	if string(got.raw) != text || got.header.Get("Content-Type") != "application/gzip" || !strings.Contains(got.header.Get("Content-Disposition"), "a.jsonl.gz") {
		t.Errorf("%d bytes came with %v", len(got.raw), got.header)
	}
	for _, name := range []string{"secret", "..%2Fsecret", "..%2F..%2Fa.jsonl.gz", "%2Fa.jsonl.gz", "a.jsonl.gz%00", "."} {
		if got := w.do(ask{method: "GET", path: path + "/files/" + name}); got.status == 200 {
			t.Errorf("%s is answered with %q", name, got.raw)
		}
	}
	// Who has a part asks for the rest, past the contract, which tells of whole files.
	r, _ := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+"/api/v1"+path+"/files/a.jsonl.gz", nil)
	r.Header = http.Header{"X-Api-Key": {w.trusted}, "Range": {"bytes=99990-"}, "If-Range": {got.header.Get("ETag")}}
	res, err := w.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if rest, err := io.ReadAll(res.Body); res.StatusCode != 206 || string(rest) != "0123456789" || err != nil {
		t.Errorf("the rest is %q, %s, %v", rest, res.Status, err)
	}
}
