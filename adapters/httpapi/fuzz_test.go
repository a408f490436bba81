package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// fuzzed sends one request and judges the answer: it is one that the document
// has, and no failure of the server. A request that the document does not
// describe may be taken where the server is kinder.
func (e *estate) fuzzed(t *testing.T, op *operation, r *http.Request) {
	t.Helper()
	r.Header.Set("X-API-Key", e.trusted.key)
	r.Header.Set("Authorization", "Bearer "+rootToken)
	if op.Method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	judge(t, op, theContract(t).serve(t, e.api, tolerated(r)))
}

func operationOf(t testing.TB, id string) *operation {
	t.Helper()
	all := theContract(t).operations
	i := slices.IndexFunc(all, func(op *operation) bool { return op.OperationID == id })
	if i < 0 {
		t.Fatalf("there is no operation %s", id)
	}
	return all[i]
}

// seeds adds the recorded bodies of an operation's requests.
func seeds(f *testing.F, op *operation) {
	f.Helper()
	file, err := os.ReadFile("testdata/wire.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(file) {
		var recorded struct {
			Method, Path string
			Body         json.RawMessage
		}
		if err := json.Unmarshal(line, &recorded); err != nil {
			f.Fatal(err)
		}
		r := httptest.NewRequest(recorded.Method, (&url.URL{Path: recorded.Path}).String(), nil)
		if found, _ := theContract(f).find(r); found == op && recorded.Body != nil {
			f.Add([]byte(recorded.Body))
		}
	}
	for _, text := range []string{"", "null", "{}", "[]", `{"user":null}`, "{\"a\":\"\xff\"}", `{"user":{"id":1e3}}`, strings.Repeat(`{"a":`, 20)} {
		f.Add([]byte(text))
	}
}

// fuzzBody tries bodies of an operation on live things.
func fuzzBody(f *testing.F, id string) {
	op := operationOf(f, id)
	e := newEstate(f)
	seeds(f, op)
	path := "/api/v1" + e.fill(op, &e.trusted)
	f.Add(encode(bodies[id](e, &e.trusted, &e.trusted)))
	f.Add(encode(bodies[id](e, &e.trusted, &e.foreign)))
	f.Fuzz(func(t *testing.T, body []byte) {
		e.fuzzed(t, op, httptest.NewRequest(op.Method, path, strings.NewReader(string(body))))
	})
}

func FuzzInteraction(f *testing.F) { fuzzBody(f, "submitInteraction") }
func FuzzTaskRequest(f *testing.F) { fuzzBody(f, "requestTask") }
func FuzzLabels(f *testing.F)      { fuzzBody(f, "labelText") }
func FuzzAccount(f *testing.F)     { fuzzBody(f, "upsertFrontendUser") }
func FuzzMerge(f *testing.F)       { fuzzBody(f, "mergeUsers") }

// FuzzQuery tries query strings on every read.
func FuzzQuery(f *testing.F) {
	e := newEstate(f)
	var reads []*operation
	for _, op := range theContract(f).operations {
		if op.Method == http.MethodGet && strings.HasPrefix(op.Path, "/api/v1/") {
			reads = append(reads, op)
		}
	}
	values := []string{"", "1", "-1", "true", "local", e.trusted.name, e.trusted.userID, e.trusted.message + "$2026-03-02T09:00:00+00:00", "0/1", "\xff", "\x00", "$"}
	for i, op := range reads {
		params := map[string]bool{}
		for _, p := range op.parameters() {
			if p.In == "query" {
				params[p.Name] = true
			}
		}
		for j, value := range values {
			query := url.Values{}
			for k, name := range slices.Sorted(maps.Keys(params)) {
				if (j+k)%3 == 0 {
					query.Set(name, value)
				}
			}
			f.Add(uint8(i), query.Encode())
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		op := reads[int(which)%len(reads)]
		r := httptest.NewRequest(op.Method, "/api/v1"+e.fill(op, &e.trusted), nil)
		r.URL.RawQuery = query
		e.fuzzed(t, op, r)
	})
}

// TestNumbersOfManyDigits: JSON can write a small body that stands for a huge
// number.
func TestNumbersOfManyDigits(t *testing.T) {
	e := newEstate(t)
	for _, number := range []string{"1e-1000000000", "1e999999999", "-0", "1e-7", "0." + strings.Repeat("3", 10_000), "1E+2", "5e-1"} {
		body := fmt.Sprintf(`{"user":%s,"message_id":%q,"text":"","labels":{"quality":%s}}`, encode(user("tara")), e.own.message, number)
		e.fuzzed(t, operationOf(t, "labelText"), httptest.NewRequest("POST", "/api/v1/text_labels/", strings.NewReader(body)))
	}
}
