package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"dendro/adapters/httpapi"
	"dendro/adapters/postgres"
	"dendro/domain"

	"github.com/google/go-cmp/cmp"
)

// Three nodes on three brokers and one database, with a crowd whose every
// request goes to another node: what they answer, export and list is what a
// server of its own does that folded a copy of their log.
func TestClusterEqualsAnEmbeddedServer(t *testing.T) {
	f := newFleet(t, 3, 3)
	var urls []string
	for _, n := range f.nodes {
		urls = append(urls, n.url)
	}
	out := fine(t, "simulate", "--server", strings.Join(urls, ","), "--key", f.key, "--contributors", "24", "--tasks", "500", "--connections", "6", "--json")
	var done struct{ Doubles int } // handed in anew, and answered as done
	if err := json.Unmarshal([]byte(out), &done); err != nil || done.Doubles == 0 {
		t.Errorf("the crowd says %s, %v", out, err)
	}
	f.settle()
	end, err := f.log().End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	embedded := f.embed(t.TempDir())
	things := f.things()
	asked := 0
	for _, path := range things.questions() {
		want := embedded.answer(t, path)
		for _, n := range f.nodes {
			status, body := n.send(t.Context(), "GET", path, nil, nil)
			if diff := cmp.Diff(want, comparable(t, status, body)); diff != "" {
				t.Errorf("%s of %s (-embedded +cluster):\n%.3000s", path, n.url, diff)
			}
			asked++
		}
	}
	want := embedded.export(t, "")
	for _, n := range f.nodes {
		if got := n.export(end.String()); got != want {
			t.Errorf("%s exports %s, an embedded server %s", n.url, got, want)
		}
	}
	t.Logf("%d events; %d questions, and the export %s of each node", end.Events(), asked, want)
}

// settle waits until nothing more comes of what the crowd did.
func (f *fleet) settle() {
	f.t.Helper()
	log := f.log()
	const still = 20 // looks without news
	var at domain.Cut
	for n := 0; n < still; n++ {
		end, err := log.End(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		if !end.Equal(at) {
			at, n = end, 0
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, n := range f.nodes {
		n.waitUntilReady(time.Minute)
	}
}

// embeddedServer is a server on a copy of a fleet's log, with the names of the
// fleet's people: those are in no log.
type embeddedServer struct{ url, key string }

func (f *fleet) embed(dir string) embeddedServer {
	f.t.Helper()
	from := place{brokers: f.brokers.Addresses(), topic: f.topic}
	if _, _, err := copyLog(f.t.Context(), from, place{dir: dir}, 0, 0, newProgress(nil, "")); err != nil {
		f.t.Fatal(err)
	}
	p := nodePlan{dir: dir, owner: copyOwner, terms: "1", clock: wallClock}
	n, err := openNode(f.t.Context(), p)
	if err != nil {
		f.t.Fatal(err)
	}
	pool, err := postgres.Open(f.t.Context(), f.dsn)
	if err != nil {
		f.t.Fatal(err)
	}
	c := n.config(p)
	c.Directory, c.NoRateLimits = postgres.NewDirectory(pool), true
	api, err := httpapi.New(c)
	if err != nil {
		f.t.Fatal(err)
	}
	server := httptest.NewServer(api)
	f.t.Cleanup(func() {
		server.Close()
		if err := n.close(); err != nil {
			f.t.Error(err)
		}
		pool.Close()
	})
	return embeddedServer{server.URL + "/api/v1", f.key}
}

func (e embeddedServer) send(t *testing.T, method, path string, body any) (int, []byte) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, e.url+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", e.key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

func (e embeddedServer) answer(t *testing.T, path string) any {
	t.Helper()
	status, body := e.send(t, "GET", path, nil)
	if status >= 500 {
		t.Errorf("%s: %d %s", path, status, body)
	}
	return comparable(t, status, body)
}

// ofTheLog are members that tell where something stands in one log, or when
// it was asked; a copy has its own.
var ofTheLog = []string{"last_updated", "modified_date", "base_date", "source", "partition", "seq", "epoch", "position", "cut"}

// comparable gives an answer without what is a log's own.
func comparable(t *testing.T, status int, body []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	return map[string]any{"status": status, "body": stripped(v)}
}

func stripped(v any) any {
	switch v := v.(type) {
	case map[string]any:
		maps.DeleteFunc(v, func(key string, _ any) bool { return slices.Contains(ofTheLog, key) })
		for key := range v {
			v[key] = stripped(v[key])
		}
	case []any:
		for i := range v {
			v[i] = stripped(v[i])
		}
	}
	return v
}

// things are what can be asked about: the parameters of paths.
type things map[string][]string

func (f *fleet) things() things {
	f.t.Helper()
	all := things{
		"time_frame": {"day", "week", "month", "total"}, "auth_method": {"local"},
		"name": {"human_messages_by_lang", "human_messages_by_role", "message_trees_by_state", "message_trees_states_by_lang", "users_accepted_tos", "no_such"},
	}
	var page struct {
		Items []struct {
			ID       string `json:"id"`
			Tree     string `json:"message_tree_id"`
			Frontend string `json:"frontend_message_id"`
		}
	}
	f.nodes[0].must("/messages/cursor?max_count=1000&include_deleted=true", &page)
	for i, m := range page.Items {
		if i%8 == 0 {
			all["message_id"] = append(all["message_id"], m.ID)
			all["frontend_id"] = append(all["frontend_id"], m.Frontend)
			all["tree_id"] = append(all["tree_id"], m.Tree)
		}
	}
	var people struct {
		Items []struct {
			ID       string `json:"user_id"`
			Username string `json:"id"`
		}
	}
	f.nodes[1].must("/users/cursor?sort_key=username&max_count=1000", &people)
	for _, p := range people.Items {
		all["user_id"] = append(all["user_id"], p.ID)
		all["moderator_id"] = append(all["moderator_id"], p.ID)
		all["username"] = append(all["username"], url.PathEscape(p.Username))
	}
	return all
}

// must gets what must be there.
func (n *fleetNode) must(path string, out any) {
	n.f.t.Helper()
	status, body := n.send(n.f.t.Context(), "GET", path, nil, nil)
	if status != 200 || json.Unmarshal(body, out) != nil {
		n.f.t.Fatalf("%s%s: %d %s", n.url, path, status, body)
	}
}

// otherwise are questions whose answers are a node's or a log's own.
var otherwise = []string{
	"/admin/api_client", // takes the root token
	"/admin/views",      // how a node keeps them
	"/events",           // the log itself, which copying has compared
	"/exports/",         // compared by their digests
}

// queries are what else some paths are asked with.
var queries = map[string][]string{
	"/messages/":                         {"max_count=50", "only_roots=true&max_count=50&desc=false", "lang=en", "allow_deleted=true&max_count=100"},
	"/messages/cursor":                   {"max_count=7&desc=true", "include_deleted=true&max_count=1000", "lang=en&search_query=the", "include_user=true&max_count=20"},
	"/users/cursor":                      {"sort_key=username&max_count=5", "sort_key=display_name&max_count=500"},
	"/users/by_username":                 {"max_count=50"},
	"/leaderboards/{time_frame}":         {"max_count=5", "max_count=1000"},
	"/trollboards/{time_frame}":          {"max_count=1000", "enabled=true"},
	"/admin/flagged_messages":            {"max_count=1000", "sort=oldest&open=true", "sort=most_flagged&lang=en"},
	"/admin/flagged_messages/cursor":     {"sort=newest&max_count=3", "sort=most_flagged&max_count=3&open=true"},
	"/moderation/queue":                  {"open=false&max_count=500", "sort=newest&lang=en", "sort=most_flagged&max_count=3"},
	"/stats/tree_manager/message_counts": {"only_active=false"},
}

// questions are all that the API can be asked, of all things.
func (all things) questions() (paths []string) {
	for _, r := range httpapi.Routes() {
		pattern := strings.TrimPrefix(r.Pattern, "/api/v1")
		if r.Method != http.MethodGet || slices.ContainsFunc(otherwise, func(p string) bool { return strings.HasPrefix(pattern, p) }) {
			continue
		}
		for _, path := range all.fill(pattern) {
			paths = append(paths, path)
			for _, q := range queries[pattern] {
				paths = append(paths, path+"?"+q)
			}
		}
	}
	return paths
}

// mostOfEach bounds how many things a path with parameters is asked of.
const mostOfEach = 12

func (all things) fill(pattern string) (paths []string) {
	from := strings.IndexByte(pattern, '{')
	if from < 0 {
		return []string{pattern}
	}
	to := strings.IndexByte(pattern, '}')
	values := all[pattern[from+1:to]]
	if len(values) == 0 {
		panic(fmt.Sprintf("%s: say what there is of it", pattern))
	}
	for i, v := range values {
		if i < mostOfEach {
			paths = append(paths, all.fill(pattern[:from]+v+pattern[to+1:])...)
		}
	}
	return paths
}

// export makes a dataset of everything at the node, and gives its digest.
func (n *fleetNode) export(cut string) string {
	n.f.t.Helper()
	return exportBy(n.f.t, func(method, path string, body any) (int, []byte) {
		return n.send(n.f.t.Context(), method, path, nil, body)
	}, cut)
}

func (e embeddedServer) export(t *testing.T, cut string) string {
	t.Helper()
	return exportBy(t, func(method, path string, body any) (int, []byte) { return e.send(t, method, path, body) }, cut)
}

func exportBy(t *testing.T, send func(method, path string, body any) (int, []byte), cut string) string {
	t.Helper()
	body := map[string]any{"variant": "all"}
	if cut != "" {
		body["cut"] = cut
	}
	var got struct {
		ID       string `json:"id"`
		Status   string `json:"status"`
		Manifest struct{ Digest string }
	}
	status, answer := send("POST", "/exports", body)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if status >= 300 || json.Unmarshal(answer, &got) != nil || time.Now().After(deadline) {
			t.Fatalf("an export: %d %s", status, answer)
		}
		if got.Manifest.Digest != "" {
			return got.Manifest.Digest
		}
		status, answer = send("GET", "/exports/"+got.ID, nil)
	}
}
