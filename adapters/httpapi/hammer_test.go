package httpapi_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// hammer sends the handler as many sound requests of every operation, and as
// many spoilt ones. Every answer keeps the contract, and none is a failure of
// the server: of the statuses from 500 on only 503 comes, and only because there
// is no task (1006) or the contributor is disabled (4001).
func hammer(t reporter, h http.Handler, ids pool, seed uint64, times int) {
	t.Helper()
	c, err := loadContract()
	if err != nil {
		t.Errorf("schemas/openapi.yaml: %v", err)
		return
	}
	for i, op := range gentleFirst(c.operations) {
		dice := rand.New(rand.NewPCG(seed, uint64(i)))
		told := &labelled{reporter: t}
		for n := 0; n < times && told.count < mostTold; n++ {
			told.label = fmt.Sprintf("seed %d, %s, request %d", seed, op.OperationID, n)
			judge(told, op, c.serve(told, h, generate(dice, op, ids)))
			r, what := spoil(dice, op, ids)
			told.label += ", " + what
			judge(told, op, c.serve(told, h, r))
		}
	}
}

// gentleFirst orders operations so that those come late which leave the others
// little to work on: what reads, what adds, what changes, what takes away; of
// those that write the administration's last.
func gentleFirst(all []*operation) []*operation {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}
	return slices.SortedFunc(slices.Values(all), func(a, b *operation) int {
		return cmp.Or(slices.Index(methods, a.Method)-slices.Index(methods, b.Method), strings.Compare(b.Path, a.Path))
	})
}

// mostTold is how many departures of one operation are worth telling.
const mostTold = 3

func judge(t reporter, op *operation, res *http.Response) {
	t.Helper()
	if res == nil || res.StatusCode < 500 || op.Path == "/readyz" {
		return
	}
	body, err := io.ReadAll(res.Body)
	var refusal struct {
		Code *int `json:"error_code"`
	}
	if err == nil {
		err = json.Unmarshal(body, &refusal)
	}
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || refusal.Code == nil || *refusal.Code != 1006 && *refusal.Code != 4001 {
		t.Errorf("the server failed with %d: %s", res.StatusCode, clip(body))
	}
}

// labelled says which request a departure came from.
type labelled struct {
	reporter
	label string
	count int
}

// Errorf implements reporter.
func (l *labelled) Errorf(format string, args ...any) {
	l.Helper()
	l.count++
	l.reporter.Errorf("%s: "+format, append([]any{l.label}, args...)...)
}

// mimic is a handler that knows only the document: it refuses what is malformed
// and answers anything else with a success made up from the schemas.
type mimic struct {
	*contract
	seed uint64
}

// ServeHTTP implements http.Handler.
func (m *mimic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op, params := m.find(r)
	w.Header().Set("X-Request-Id", "mimic")
	if op == nil {
		http.NotFound(w, r)
		return
	}
	if err := malformed(m.input(op, params, r)); err != nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, `{"detail":[{"loc":["body",0],"msg":"malformed","type":"value_error"}]}`)
		return
	}
	m.seed++
	m.succeed(w, op, values{dice: rand.New(rand.NewPCG(m.seed, 0))})
}

func (m *mimic) succeed(w http.ResponseWriter, op *operation, v values) {
	for _, status := range []int{200, 202, 204} {
		known := op.Responses.Status(status)
		if known == nil {
			continue
		}
		for _, kind := range []string{"", "text/plain", "application/json", "application/x-ndjson"} {
			media := known.Value.Content[kind]
			if media == nil && (kind != "" || len(known.Value.Content) > 0) {
				continue
			}
			if kind != "" {
				w.Header().Set("Content-Type", kind)
			}
			w.WriteHeader(status)
			switch out := json.NewEncoder(w); kind {
			case "text/plain":
				fmt.Fprintln(w, "ok")
			case "application/json":
				_ = out.Encode(v.value("", media.Schema.Value)) // into memory
			case "application/x-ndjson":
				for _, item := range v.array("", media.Schema.Value) {
					_ = out.Encode(item) // into memory
				}
			}
			return
		}
	}
}

// TestHammer tries the generator, the contract and each other out: of what the
// document describes everything succeeds, and all answers made from it keep it.
func TestHammer(t *testing.T) { hammer(t, &mimic{contract: theContract(t)}, someIDs, 1, 10) }

var someIDs = pool{
	"X-API-Key": {"key"}, "Authorization": {"Bearer root"}, "username": {"ada"}, "lang": {"en", "pt-BR"},
	"message_id": {"018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b"}, "x-oasst-user": {"local:ada"},
}

func TestGenerateKeepsTheDocument(t *testing.T) {
	c := theContract(t)
	for i, op := range c.operations {
		for seed := range uint64(30) {
			r := generate(rand.New(rand.NewPCG(seed, uint64(i))), op, someIDs)
			if err := c.misses(op, r); err != nil {
				t.Fatalf("%s with seed %d: %s: %v", op.OperationID, seed, r.URL, err)
			}
		}
	}
}

// TestSpoilSpoils: every flaw is put somewhere, and a fatal one always makes a
// request that the document does not describe.
func TestSpoilSpoils(t *testing.T) {
	c := theContract(t)
	put := map[string]int{}
	for i, op := range c.operations {
		for seed := range uint64(8) {
			for _, f := range flaws {
				d := newDraft(rand.New(rand.NewPCG(seed, uint64(i))), op, someIDs)
				if !f.put(rand.New(rand.NewPCG(seed, 0)), d) {
					continue
				}
				put[f.name]++
				if r := d.request(); f.fatal && c.misses(op, r) == nil {
					t.Errorf("%s with seed %d, %s: the document describes %s", op.OperationID, seed, f.name, r.URL)
				}
			}
		}
	}
	for _, f := range flaws {
		if put[f.name] == 0 {
			t.Errorf("%s was never put anywhere", f.name)
		}
	}
}

// misses tells why a request is not one that the document describes for the
// operation.
func (c *contract) misses(op *operation, r *http.Request) error {
	found, params := c.find(r)
	if found != op {
		return fmt.Errorf("it asks for %v", found)
	}
	return malformed(c.input(op, params, r))
}

// spy is a reporter that only remembers.
type spy struct{ told []string }

// Helper implements reporter.
func (*spy) Helper() {}

// Errorf implements reporter.
func (s *spy) Errorf(format string, args ...any) {
	s.told = append(s.told, fmt.Sprintf(format, args...))
}

// TestContractSeesDepartures: each answer is right but for one thing.
func TestContractSeesDepartures(t *testing.T) {
	const jsonType = "application/json"
	const state = `{"message_tree_id":"018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b","state":"growing","goal_tree_size":12,"max_depth":3,"max_children_count":3,"active":true,"origin":null}`
	const treeState = "/api/v1/messages/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b/tree/state"
	const event = `{"specversion":"1.0","id":"018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b","source":"/partitions/0","type":"campaign.configured","dataschema":"campaign.configured.v1.json","time":"2024-01-02T12:00:00.000000Z","partition":0,"seq":1,"stream":"campaign","version":1,"actor":"rule:log","command":"018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b","epoch":1,"data":{}}`
	for _, c := range []struct {
		name, method, path, kind string
		status                   int
		header, body             string
		want                     string // part of the report; "" for none
	}{
		{"as documented", "GET", treeState, jsonType, 200, "", state, ""},
		{"with a charset", "GET", treeState, jsonType + "; charset=utf-8", 200, "", state, ""},
		{"stray member", "GET", treeState, jsonType, 200, "", state[:len(state)-1] + `,"debug":1}`, "debug"},
		{"missing null", "GET", treeState, jsonType, 200, "", strings.Replace(state, `,"origin":null`, "", 1), "origin"},
		{"unknown word", "GET", treeState, jsonType, 200, "", strings.Replace(state, "growing", "shrinking", 1), "/state"},
		{"negative count", "GET", treeState, jsonType, 200, "", strings.Replace(state, "12", "-1", 1), "/goal_tree_size"},
		{"upper-case id", "GET", treeState, jsonType, 200, "", strings.Replace(state, "018b2f19", "018B2F19", 1), "/message_tree_id"},
		{"more behind JSON", "GET", treeState, jsonType, 200, "", state + state, "no JSON"},
		{"broken JSON", "GET", treeState, jsonType, 200, "", state[1:], "no JSON"},
		{"other media type", "GET", treeState, "text/html", 200, "", state, "text/html"},
		{"no media type", "GET", treeState, "", 200, "", state, "media type"},
		{"undocumented status", "GET", treeState, jsonType, 418, "", state, "status"},
		{"undocumented redirect", "GET", treeState, "", 307, "Location: /", "", "status"},
		{"unknown error code", "GET", treeState, jsonType, 404, "", `{"message":"gone","error_code":7}`, "/error_code"},
		{"error without text", "GET", treeState, jsonType, 404, "", `{"message":"","error_code":2001}`, "/message"},
		{"error", "GET", treeState, jsonType, 404, "", `{"message":"gone","error_code":2001}`, ""},
		{"success of a bad request", "PUT", treeState + "?halt=perhaps", jsonType, 200, "", state, "malformed"},
		{"refusal of a bad request", "PUT", treeState + "?halt=perhaps", jsonType, 422, "", `{"detail":[{"loc":["query","halt"],"msg":"no","type":"type_error.bool"}]}`, ""},
		{"malformed position", "PUT", treeState + "?halt=true", jsonType, 200, "X-Dendro-Position: here", state, "Position"},
		{"position", "PUT", treeState + "?halt=true", jsonType, 200, "X-Dendro-Position: 0/17,3/9", state, ""},
		{"body of nothing", "DELETE", "/api/v1/messages/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b", jsonType, 204, "", "null", "body"},
		{"too many, and when not", "POST", "/api/v1/tasks/", jsonType, 429, "", `{"message":"slow down","error_code":429}`, "Retry-After"},
		{"too many, and when", "POST", "/api/v1/tasks/", jsonType, 429, "Retry-After: 8", `{"message":"slow down","error_code":429}`, ""},
		{"part of a file", "GET", "/api/v1/exports/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b/files/manifest.json", jsonType, 206, "", "{", ""},
		{"file as it was", "GET", "/api/v1/exports/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b/files/manifest.json", "", 304, "", "", ""},
		{"other slash", "GET", "/api/v1/messages?lang=en", "", 307, "Location: /api/v1/messages/?lang=en", "", ""},
		{"other slash, other place", "GET", "/api/v1/messages", "", 307, "Location: /api/v1/message/", "", "redirects"},
		{"unclean path", "GET", "/api/v1/messages//tree", "", 307, "Location: /api/v1/messages/tree", "", ""},
		{"no operation", "GET", "/api/v1/secrets", jsonType, 404, "", `{"detail":"Not Found"}`, ""},
		{"hidden operation", "GET", "/api/v1/secrets", jsonType, 200, "", `{}`, "no such operation"},
		{"literal before parameter", "GET", "/api/v1/messages/cursor", jsonType, 200, "", `{"prev":null,"next":null,"sort_key":"created_date","items":[],"order":"asc"}`, ""},
		{"lines", "GET", "/api/v1/events", "application/x-ndjson", 200, "", event + "\n" + event + "\n", ""},
		{"cut line", "GET", "/api/v1/events", "application/x-ndjson", 200, "", event + "\n" + event[:40], ""},
		{"wrong line", "GET", "/api/v1/events", "application/x-ndjson", 200, "", event + "\n{}\n", "item 1"},
		{"server-sent events", "GET", "/api/v1/events", "text/event-stream", 200, "", ": hello\n\nid: 1\ndata: " + event + "\n\n", ""},
		{"wrong server-sent event", "GET", "/api/v1/events", "text/event-stream", 200, "", "data: []\n\n", "item 0"},
	} {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if name, value, ok := strings.Cut(c.header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.Header()["Content-Type"] = []string{c.kind}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body) // into memory
		})
		var s spy
		r := httptest.NewRequest(c.method, c.path, nil)
		if res := theContract(t).serve(&s, h, r); res != nil {
			_, _ = io.Copy(io.Discard, res.Body) // from memory
		}
		if told := strings.Join(s.told, "\n"); (c.want == "") != (told == "") || !strings.Contains(told, c.want) {
			t.Errorf("%s: the contract tells %q, want something about %q", c.name, told, c.want)
		}
	}
}

// TestHammerSeesFailures: a server's mistake is never a right answer, though
// there is a 503 in the document.
func TestHammerSeesFailures(t *testing.T) {
	refuse := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body) // into memory
		})
	}
	for _, c := range []struct {
		h    http.Handler
		fine bool
	}{
		{refuse(503, `{"message":"no task","error_code":1006}`), true},
		{refuse(503, `{"message":"disabled","error_code":4001}`), true},
		{refuse(503, `{"message":"busy","error_code":0}`), false},
		{refuse(500, `{"message":"oops","error_code":0}`), false},
	} {
		var s spy
		op := theContract(t).operations[0]
		judge(&s, op, theContract(t).serve(&spy{}, c.h, &http.Request{Method: op.Method, URL: &url.URL{Path: op.Path}}))
		if fine := len(s.told) == 0; fine != c.fine {
			t.Errorf("%v: found fine is %v", s.told, fine)
		}
	}
}

// TestClientHoldsExchanges goes over a real connection.
func TestClientHoldsExchanges(t *testing.T) {
	c := theContract(t)
	server := httptest.NewServer(&mimic{contract: c})
	defer server.Close()
	var s spy
	for _, path := range []string{"/healthz", "/api/v1/text_labels/report_labels", "/api/v1/events", "/api/v1/stats/cached/nonsense"} {
		res, err := c.client(&s, server.Client().Transport).Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, res.Body)
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(s.told) > 0 {
		t.Error(s.told)
	}
}
