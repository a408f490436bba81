package httpapi_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"dendro/adapters/httpapi"
	"dendro/domain/directory"
)

// TestRoutesAreTheDocuments: every route is in the document, and the other way
// round.
func TestRoutesAreTheDocuments(t *testing.T) {
	var served []endpoint
	for _, r := range httpapi.Routes() {
		served = append(served, endpoint{r.Method, r.Pattern})
	}
	if d := routesDiffer(theContract(t).doc, "/api/v1/", served); d != "" {
		t.Error(d)
	}
}

// tally counts, by operation, the statuses that a server answers with.
type tally struct {
	*contract
	h     http.Handler
	count map[string]map[int]int
}

// ServeHTTP implements http.Handler.
func (c *tally) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op, _ := c.find(r)
	c.h.ServeHTTP(w, r)
	if rec, ok := w.(*httptest.ResponseRecorder); ok && op != nil {
		if c.count[op.OperationID] == nil {
			c.count[op.OperationID] = map[int]int{}
		}
		c.count[op.OperationID][rec.Code]++
	}
}

func (c *tally) successes(op string) (n int) {
	for status, times := range c.count[op] {
		if status < 300 {
			n += times
		}
	}
	return n
}

// lively makes a server on which everything that the document names exists, and
// the pool of its names.
func lively(t *testing.T) (*world, pool) {
	t.Helper()
	exporter := newShelf()
	w := newWorld(t, func(c *httpapi.Config) { c.Exports = exporter })
	names := []string{"ada", "bob", "cyd", "dan", "eve"}
	ids := w.register(names...)
	trees := []string{w.plant("ada", "bob", "cyd", "dan"), w.plant("bob", "cyd", "dan", "eve")}
	w.grow(names...)
	export := w.must(w.do(ask{method: "POST", path: "/exports", body: m{}}), 202).text("id")
	exporter.finish("trees.jsonl.gz", "as if compressed")
	p := pool{
		"X-API-Key": {w.trusted}, "Authorization": {"Bearer " + rootToken}, "lang": {"en"},
		"x-oasst-user": {as("ada"), as("bob")}, "oasst_user": {as("cyd")},
		"username": names, "id": {"ada", "bob", "new"}, "auth_method": {"local"}, "gte_username": {"a"},
		"tree_id": trees, "user_id": {ids["ada"], ids["bob"]}, "moderator_id": {ids["eve"]},
		"destination_user_id": {ids["ada"]}, "source_user_ids": {ids["bob"], ids["cyd"]},
		"act_id": w.proposals(ids["ada"], ids["bob"]), "export_id": {export}, "name": {"trees.jsonl.gz"}, "client_id": {w.clientID(w.newClient(false))},
	}
	for _, one := range w.do(ask{method: "GET", path: "/messages/", query: q("max_count", "1000")}).value.([]any) {
		p["message_id"] = append(p["message_id"], walk(one, "id").(string))
		p["frontend_id"] = append(p["frontend_id"], walk(one, "frontend_message_id").(string))
	}
	for _, name := range names[2:] {
		w.must(w.do(ask{method: "POST", path: "/text_labels/", body: m{
			"user": user(name), "message_id": trees[0], "text": "look", "labels": m{"spam": 1}, "is_report": true,
		}}), 204)
	}
	return w, p
}

// proposals begins purges of users that take nothing: some are done, more wait
// for approval.
func (w *world) proposals(users ...string) (acts []string) {
	begin := func(id string, status int) {
		path := "/admin/purge_user/" + id + "/messages?preview=false&max_date=2001-01-01T00:00:00Z"
		acts = append(acts, w.must(w.do(ask{method: "POST", path: path, user: as("eve")}), status).header.Get("X-Dendro-Act"))
	}
	for _, id := range users {
		begin(id, 200)
		begin(id, 200)
	}
	w.must(w.do(ask{method: "PUT", path: "/admin/two_person_purge?on=true"}), 204)
	for range 6 {
		for _, id := range users {
			begin(id, 202)
		}
	}
	w.must(w.do(ask{method: "PUT", path: "/admin/two_person_purge?on=false"}), 204)
	return acts
}

// clientID finds the id of a key's client.
func (w *world) clientID(key string) string {
	w.t.Helper()
	row, err := w.people.ByKey(w.t.Context(), directory.HashKey(key))
	if err != nil {
		w.t.Fatal(err)
	}
	return row.ID.String()
}

// TestRealHammer hammers the server itself. So that the requests get somewhere,
// every operation must have succeeded but for those that need a task in hand,
// which TestRealSubmissions tries.
func TestRealHammer(t *testing.T) {
	w, p := lively(t)
	for range 40 {
		if task, ok := w.request("ada", "initial_prompt"); ok {
			w.clock.Advance(5 * time.Minute)
			p["task_id"] = append(p["task_id"], task.id)
		}
	}
	// Where purges take two people, half of what is asked for is refused.
	all := *theContract(t)
	all.operations = slices.DeleteFunc(slices.Clone(all.operations), func(op *operation) bool { return op.OperationID == "putTwoPersonPurge" })
	c := &tally{&all, w.api, map[string]map[int]int{}}
	hammer(t, c, p, 4, 40)
	needTask := []string{"submitInteraction", "closeTask"}
	for _, op := range c.operations {
		if c.successes(op.OperationID) == 0 && !slices.Contains(needTask, op.OperationID) {
			t.Errorf("%s never succeeded: %v", op.OperationID, c.count[op.OperationID])
		}
	}
}

// TestRealSubmissions answers live tasks of every type with generated bodies,
// sound and spoilt, until they are taken.
func TestRealSubmissions(t *testing.T) {
	w, _ := lively(t)
	c := &tally{theContract(t), w.api, map[string]map[int]int{}}
	i := slices.IndexFunc(c.operations, func(op *operation) bool { return op.OperationID == "submitInteraction" })
	op := c.operations[i]
	dice := rand.New(rand.NewPCG(3, 0))
	taken := map[string]int{}
	workers := []string{"ada", "bob", "cyd", "dan", "eve"}
	kinds := append([]string{"initial_prompt", "label_initial_prompt"}, growTypes...)
	for round := range 100 * len(kinds) {
		name, kind := workers[round%len(workers)], kinds[round%len(kinds)]
		switch enough := taken[kind] >= 3; {
		case enough && kind == "initial_prompt":
			continue
		case enough: // let the trees grow
			w.work(name, kind)
			continue
		}
		task, ok := w.request(name, kind)
		if !ok {
			continue
		}
		w.acknowledge(task)
		p := pool{"X-API-Key": {w.trusted}, "id": {name}, "auth_method": {"local"}, "lang": {"en"}, "message_id": {task.frontend}, "task_id": {task.id}}
		if task.message != "" {
			p["message_id"] = []string{task.message}
		}
		for tries := range 20 {
			d := newDraft(dice, op, p)
			arrange(dice, d, task)
			r := d.request()
			if tries%4 == 3 {
				r, _ = spoil(dice, op, p)
			}
			res := c.serve(t, c, r)
			judge(t, op, res)
			if res != nil && res.StatusCode == 200 {
				taken[task.kind]++
				break
			}
		}
		w.clock.Advance(10 * time.Minute)
	}
	for _, kind := range kinds {
		if taken[kind] == 0 {
			t.Errorf("no answer to a task %s was taken: %v of %v", kind, taken, c.count)
		}
	}
}

// arrange makes a generated ranking one of the task's replies, and leaves only
// labels that the task asks for, and that let the tree grow.
func arrange(dice *rand.Rand, d *draft, t taken) {
	body, _ := d.body.(map[string]any)
	if _, ranks := body["ranking"]; ranks && t.replies > 0 {
		body["ranking"] = dice.Perm(t.replies)
	}
	if labels, ok := body["labels"].(map[string]any); ok {
		asked := judgement(t)
		for name := range labels {
			if _, is := asked[name]; !is {
				delete(labels, name)
			}
		}
		labels["spam"], labels["lang_mismatch"] = 0, 0
	}
}

// TestTypeMayBeLeftOut: what an interaction is, its members tell.
func TestTypeMayBeLeftOut(t *testing.T) {
	e := newEstate(t)
	o := &e.trusted
	prompt := submission(o.name, e.take(o, m{"type": "initial_prompt"}), "without a type")
	review := submission(o.name, o.review, "")
	for _, c := range []struct {
		what         string
		body         m
		status, code int
	}{
		{"a text", prompt, 200, -1},
		{"labels", review, 200, -1},
		{"labels without their text", changed(review, "text", nil), 422, -1},
		{"a ranking of what is to be labelled", m{"user": user(o.name), "message_id": o.shared.frontend, "ranking": []int{0}}, 400, 2102},
		{"nothing in particular", m{"user": user(o.name), "message_id": "x"}, 422, -1},
		{"a rating", m{"type": "message_rating", "user": user(o.name), "message_id": "x", "rating": 5}, 400, 1003},
	} {
		if c.body["type"] != "message_rating" {
			delete(c.body, "type")
		}
		a := e.do(ask{method: "POST", path: "/tasks/interaction", body: c.body})
		if a.status != c.status || a.code() != c.code {
			t.Errorf("%s: answered %d %s", c.what, a.status, a.raw)
		}
	}
}
