package httpapi_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/httpapi"
	"dendro/commands"
	"dendro/domain"
	"dendro/projections/contributors"
)

// restart stops server and engine, and starts others on the same log.
func (w *world) restart() {
	w.t.Helper()
	w.server.Close()
	if err := w.engine.Close(); err != nil {
		w.t.Fatal(err)
	}
	var err error
	w.engine, err = commands.Open(w.t.Context(), w.log, commands.Options{
		Clock: w.clock, Terms: "1", Dice: func(id domain.CommandID) uint64 { return binary.BigEndian.Uint64(id[8:]) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.config.Engine, w.config.Registry = w.engine, nil
	if w.api, err = httpapi.New(w.config); err != nil {
		w.t.Fatal(err)
	}
	w.server = httptest.NewServer(w.api)
	w.client = theContract(w.t).client(w.t, w.server.Client().Transport)
}

// events counts what is in the log, once all that follows from it is too.
func (w *world) events() (n int) {
	w.t.Helper()
	if err := w.engine.Quiesce(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	for _, end := range w.end().End {
		n += int(end) - 1
	}
	return n
}

// straight hands a request to the server, and may do so from any goroutine.
func (w *world) straight(a ask) *httptest.ResponseRecorder {
	target := "/api/v1" + a.path
	if len(a.query) > 0 {
		target += "?" + a.query.Encode()
	}
	r := httptest.NewRequest(a.method, target, bytes.NewReader(encode(a.body)))
	for name, value := range map[string]string{
		"X-API-Key": strings.TrimPrefix(a.key, withoutKey), "X-Oasst-User": a.user, "Idempotency-Key": a.idempotency, "Authorization": "Bearer " + a.root,
	} {
		r.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	return rec
}

// presents are operations whose answers show how things are now: made again,
// after a restart, they need not be the same.
var presents = map[string]string{
	"reactToMessage":     "the message",
	"upsertFrontendUser": "the account",
	"purgeUser":          "counts before and after, and how long it took",
	"purgeUserMessages":  "counts before and after, and how long it took",
	"setTreeState":       "the tree's state",
	"availableTasks":     "what there is to do",
}

// TestSameKeySameAnswer sends every operation that writes again under its key:
// at once, 32 times at the same moment, and after a restart that forgets the
// answer. There is one answer, and one effect.
func TestSameKeySameAnswer(t *testing.T) {
	for _, op := range theContract(t).operations {
		if op.Method == http.MethodGet {
			continue
		}
		t.Run(op.OperationID, func(t *testing.T) {
			e := newEstate(t)
			a := e.askingOnce(op)
			before := e.events()
			first := e.do(a)
			e.succeeds("the first", first)
			grown := e.events() - before
			again := e.do(a)
			if again.status != first.status || !bytes.Equal(again.raw, first.raw) || again.header.Get("X-Dendro-Position") != first.header.Get("X-Dendro-Position") {
				t.Errorf("first %d %s at %s, then %d %s at %s", first.status, first.raw, first.header.Get("X-Dendro-Position"),
					again.status, again.raw, again.header.Get("X-Dendro-Position"))
			}
			if now := e.events() - before; now != grown {
				t.Errorf("the log grew by %d and then to %d events", grown, now)
			}
			e.againAfterRestart(op, a, first)
			crowded(t, op, grown)
		})
	}
}

// askingOnce is a request under a key: of a trusted client, about another's
// things where it can.
func (e *estate) askingOnce(op *operation) ask {
	of := &e.foreign
	if perClient(op) {
		of = &e.trusted
	}
	a := e.asking(op, e.trusted.key, rootToken, &e.trusted, of)
	a.idempotency = "once"
	return a
}

func (e *estate) againAfterRestart(op *operation, a ask, first answer) {
	e.t.Helper()
	e.restart()
	before := e.events()
	again := e.do(a)
	if now := e.events(); now != before {
		e.t.Errorf("after a restart it adds %d events", now-before)
	}
	if op.OperationID == "createApiClient" {
		if again.status != 400 || again.code() != 0 {
			e.t.Errorf("the key is shown once, but after a restart it answers %d %s", again.status, again.raw)
		}
		return
	}
	if again.status != first.status || presents[op.OperationID] == "" && !bytes.Equal(again.raw, first.raw) {
		e.t.Errorf("first %d %s, after a restart %d %s", first.status, first.raw, again.status, again.raw)
	}
}

// crowded sends the request 32 times at once in another world, in which it must
// do what it did once.
func crowded(t *testing.T, op *operation, grown int) {
	t.Helper()
	e := newEstate(t)
	a := e.askingOnce(op)
	before := e.events()
	var all [32]*httptest.ResponseRecorder
	var done sync.WaitGroup
	for i := range all {
		done.Go(func() { all[i] = e.straight(a) })
	}
	done.Wait()
	for _, rec := range all {
		if rec.Code >= 300 || rec.Code != all[0].Code || !bytes.Equal(rec.Body.Bytes(), all[0].Body.Bytes()) {
			t.Fatalf("of 32 at once one is answered %d %s, another %d %s", all[0].Code, all[0].Body, rec.Code, rec.Body)
		}
	}
	if now := e.events() - before; now != grown {
		t.Errorf("32 at once add %d events, one adds %d", now, grown)
	}
}

// TestKeyNamesOneRequest: with another body, path, contributor or client, or
// without the key, it is another request.
func TestKeyNamesOneRequest(t *testing.T) {
	w := newWorld(t, nil)
	w.register("ada", "bob", "cyd")
	w.must(w.do(ask{method: "POST", path: "/frontend_users/", key: w.untrusted, body: changed(user("ada"), "tos_acceptance", true)}), 200)
	base := ask{method: "POST", path: "/tasks/", idempotency: "k", body: m{"type": "initial_prompt", "user": user("ada")}}
	tasks := map[string]string{}
	for what, a := range map[string]ask{
		"the request":         base,
		"another body":        {method: base.method, path: base.path, idempotency: "k", body: m{"type": "initial_prompt", "user": user("bob")}},
		"another query":       {method: base.method, path: base.path, idempotency: "k", body: base.body, query: q("x", "1")},
		"another client":      {method: base.method, path: base.path, idempotency: "k", body: base.body, key: w.untrusted},
		"another key":         {method: base.method, path: base.path, idempotency: "K", body: base.body},
		"another contributor": {method: base.method, path: base.path, idempotency: "k", body: m{"type": "initial_prompt"}, user: as("bob")},
		"and another":         {method: base.method, path: base.path, idempotency: "k", body: m{"type": "initial_prompt"}, user: as("cyd")},
		"without a key":       {method: base.method, path: base.path, body: base.body},
	} {
		id := w.must(w.do(a), 200).text("id")
		if other := tasks[id]; other != "" {
			t.Errorf("%s is taken for %s", what, other)
		}
		tasks[id] = what
	}
	if w.must(w.do(ask{method: "POST", path: "/stats/cached/update", idempotency: "k"}), 204); len(tasks) != 8 {
		t.Errorf("%d requests", len(tasks))
	}
}

func TestKeyMayNotBeLong(t *testing.T) {
	w := newWorld(t, nil)
	for length, status := range map[int]int{1: 204, 200: 204, 201: 422} {
		w.must(w.do(ask{method: "POST", path: "/stats/cached/update", idempotency: strings.Repeat("k", length)}), status)
	}
}

// TestRefusalsAreKept, and what was no fault of the request is not.
func TestRefusalsAreKept(t *testing.T) {
	w := newWorld(t, nil)
	w.register("ada", "bob", "cyd", "dan")
	wish := ask{method: "POST", path: "/tasks/", idempotency: "k", body: m{"type": "label_initial_prompt", "user": user("bob")}}
	if a := w.do(wish); a.status != 503 || a.code() != 1006 {
		t.Fatalf("there is a task already: %d %s", a.status, a.raw)
	}
	react := ask{method: "POST", path: "/messages/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b/emoji", idempotency: "k", body: m{"user": user("bob"), "emoji": "rofl"}}
	first := w.must(w.do(react), 404)
	if again := w.must(w.do(react), 404); string(again.raw) != string(first.raw) {
		t.Errorf("refused with %s, and then with %s", first.raw, again.raw)
	}
	w.plant("ada")
	got := w.must(w.do(wish), 200)
	if again := w.must(w.do(wish), 200); string(again.raw) != string(got.raw) {
		t.Errorf("given %s, and then %s", got.raw, again.raw)
	}
}

func TestTooManyIsNotKept(t *testing.T) {
	w, clock := limited(t)
	wish := ask{method: "POST", path: "/tasks/", key: w.trusted, idempotency: "k", body: m{"type": "initial_prompt", "user": user("ada")}}
	for w.taskOfKind(w.trusted, "ada", "random") == 0 {
	}
	if rec := w.straight(wish); rec.Code != 429 {
		t.Fatalf("answered %d %s", rec.Code, rec.Body)
	}
	clock.Advance(8 * time.Second)
	if rec := w.straight(wish); rec.Code == 429 {
		t.Errorf("answered %d %s again", rec.Code, rec.Body)
	}
}

// faulty is a store of views that fails while it is told to.
type faulty struct {
	httpapi.Views
	err error
}

func (f *faulty) Contributor(ctx context.Context, id domain.ContributorID) (*contributors.Contributor, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.Views.Contributor(ctx, id)
}

func TestFailuresAreNotKept(t *testing.T) {
	var views *faulty
	w := newWorld(t, func(c *httpapi.Config) {
		views = &faulty{Views: c.Views}
		c.Views = views
	})
	a := ask{method: "POST", path: "/frontend_users/", key: w.trusted, idempotency: "k", body: user("ada")}
	for err, status := range map[error]int{
		errors.New("a broken disk"): 500, domain.ErrOverloaded: 503, domain.ErrFull: 503, domain.ErrUnknown: 503, domain.ErrClosed: 503,
		fmt.Errorf("slow: %w", context.DeadlineExceeded): 503,
	} {
		views.err = err
		if rec := w.straight(a); rec.Code != status || strings.Contains(rec.Body.String(), "disk") {
			t.Errorf("%v: answered %d %s", err, rec.Code, rec.Body)
		}
	}
	views.err = nil
	if rec := w.straight(a); rec.Code != 200 {
		t.Errorf("it stays %d %s", rec.Code, rec.Body)
	}
}

// TestAgainWordForWord: what a client repeats without any key, because an
// answer was lost, is answered as done and adds nothing.
func TestAgainWordForWord(t *testing.T) {
	e := newEstate(t)
	o := &e.trusted
	text := e.take(o, m{"type": "initial_prompt"})
	for _, a := range []ask{
		{method: "POST", path: "/tasks/interaction", body: submission(o.name, text, "once is enough")},
		{method: "POST", path: "/tasks/interaction", body: submission(o.name, o.review, "")},
		{method: "POST", path: "/text_labels/", body: m{"user": user(o.name), "message_id": e.own.message, "text": "", "labels": m{"quality": 0.5}}},
		{method: "POST", path: "/text_labels/", body: e.report(o, &e.own)},
		{method: "POST", path: "/tasks/" + o.task + "/ack", body: m{"message_id": "mine"}},
		{method: "POST", path: "/tasks/" + o.task + "/nack", user: as(o.name), body: m{"reason": "no"}},
		{method: "POST", path: "/tasks/close", body: m{"message_id": o.shared.frontend}},
		{method: "POST", path: "/messages/" + e.own.message + "/emoji", body: m{"user": user(o.name), "emoji": "+1", "op": "add"}},
		{method: "POST", path: "/frontend_users/", body: changed(user(o.name), "show_on_leaderboard", false)},
		{method: "PUT", path: "/users/" + o.userID, query: q("enabled", "false")},
		{method: "DELETE", path: "/messages/" + e.own.message},
		{method: "DELETE", path: "/users/" + e.foreign.userID},
	} {
		before := e.events()
		first := e.do(a)
		e.succeeds(a.path, first)
		grown := e.events()
		if again := e.do(a); again.status != first.status {
			t.Errorf("%s %s: answered %d, and then %d: %s", a.method, a.path, first.status, again.status, again.raw)
		}
		if now := e.events(); now != grown || grown == before {
			t.Errorf("%s %s: the log grew by %d and then by %d events", a.method, a.path, grown-before, now-grown)
		}
	}
}
