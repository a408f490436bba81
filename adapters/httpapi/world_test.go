package httpapi_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"dendro/adapters/httpapi"
	"dendro/adapters/memory"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/directory"
	"dendro/projections"
	"dendro/projections/agreement"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
	"dendro/projections/locator"
	"dendro/projections/moderation"
	"dendro/projections/statistics"
)

// rootToken opens what only root may do.
const rootToken = "the root token of these tests"

// world is a whole server in memory, asked over real HTTP. Every exchange keeps
// the contract of schemas/openapi.yaml.
type world struct {
	t         testing.TB
	clock     *domain.ManualClock
	log       *memory.Log
	engine    *commands.Engine
	views     *memory.Store
	people    *memory.Directory
	config    httpapi.Config
	api       *httpapi.Server
	server    *httptest.Server
	client    *http.Client
	trusted   string // a trusted client's key
	untrusted string
}

var worldBegins = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// newWorld starts a server without rate limits; change may set them, and more.
func newWorld(t testing.TB, change func(*httpapi.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: domain.NewManualClock(worldBegins)}
	w.log = memory.New(domain.Identity{ID: domain.LogID{0: 1, 15: 7}, Partitions: 3}, w.clock, "test")
	var err error
	w.engine, err = commands.Open(t.Context(), w.log, commands.Options{
		Clock: w.clock, Terms: "1", Dice: func(id domain.CommandID) uint64 { return binary.BigEndian.Uint64(id[8:]) },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.views, w.people = memory.NewStore(w.log.Identity()), memory.NewDirectory()
	w.follow()
	w.config = httpapi.Config{
		Log: w.log, Engine: w.engine, Views: w.views, Directory: w.people, Clock: w.clock, Random: rand.Reader, NoRateLimits: true,
		Standing: func(context.Context) ([]httpapi.ViewStanding, error) {
			return []httpapi.ViewStanding{{View: "boards", Revision: 1, Program: 2, Built: worldBegins, Bytes: 1}, {View: "locator", Program: 1}}, nil
		},
	}
	if change != nil {
		change(&w.config)
	}
	if w.api, err = httpapi.New(w.config); err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(w.api)
	w.client = theContract(t).client(t, w.server.Client().Transport)
	t.Cleanup(func() {
		w.server.Close()
		if err := w.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.people.SetRootHash(t.Context(), directory.HashKey(rootToken)); err != nil {
		t.Fatal(err)
	}
	w.trusted, w.untrusted = w.newClient(true), w.newClient(false)
	return w
}

// follow keeps the views up with the log until the test ends.
func (w *world) follow() {
	runner := projections.NewRunner(w.log, w.views,
		conversations.New(), locator.New(), contributors.New(), boards.New(), moderation.New(), statistics.New(), agreement.New())
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			w.t.Errorf("the views stopped following: %v", err)
		}
	})
}

// newClient makes an API client through the API, and gives its key.
func (w *world) newClient(trusted bool) string {
	w.t.Helper()
	var key string
	a := w.do(ask{method: "POST", path: "/admin/api_client", root: rootToken, body: m{"description": "a test", "frontend_type": "test", "trusted": trusted}})
	w.must(a, 200)
	if err := json.Unmarshal(a.raw, &key); err != nil || len(key) != 64 {
		w.t.Fatalf("the key is %s: %v", a.raw, err)
	}
	return key
}

type m = map[string]any

// ask is one request.
type ask struct {
	method, path string
	query        url.Values
	key          string // "" is the trusted client's; withoutKey is none
	user         string // of the header
	root         string
	idempotency  string
	body         any // nil is none; a string is sent as it stands
	header       http.Header
}

const withoutKey = "-"

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    []byte
	value  any
}

// do sends a request, a second after the one before.
func (w *world) do(a ask) answer {
	w.t.Helper()
	w.clock.Advance(time.Second)
	var body io.Reader
	switch b := a.body.(type) {
	case nil:
	case string:
		body = bytes.NewReader([]byte(b))
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			w.t.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	target := w.server.URL + "/api/v1" + a.path
	if len(a.query) > 0 {
		target += "?" + a.query.Encode()
	}
	r, err := http.NewRequestWithContext(w.t.Context(), a.method, target, body)
	if err != nil {
		w.t.Fatal(err)
	}
	for name, values := range a.header {
		r.Header[name] = values
	}
	for name, value := range map[string]string{
		"X-API-Key": a.key, "X-Oasst-User": a.user, "Idempotency-Key": a.idempotency, "Content-Type": "application/json",
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	switch {
	case a.key == withoutKey:
		r.Header.Del("X-API-Key")
	case a.key == "" && w.trusted != "":
		r.Header.Set("X-API-Key", w.trusted)
	}
	if a.root != "" {
		r.Header.Set("Authorization", "Bearer "+a.root)
	}
	res, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	got := answer{status: res.StatusCode, header: res.Header}
	if got.raw, err = io.ReadAll(res.Body); err != nil {
		w.t.Fatal(err)
	}
	if len(got.raw) > 0 && res.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(got.raw, &got.value); err != nil {
			w.t.Fatalf("%s %s: %s: %v", a.method, a.path, got.raw, err)
		}
	}
	return got
}

// must fails the test unless the answer has the status.
func (w *world) must(a answer, status int) answer {
	w.t.Helper()
	if a.status != status {
		w.t.Fatalf("answered %d, want %d: %s", a.status, status, a.raw)
	}
	return a
}

// code gives the error code of an answer; -1 when it has none.
func (a answer) code() int {
	if o, ok := a.value.(m); ok {
		if n, ok := o["error_code"].(float64); ok {
			return int(n)
		}
	}
	return -1
}

// at walks into an answer: names of members, indexes of items.
func (a answer) at(path ...any) any { return walk(a.value, path...) }

func walk(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			o, _ := v.(m)
			v = o[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

func (a answer) text(path ...any) string {
	s, _ := a.at(path...).(string)
	return s
}

// people are named by a short word.
func user(name string) m {
	return m{"id": name, "display_name": "The one called " + name, "auth_method": "local"}
}

func as(name string) string { return "local:" + name }

// register makes contributors known who accept the terms, and gives their ids.
func (w *world) register(names ...string) map[string]string {
	w.t.Helper()
	ids := map[string]string{}
	for _, name := range names {
		u := user(name)
		u["tos_acceptance"] = true
		ids[name] = w.must(w.do(ask{method: "POST", path: "/frontend_users/", body: u}), 200).text("user_id")
	}
	return ids
}

// taken is a task that somebody was given and acknowledged.
type taken struct {
	id, kind, frontend, message string
	replies                     int
	answer                      answer
}

var frontendIDs int

// freshID makes a frontend's own message id.
func freshID() string {
	frontendIDs++
	return fmt.Sprintf("%08x-0000-4000-8000-000000000001", frontendIDs)
}

// request asks for a task; ok is false when there is none.
func (w *world) request(name, kind string) (t taken, ok bool) {
	w.t.Helper()
	a := w.do(ask{method: "POST", path: "/tasks/", body: m{"type": kind, "user": user(name), "lang": "en"}})
	if a.status == 503 && a.code() == 1006 {
		return t, false
	}
	w.must(a, 200)
	replies, _ := a.at("replies").([]any)
	return taken{id: a.text("id"), kind: a.text("type"), frontend: freshID(), message: a.text("message_id"), replies: len(replies), answer: a}, true
}

func (w *world) acknowledge(t taken) {
	w.t.Helper()
	w.must(w.do(ask{method: "POST", path: "/tasks/" + t.id + "/ack", body: m{"message_id": t.frontend}}), 204)
}

// submission is what somebody hands in for a task.
func submission(name string, t taken, text string) m {
	switch {
	case t.kind == "rank_assistant_replies" || t.kind == "rank_prompter_replies":
		order := make([]int, t.replies)
		for i := range order {
			order[i] = i
		}
		return m{"type": "message_ranking", "user": user(name), "message_id": t.frontend, "ranking": order, "not_rankable": false}
	case t.message != "":
		return m{"type": "text_labels", "user": user(name), "message_id": t.message, "task_id": t.id, "text": "", "labels": judgement(t)}
	}
	return m{"type": "text_reply_to_message", "user": user(name), "message_id": t.frontend, "user_message_id": freshID(), "text": text, "lang": "en"}
}

// judgement gives every label that a task asks for.
func judgement(t taken) m {
	labels := m{}
	list, _ := t.answer.at("labels").([]any)
	for _, l := range list {
		labels[walk(l, "name").(string)] = 0
		if walk(l, "widget") == "likert" {
			labels[walk(l, "name").(string)] = 0.75
		}
	}
	return labels
}

// work lets somebody do a task of a kind; false when there is none.
func (w *world) work(name, kind string) bool {
	w.t.Helper()
	t, ok := w.request(name, kind)
	if !ok {
		return false
	}
	w.acknowledge(t)
	w.must(w.do(ask{method: "POST", path: "/tasks/interaction", body: submission(name, t, "A text of "+name+", number "+t.frontend)}), 200)
	return true
}

// plant writes a prompt and lets three others accept it; it gives the tree.
func (w *world) plant(author string, reviewers ...string) string {
	w.t.Helper()
	t, ok := w.request(author, "initial_prompt")
	if !ok {
		w.t.Fatal("no prompt is wanted")
	}
	w.acknowledge(t)
	w.must(w.do(ask{method: "POST", path: "/tasks/interaction", body: submission(author, t, "A prompt of "+author+", "+t.frontend)}), 200)
	for _, name := range reviewers {
		if !w.work(name, "label_initial_prompt") {
			w.t.Fatalf("%s finds no prompt to review", name)
		}
	}
	return t.id
}

// growTypes are what a tree needs from a prompt to its end.
var growTypes = []string{"assistant_reply", "prompter_reply", "label_assistant_reply", "label_prompter_reply", "rank_assistant_replies"}

// grow lets people work until there is nothing more to do.
func (w *world) grow(names ...string) {
	w.t.Helper()
	for moved, rounds := true, 0; moved && rounds < 200; rounds++ {
		moved = false
		for _, kind := range growTypes {
			for _, name := range names {
				moved = w.work(name, kind) || moved
			}
		}
		w.clock.Advance(10 * time.Minute) // what somebody left lying cools
	}
}

func (w *world) treeState(tree string) string {
	w.t.Helper()
	return w.must(w.do(ask{method: "GET", path: "/messages/" + tree + "/tree/state"}), 200).text("state")
}
