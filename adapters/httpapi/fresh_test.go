package httpapi_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/httpapi"
	"dendro/adapters/memory"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/directory"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/agreement"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
	"dendro/projections/locator"
	"dendro/projections/moderation"
	"dendro/projections/statistics"
)

// late is a store of views that commits nothing but what somebody waits for,
// and while it is shut not even that.
type late struct {
	*memory.Store
	mu      sync.Mutex
	changed *sync.Cond
	waiting int
	shut    bool
	came    chan struct{} // one for each who waits
}

// newLateWorld is a world that reads such a store.
func newLateWorld(t *testing.T, change func(*httpapi.Config)) (*world, *late) {
	l := &late{came: make(chan struct{}, 10_000)}
	l.changed = sync.NewCond(&l.mu)
	w := newWorld(t, func(c *httpapi.Config) {
		l.Store = memory.NewStore(c.Log.Identity())
		l.follow(t, c.Log)
		c.Views = l
		if change != nil {
			change(c)
		}
	})
	return w, l
}

func (l *late) follow(t *testing.T, log domain.Log) {
	runner := projections.NewRunner(log, l,
		conversations.New(), locator.New(), contributors.New(), boards.New(), moderation.New(), statistics.New(), agreement.New())
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		l.setShut(false)
		l.wait(+1)
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the views stopped following: %v", err)
		}
	})
}

func (l *late) setShut(shut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut = shut
	l.changed.Broadcast()
}

func (l *late) wait(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting += n
	l.changed.Broadcast()
}

func (l *late) Commit(ctx context.Context, changes []projections.Change, from, to domain.Cut) error {
	l.mu.Lock()
	for l.shut || l.waiting == 0 {
		l.changed.Wait()
	}
	l.mu.Unlock()
	return l.Store.Commit(ctx, changes, from, to)
}

func (l *late) Await(ctx context.Context, at domain.Cut) error {
	l.wait(+1)
	defer l.wait(-1)
	l.came <- struct{}{}
	return l.Store.Await(ctx, at)
}

// forget empties came.
func (l *late) forget() {
	for len(l.came) > 0 {
		<-l.came
	}
}

// waits sends a request that must wait for the views, and gives its answer when
// they are let go on.
func (l *late) waits(w *world, a ask) *httptest.ResponseRecorder {
	w.t.Helper()
	l.forget()
	answered := make(chan *httptest.ResponseRecorder, 1)
	go func() { answered <- w.straight(a) }()
	select {
	case <-l.came:
	case rec := <-answered:
		w.t.Errorf("%s %s does not wait: %d %s", a.method, a.path, rec.Code, rec.Body)
		answered <- rec
	}
	l.setShut(false)
	return <-answered
}

// behind writes an event straight to the engine, and gives where it is: the
// views do not have it.
func (w *world) behind(l *late, by domain.Actor, body commands.Body) (at string, res commands.Result) {
	w.t.Helper()
	l.setShut(true)
	id := domain.CommandID(domain.NewID(w.clock.Now(), [10]byte{byte(w.events())}))
	res, err := w.engine.Do(w.t.Context(), commands.Command{ID: id, Actor: by, Body: body})
	if err != nil {
		w.t.Fatal(err)
	}
	return res.At.String(), res
}

func (w *world) clientOf(key string) domain.ClientID {
	w.t.Helper()
	row, err := w.people.ByKey(w.t.Context(), directory.HashKey(key))
	if err != nil {
		w.t.Fatal(err)
	}
	return row.ID
}

// TestAtLeast: a read that names a position waits for it; one that does not is
// answered from what there is.
func TestAtLeast(t *testing.T) {
	w, l := newLateWorld(t, nil)
	ids := w.register("ada")
	id, err := domain.ParseID(ids["ada"])
	if err != nil {
		t.Fatal(err)
	}
	hide := contributor.Update{ShowOnLeaderboard: false}
	at, _ := w.behind(l, domain.ByContributor(id), commands.OnContributor{Contributor: id, Do: hide})
	read := ask{method: "GET", path: "/users/" + ids["ada"], key: w.trusted}
	if rec := w.straight(read); !strings.Contains(rec.Body.String(), `"show_on_leaderboard":true`) {
		t.Errorf("without at_least: %s", rec.Body)
	}
	read.query = q("at_least", at)
	if rec := l.waits(w, read); !strings.Contains(rec.Body.String(), `"show_on_leaderboard":false`) {
		t.Errorf("at least %s: %s", at, rec.Body)
	}
}

// TestAtLeastIsAPosition: every read refuses what is none, and at once what the
// log does not reach.
func TestAtLeastIsAPosition(t *testing.T) {
	e := newEstate(t)
	for _, op := range theContract(t).operations {
		if op.Method != "GET" || !strings.HasPrefix(op.Path, "/api/v1/") {
			continue
		}
		a := e.asking(op, e.trusted.key, rootToken, &e.trusted, &e.trusted)
		for text, want := range map[string]refused{"0/1": {200, -1}, "here": {422, -1}, "0/99999": {400, 0}} {
			a.query = q("at_least", text)
			if got := e.do(a); got.status != want.status || got.code() != want.code {
				t.Errorf("%s at least %s: answered %d %s", op, text, got.status, got.raw)
			}
		}
	}
	for _, text := range []string{"0/1,1/1", "2/1,1/1,0/1", "0/1,0/1"} {
		e.must(e.do(ask{method: "GET", path: "/campaign", query: q("at_least", text)}), 200)
	}
	for _, text := range []string{
		"0", "0/", "/1", "0/0", "-1/1", "3/1", "0/1,", ",0/1", "+0/1", "0/+1", "00/1", "0/01", "0/1;1/1", " 0/1", "0/1 ", "0/1/1",
		"0/99999999999999999999", "99999999999/1", "0/1,0/1,0/1,0/1", "\x00", "٠/1",
	} {
		e.must(e.do(ask{method: "GET", path: "/campaign", query: q("at_least", text)}), 422)
	}
	e.must(e.do(ask{method: "GET", path: "/campaign", query: q("at_least", "0/9223372036854775807")}), 400)
	e.must(e.do(ask{method: "POST", path: "/tasks/availability", body: user("tara"), query: q("at_least", "here")}), 422)
}

// TestWritesTellTheirPosition: where the document promises a position, it is
// one that the log grew to.
func TestWritesTellTheirPosition(t *testing.T) {
	for _, op := range theContract(t).operations {
		promised := false
		for status, res := range op.Responses.Map() {
			promised = promised || status < "300" && res.Value.Headers["X-Dendro-Position"] != nil
		}
		if op.Method == "GET" {
			continue
		}
		t.Run(op.OperationID, func(t *testing.T) {
			e := newEstate(t)
			before := e.end()
			got := e.do(e.askingOnce(op))
			e.succeeds("the request", got)
			text, after := got.header.Get("X-Dendro-Position"), e.end()
			if after.Equal(before) {
				if text != "" && !promised {
					t.Errorf("nothing was written, and its position is %s", text)
				}
				return
			}
			if text == "" || !promised {
				t.Fatalf("it went from %s to %s, and tells the position %q; the document promises one: %v", before, after, text, promised)
			}
			in := false
			for p := range after.End {
				for seq := before.End[p] + 1; seq <= after.End[p]; seq++ {
					at := domain.Position{Partition: domain.Partition(p), Seq: seq}
					in = in || slices.Contains(strings.Split(text, ","), at.String())
				}
			}
			if !in {
				t.Errorf("it went from %s to %s, and tells the position %s", before, after, text)
			}
		})
	}
}

// TestMissWaits: that something is not there is answered only when the views
// have all that the log had when it was asked.
func TestMissWaits(t *testing.T) {
	w, l := newLateWorld(t, nil)
	ids := w.register("ada")
	who, err := domain.ParseID(ids["ada"])
	if err != nil {
		t.Fatal(err)
	}
	client := w.clientOf(w.trusted)
	wish := commands.RequestTask{Contributor: who, Client: client, Language: "en", Kind: domain.TaskInitialPrompt}
	_, res := w.behind(l, domain.ByContributor(who), wish)
	task, _ := res.Task()
	w.behind(l, domain.ByContributor(who), commands.OnTree{Do: tree.Acknowledge{Task: task.Task, Client: client, FrontendID: "bound"}})
	hand := ask{method: "POST", path: "/tasks/interaction", key: w.trusted, body: submission("ada", taken{frontend: "bound"}, "late, and found")}
	if rec := l.waits(w, hand); rec.Code != 200 {
		t.Errorf("a task that the views did not have: %d %s", rec.Code, rec.Body)
	}
	for what, a := range map[string]ask{
		"task":             {method: "POST", path: "/tasks/interaction", body: submission("ada", taken{frontend: "unbound"}, "nowhere")},
		"message":          {method: "GET", path: "/messages/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b"},
		"frontend message": {method: "GET", path: "/frontend_messages/nothing"},
		"user":             {method: "GET", path: "/users/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b"},
		"tree":             {method: "GET", path: "/audit/trees/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b"},
		"flag":             {method: "POST", path: "/admin/flagged_messages/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b/processed"},
	} {
		w.behind(l, domain.ByContributor(who), wish)
		a.key = w.trusted
		if rec := l.waits(w, a); rec.Code != 404 && rec.Code != 400 {
			t.Errorf("no %s: answered %d %s", what, rec.Code, rec.Body)
		}
	}
}

// TestPatienceEnds: when the views do not come, a miss is not claimed, and a
// write is answered as the done thing it is.
func TestPatienceEnds(t *testing.T) {
	w, l := newLateWorld(t, func(c *httpapi.Config) { c.Patience = 200 * time.Millisecond })
	w.register("ada")
	message := w.plant("ada")
	l.setShut(true)
	if rec := w.straight(ask{method: "DELETE", path: "/messages/" + message, key: w.trusted}); rec.Code != 204 || rec.Header().Get("X-Dendro-Position") == "" {
		t.Errorf("a write is answered %d %s", rec.Code, rec.Body)
	}
	for _, a := range []ask{
		{method: "GET", path: "/messages/018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b"},
		{method: "GET", path: "/campaign", query: q("at_least", domain.Position{Partition: 0, Seq: w.end().End[0]}.String()+",1/"+w.seq(1)+",2/"+w.seq(2))},
	} {
		a.key = w.trusted
		if rec := w.straight(a); rec.Code != 503 || rec.Header().Get("Retry-After") == "" {
			t.Errorf("%s is answered %d %s", a.path, rec.Code, rec.Body)
		}
	}
	if rec := w.direct("GET", "/readyz", "", ""); rec.Code != 503 {
		t.Errorf("it says that it is ready: %d", rec.Code)
	}
}

// seq is where a partition ends.
func (w *world) seq(p int) string {
	_, seq, _ := strings.Cut(domain.Position{Seq: w.end().End[p]}.String(), "/")
	return seq
}

// TestWritesAreReadAtOnce goes through what can be written, and reads it back
// in every place, on views that come only when somebody waits for them.
func TestWritesAreReadAtOnce(t *testing.T) {
	w, _ := newLateWorld(t, nil)
	shows := func(path, want string) {
		t.Helper()
		a := w.must(w.do(ask{method: "GET", path: path}), 200)
		if !strings.Contains(string(a.raw), want) {
			t.Errorf("%s does not show %s: %s", path, want, a.raw)
		}
	}
	write := func(method, path string, body any) {
		t.Helper()
		if a := w.do(ask{method: method, path: path, body: body}); a.status >= 300 {
			t.Fatalf("%s %s: %d %s", method, path, a.status, a.raw)
		}
	}
	ids := w.register("ada", "bob", "cyd", "dan")
	for _, path := range []string{
		"/users/" + ids["dan"], "/users/by_username", "/users/by_display_name", "/users/cursor", "/frontend_users/", "/frontend_users/local/dan",
	} {
		shows(path, ids["dan"])
	}
	shows("/stats/cached/users_accepted_tos", `"count":4`)
	root := w.plant("ada")
	for _, path := range []string{
		"/messages/" + root, "/messages/", "/messages/cursor", "/users/" + ids["ada"] + "/messages", "/messages/" + root + "/tree",
		"/frontend_users/local/ada/messages/cursor", "/audit/trees/" + root, "/stats/tree_manager", "/messages/" + root + "/conversation",
	} {
		shows(path, root)
	}
	shows("/stats/", `"message_trees":1`)
	shows("/stats/tree_manager/state_counts", `"initial_prompt_review":1`)
	shows("/leaderboards/day", ids["ada"])
	shows("/users/"+ids["ada"]+"/stats/total", `"prompts":1`)
	for i, name := range []string{"bob", "cyd", "dan"} {
		w.work(name, "label_initial_prompt")
		shows("/messages/"+root, `"review_count":`+string(rune('1'+i)))
	}
	shows("/messages/"+root+"/tree/state", `"growing"`)
	write("POST", "/messages/"+root+"/emoji", m{"user": user("bob"), "emoji": "rofl"})
	shows("/messages/"+root, `"rofl":1`)
	write("POST", "/text_labels/", m{"user": user("cyd"), "message_id": root, "text": "look", "labels": m{"spam": 1}, "is_report": true})
	shows("/admin/flagged_messages", root)
	shows("/admin/flagged_messages/cursor", root)
	shows("/trollboards/total", `"red_flags":1`)
	write("POST", "/messages/"+root+"/edit", m{"user": user("dan"), "new_content": "written anew"})
	shows("/messages/"+root, "written anew")
	shows("/messages/"+root+"/history", "written anew")
	write("DELETE", "/messages/"+root, nil)
	shows("/messages/"+root, `"deleted":true`)
	shows("/stats/", `"deleted":1`)
	write("PUT", "/messages/"+root+"/undelete", nil)
	shows("/messages/"+root, `"deleted":false`)
	write("PUT", "/messages/"+root+"/tree/state?halt=true", nil)
	shows("/messages/"+root+"/tree/state", "halted_by_moderator")
	write("PUT", "/users/"+ids["bob"]+"?enabled=false&notes=noted&display_name=Robert", nil)
	shows("/users/"+ids["bob"], `"enabled":false`)
	shows("/users/by_display_name", "Robert")
	shows("/audit/users/"+ids["bob"], "contributor.disabled")
	write("POST", "/admin/merge_users", m{"destination_user_id": ids["dan"], "source_user_ids": []string{ids["ada"]}})
	shows("/messages/"+root, `"user_id":"`+ids["dan"]+`"`)
	write("PUT", "/campaign", m{"policy": m{"goal_tree_size": 7}})
	shows("/campaign", `"goal_tree_size":7`)
	write("DELETE", "/users/"+ids["cyd"], nil)
	shows("/users/"+ids["cyd"], `"deleted":true`)
	shows("/events", "contributor.erased")
}
