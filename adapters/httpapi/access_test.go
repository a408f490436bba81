package httpapi_test

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"dendro/adapters/httpapi"
)

// belongings are what an API client has: one contributor, a message, and tasks
// in several states.
type belongings struct {
	key, client    string
	name, userID   string
	message        string            // a prompt, and so a tree, that was reported
	frontendID     string            // of the message
	task           string            // assigned
	review, shared taken             // acknowledged; shared is collective
	acts           map[string]string // purges of the contributor, by what can be done with them
}

// estate is a world with three clients that have the same things.
type estate struct {
	*world
	trusted, own, foreign belongings
	revoked               string
	export, spare         string
}

func newEstate(t testing.TB) *estate { return newEstateLogging(t, io.Discard) }

func newEstateLogging(t testing.TB, to io.Writer) *estate {
	exporter := newShelf()
	e := &estate{world: newWorld(t, func(c *httpapi.Config) {
		c.Exports, c.Logger = exporter, slog.New(slog.NewJSONHandler(to, nil))
	})}
	e.trusted = e.settle(e.world.trusted, "tara")
	e.own = e.settle(e.untrusted, "olga")
	e.foreign = e.settle(e.newClient(false), "fred")
	for _, b := range []*belongings{&e.trusted, &e.own, &e.foreign} {
		e.hand(b)
	}
	e.revoked = e.newClient(true)
	e.must(e.do(ask{method: "DELETE", path: "/admin/api_client/" + e.clientID(e.revoked), root: rootToken}), 204)
	e.must(e.do(ask{method: "POST", path: "/frontend_users/", key: e.world.trusted, body: user("pam")}), 200)
	for _, b := range []*belongings{&e.trusted, &e.own, &e.foreign} {
		b.acts = e.purges(b)
	}
	e.spare = e.clientID(e.newClient(false))
	e.export = e.must(e.do(ask{method: "POST", path: "/exports", body: m{}}), 202).text("id")
	exporter.finish("trees.jsonl.gz", "as if compressed")
	return e
}

// purges begins purges of a contributor that take nothing: one is done, the
// others wait for somebody's approval.
func (e *estate) purges(b *belongings) map[string]string {
	path := "/admin/purge_user/" + b.userID + "/messages?preview=false&max_date=2001-01-01T00:00:00Z"
	begin := func(status int) string {
		return e.must(e.do(ask{method: "POST", path: path, key: e.world.trusted, user: as("pam")}), status).header.Get("X-Dendro-Act")
	}
	two := func(on string) {
		e.must(e.do(ask{method: "PUT", path: "/admin/two_person_purge?on=" + on, key: e.world.trusted}), 204)
	}
	acts := map[string]string{"reversePurge": begin(200)}
	two("true")
	acts["withdrawPurge"], acts["approvePurge"] = begin(202), begin(202)
	two("false")
	return acts
}

// settle registers a client's contributor, who writes a prompt.
func (e *estate) settle(key, name string) belongings {
	b := belongings{key: key, client: e.clientID(key), name: name, frontendID: freshID()}
	u := user(name)
	u["tos_acceptance"] = true
	b.userID = e.must(e.do(ask{method: "POST", path: "/frontend_users/", key: key, body: u}), 200).text("user_id")
	t := e.take(&b, m{"type": "initial_prompt"})
	b.message = t.id
	e.must(e.do(ask{method: "POST", path: "/tasks/interaction", key: key, body: changed(submission(name, t, "The secret of "+name), "user_message_id", b.frontendID)}), 200)
	e.must(e.do(ask{method: "POST", path: "/text_labels/", key: key, body: e.report(&b, &b)}), 204)
	return b
}

// hand gives a client's contributor more tasks than the one that is done.
func (e *estate) hand(b *belongings) {
	b.task = e.must(e.do(ask{method: "POST", path: "/tasks/", key: b.key, body: m{"type": "initial_prompt", "user": user(b.name)}}), 200).text("id")
	b.review = e.take(b, m{"type": "label_initial_prompt"})
	b.shared = e.take(b, m{"type": "label_initial_prompt", "collective": true})
}

// take asks for a task and acknowledges it.
func (e *estate) take(b *belongings, wish m) taken {
	e.t.Helper()
	wish["user"] = user(b.name)
	a := e.must(e.do(ask{method: "POST", path: "/tasks/", key: b.key, body: wish}), 200)
	t := taken{id: a.text("id"), kind: a.text("type"), frontend: freshID(), message: a.text("message_id"), answer: a}
	e.must(e.do(ask{method: "POST", path: "/tasks/" + t.id + "/ack", key: b.key, body: m{"message_id": t.frontend}}), 204)
	return t
}

func (e *estate) report(by, of *belongings) m {
	return m{"user": user(by.name), "message_id": of.message, "text": "look", "labels": m{"spam": 1}, "is_report": true}
}

// fill puts what is somebody's into a path; each parameter must be known here.
func (e *estate) fill(op *operation, of *belongings) string {
	known := map[string]string{
		"message_id": of.message, "tree_id": of.message, "frontend_id": of.frontendID, "task_id": of.task, "user_id": of.userID,
		"moderator_id": of.userID, "auth_method": "local", "username": of.name, "time_frame": "total", "client_id": e.spare,
		"act_id": of.acts[op.OperationID], "export_id": e.export, "name": "trees.jsonl.gz",
	}
	if op.OperationID == "getCachedStats" {
		known["name"] = "users_accepted_tos"
	}
	path := strings.TrimPrefix(op.Path, "/api/v1")
	for name, value := range known {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if strings.Contains(path, "{") {
		e.t.Fatalf("%s: say whose the parameters of %s are", op, path)
	}
	return path
}

// bodies gives what an operation is sent by one client, about what is another's
// or its own.
var bodies = map[string]func(e *estate, by, of *belongings) any{
	"requestTask":    func(_ *estate, by, _ *belongings) any { return m{"type": "initial_prompt", "user": user(by.name)} },
	"availableTasks": func(_ *estate, by, _ *belongings) any { return user(by.name) },
	"submitInteraction": func(_ *estate, by, of *belongings) any {
		return submission(by.name, of.review, "")
	},
	"closeTask":          func(_ *estate, _, of *belongings) any { return m{"message_id": of.shared.frontend} },
	"acknowledgeTask":    func(*estate, *belongings, *belongings) any { return m{"message_id": freshID()} },
	"declineTask":        func(*estate, *belongings, *belongings) any { return m{"reason": "no"} },
	"labelText":          func(e *estate, by, of *belongings) any { return e.report(by, of) },
	"reactToMessage":     func(_ *estate, by, _ *belongings) any { return m{"user": user(by.name), "emoji": "rofl", "op": "add"} },
	"editMessage":        func(_ *estate, by, _ *belongings) any { return m{"user": user(by.name), "new_content": "better"} },
	"upsertFrontendUser": func(_ *estate, by, _ *belongings) any { return user(by.name) },
	"createApiClient": func(*estate, *belongings, *belongings) any {
		return m{"description": "another", "frontend_type": "test"}
	},
	"mergeUsers": func(e *estate, _, of *belongings) any {
		return m{"destination_user_id": of.userID, "source_user_ids": []string{e.own.userID}}
	},
	"createExport": func(*estate, *belongings, *belongings) any { return m{} },
	"putCampaign":  func(*estate, *belongings, *belongings) any { return m{"policy": m{"goal_tree_size": 9}} },
}

// send asks for an operation.
func (e *estate) send(op *operation, key, root string, by, of *belongings) answer {
	e.t.Helper()
	return e.do(e.asking(op, key, root, by, of))
}

// asking is how one client asks for an operation on what is another's.
func (e *estate) asking(op *operation, key, root string, by, of *belongings) ask {
	e.t.Helper()
	a := ask{method: op.Method, path: e.fill(op, of), key: key, root: root}
	if body := bodies[op.OperationID]; body != nil {
		a.body = body(e, by, of)
	} else if op.RequestBody != nil {
		e.t.Fatalf("%s: say what it is sent", op)
	}
	if op.Method != http.MethodGet {
		a.user = as(by.name)
		if key != by.key || of != by && op.Extensions["x-dendro-trusted"] == nil {
			a.user = "" // nobody knows them there
		}
	}
	if op.OperationID == "putTwoPersonPurge" {
		a.path += "?on=false"
	}
	if op.OperationID == "declineTask" {
		a.user = as(by.name)
	}
	return a
}

// refused is the answer to whoever asks for what is not theirs.
type refused struct{ status, code int }

// hidden says how what is foreign is refused where it is not simply not found.
var hidden = map[string]refused{
	"declineTask":       {400, 2100},
	"submitInteraction": {400, 2100},
	"closeTask":         {400, 2100},
	"acknowledgeTask":   {404, 2100},
	"getUserStats":      {200, -1}, // there are no statistics, as of anybody unknown
}

// namesThings reports whether path or body name what belongs to a client.
func namesThings(op *operation) bool {
	inPath := slices.ContainsFunc([]string{"{message_id}", "{frontend_id}", "{task_id}", "{user_id}", "{username}"}, func(p string) bool {
		return strings.Contains(op.Path, p)
	})
	return inPath || slices.Contains([]string{"submitInteraction", "closeTask", "labelText"}, op.OperationID)
}

// perClient reports whether the names in path or body mean something to one
// client only, trusted or not.
func perClient(op *operation) bool {
	return strings.Contains(op.Path, "{frontend_id}") || strings.Contains(op.Path, "{username}") || strings.HasPrefix(op.Path, "/api/v1/tasks/")
}

// TestAccess is the whole matrix: every operation, asked for by everybody. What
// is refused adds nothing to the log.
func TestAccess(t *testing.T) {
	served := map[endpoint]bool{}
	for _, r := range httpapi.Routes() {
		served[endpoint{r.Method, r.Pattern}] = true
	}
	for _, op := range theContract(t).operations {
		if !strings.HasPrefix(op.Path, "/api/v1/") {
			continue
		}
		delete(served, endpoint{op.Method, op.Path})
		t.Run(op.OperationID, func(t *testing.T) {
			e := newEstate(t)
			switch {
			case op.Security != nil && len(*op.Security) == 0:
				e.openToAll(op)
			case op.Security != nil:
				e.forRoot(op)
			default:
				e.forClients(op, op.Extensions["x-dendro-trusted"] == true)
			}
		})
	}
	for left := range served {
		t.Errorf("%s is served and was not tried", left)
	}
}

// refuses holds an answer to a refusal, and the log to have nothing of it.
func (e *estate) refuses(what string, want refused, do func() answer) {
	e.t.Helper()
	before := e.end()
	got := do()
	if got.status != want.status || got.code() != want.code {
		e.t.Errorf("%s: answered %d, code %d, want %d, code %d: %s", what, got.status, got.code(), want.status, want.code, got.raw)
	}
	if after := e.end(); !after.Equal(before) {
		e.t.Errorf("%s: the log went from %s to %s", what, before, after)
	}
}

func (e *estate) succeeds(what string, got answer) {
	e.t.Helper()
	if got.status >= 300 {
		e.t.Errorf("%s: answered %d: %s", what, got.status, got.raw)
	}
}

func (e *estate) openToAll(op *operation) {
	for _, key := range []string{withoutKey, "wrong", e.revoked, e.own.key, e.trusted.key} {
		e.succeeds("anybody", e.send(op, key, "", &e.own, &e.own))
	}
}

func (e *estate) forRoot(op *operation) {
	for who, root := range map[string]string{"without the root token": "", "with a wrong one": "guess", "with a client's key for it": e.trusted.key} {
		e.refuses(who, refused{403, 3}, func() answer { return e.send(op, e.trusted.key, root, &e.trusted, &e.trusted) })
	}
	e.succeeds("with the root token, and no key", e.send(op, withoutKey, rootToken, &e.trusted, &e.trusted))
}

func (e *estate) forClients(op *operation, trustedOnly bool) {
	for who, key := range map[string]string{"without a key": withoutKey, "with a wrong key": "wrong", "with a revoked key": e.revoked, "with the root token": withoutKey} {
		root := map[string]string{"with the root token": rootToken}[who]
		e.refuses(who, refused{403, 2}, func() answer { return e.send(op, key, root, &e.own, &e.own) })
	}
	if trustedOnly {
		e.refuses("untrusted, its own", refused{403, 2}, func() answer { return e.send(op, e.own.key, "", &e.own, &e.own) })
		e.refuses("untrusted, another's", refused{403, 2}, func() answer { return e.send(op, e.own.key, "", &e.own, &e.foreign) })
		if perClient(op) {
			e.refuses("trusted, another's", refused{404, 4002}, func() answer { return e.send(op, e.trusted.key, "", &e.trusted, &e.foreign) })
			e.succeeds("trusted, its own", e.send(op, e.trusted.key, "", &e.trusted, &e.trusted))
			return
		}
		e.succeeds("trusted, another's", e.send(op, e.trusted.key, "", &e.trusted, &e.foreign))
		return
	}
	if namesThings(op) {
		want, special := hidden[op.OperationID]
		if !special {
			want = refused{404, 2001}
			if strings.Contains(op.Path, "users/") {
				want.code = 4002
			}
		}
		for of, b := range map[string]*belongings{"another's": &e.foreign, "a trusted one's": &e.trusted} {
			e.refuses("untrusted, "+of, want, func() answer { return e.send(op, e.own.key, "", &e.own, b) })
		}
		if perClient(op) {
			e.refuses("trusted, another's", want, func() answer { return e.send(op, e.trusted.key, "", &e.trusted, &e.foreign) })
		} else {
			e.succeeds("trusted, another's", e.send(op, e.trusted.key, "", &e.trusted, &e.foreign))
		}
	}
	e.succeeds("untrusted, its own", e.send(op, e.own.key, "", &e.own, &e.own))
	e.succeeds("trusted, its own", e.send(op, e.trusted.key, "", &e.trusted, &e.trusted))
}

// TestKeyInQuery: whoever can set no header gives the key in the query; where
// both are given the header counts.
func TestKeyInQuery(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		header, query string
		status        int
	}{
		{withoutKey, w.trusted, 200}, {withoutKey, "wrong", 403}, {w.trusted, "wrong", 200}, {"wrong", w.trusted, 403}, {w.untrusted, w.trusted, 403},
	} {
		a := w.do(ask{method: "GET", path: "/stats/", key: c.header, query: q("api_key", c.query)})
		if a.status != c.status {
			t.Errorf("header %.8s, query %.8s: answered %d, want %d", c.header, c.query, a.status, c.status)
		}
	}
}

// TestListsHideWhatIsForeign asks for every list and page, narrowed in every
// way, and looks for anything of another client in the answers.
func TestListsHideWhatIsForeign(t *testing.T) {
	e := newEstate(t)
	f := &e.foreign
	secrets := []string{f.userID, f.message, f.frontendID, f.client, "The secret of " + f.name, "The one called " + f.name}
	narrowed := []m{
		{}, {"user_id": f.userID}, {"auth_method": "local", "username": f.name}, {"only_roots": "true"}, {"search_query": "secret"},
		{"include_deleted": "true", "include_user": "true"}, {"search_text": "r"}, {"gte_username": "a", "lte_username": "z"},
		{"after": f.message + "$2020-01-01T00:00:00+00:00"}, {"after": f.userID + "$a"}, {"before": f.userID + "$zz"}, {"message_id": e.own.message},
	}
	for _, path := range []string{
		"/messages/", "/messages/cursor", "/users/by_username", "/users/by_display_name", "/users/cursor", "/frontend_users/",
		"/frontend_users/local/olga/messages", "/frontend_users/local/olga/messages/cursor", "/users/" + e.own.userID + "/messages",
		"/users/" + e.own.userID + "/messages/cursor", "/text_labels/valid_labels", "/stats/cached", "/campaign", "/users/" + e.own.userID,
	} {
		for _, narrow := range narrowed {
			query := q()
			for name, value := range narrow {
				query.Set(name, value.(string))
			}
			a := e.do(ask{method: "GET", path: path, key: e.own.key, query: query})
			for _, secret := range secrets {
				if a.status == 200 && strings.Contains(string(a.raw), secret) {
					t.Errorf("%s?%s tells of %q: %s", path, query.Encode(), secret, a.raw)
				}
			}
		}
	}
	for _, path := range []string{"/messages/", "/messages/cursor", "/users/by_username", "/users/by_display_name", "/users/cursor", "/frontend_users/"} {
		a := e.do(ask{method: "GET", path: path, key: e.own.key, query: q("api_client_id", f.client)})
		if a.status != 403 || a.code() != 2 {
			t.Errorf("%s of another client: answered %d, code %d", path, a.status, a.code())
		}
		if a := e.do(ask{method: "GET", path: path, query: q("api_client_id", f.client)}); a.status != 200 || !strings.Contains(string(a.raw), f.userID) {
			t.Errorf("a trusted client gets %d from %s of another client: %s", a.status, path, a.raw)
		}
	}
}

// TestForeignThingsCannotBeTouched goes where the matrix does not lead: ids in
// bodies and queries.
func TestForeignThingsCannotBeTouched(t *testing.T) {
	e := newEstate(t)
	o, f := &e.own, &e.foreign
	free := m{"type": "text_labels", "user": user(o.name), "message_id": f.message, "text": "", "labels": m{"spam": 1}, "is_report": true}
	for what, c := range map[string]struct {
		a    ask
		want refused
	}{
		"labels as an interaction":    {ask{method: "POST", path: "/tasks/interaction", body: free}, refused{404, 2001}},
		"labels for its own task":     {ask{method: "POST", path: "/tasks/interaction", body: changed(submission(o.name, o.review, ""), "message_id", f.message, "task_id", f.review.id)}, refused{400, 2100}},
		"valid labels":                {ask{method: "GET", path: "/text_labels/valid_labels", query: q("message_id", f.message)}, refused{404, 2001}},
		"a contributor of theirs":     {ask{method: "GET", path: "/messages/", user: as(f.name)}, refused{404, 4002}},
		"declining as theirs":         {ask{method: "POST", path: "/tasks/" + f.task + "/nack", user: as(f.name), body: m{}}, refused{404, 4002}},
		"a machine's text":            {ask{method: "POST", path: "/tasks/interaction", body: changed(submission(o.name, taken{frontend: freshID()}, "beep"), "synthetic", true, "model_name", "x")}, refused{403, 2}},
		"an emoji as an own stranger": {ask{method: "POST", path: "/messages/" + f.message + "/emoji", body: m{"user": user("nobody"), "emoji": "rofl"}}, refused{404, 2001}},
	} {
		c.a.key = o.key
		e.refuses(what, c.want, func() answer { return e.do(c.a) })
	}
}

// TestTreesShowTheirOwn: of a tree in which it has a message, an untrusted
// client sees that one and those above, and nothing beside them.
func TestTreesShowTheirOwn(t *testing.T) {
	w := newWorld(t, nil)
	w.register("ada", "bob", "cyd", "dan")
	tree := w.plant("ada", "bob", "cyd", "dan")
	w.work("bob", "assistant_reply")
	u := user("olga")
	u["tos_acceptance"] = true
	w.must(w.do(ask{method: "POST", path: "/frontend_users/", key: w.untrusted, body: u}), 200)
	a := w.must(w.do(ask{method: "POST", path: "/tasks/", key: w.untrusted, body: m{"type": "assistant_reply", "user": user("olga")}}), 200)
	mine := taken{id: a.text("id"), kind: "assistant_reply", frontend: freshID()}
	w.must(w.do(ask{method: "POST", path: "/tasks/" + mine.id + "/ack", key: w.untrusted, body: m{"message_id": mine.frontend}}), 204)
	w.must(w.do(ask{method: "POST", path: "/tasks/interaction", key: w.untrusted, body: submission("olga", mine, "a reply of another client")}), 200)
	list := w.must(w.do(ask{method: "GET", path: "/messages/", key: w.untrusted}), 200).value.([]any)
	reply := walk(list[0], "id").(string)

	seen := func(path, key string) (texts []string) {
		value := w.must(w.do(ask{method: "GET", path: "/messages/" + reply + path, key: key}), 200).value
		if all := walk(value, "messages"); all != nil {
			value = all
		}
		for _, one := range value.([]any) {
			texts = append(texts, walk(one, "id").(string))
		}
		return texts
	}
	for path, all := range map[string]int{"/conversation": 2, "/tree": 3, "/max_children_in_tree": 3, "/longest_conversation_in_tree": 2} {
		if got := seen(path, w.untrusted); !slices.Equal(got, []string{tree, reply}) {
			t.Errorf("%s shows %v, want the prompt %s and the reply %s", path, got, tree, reply)
		}
		if got := seen(path, ""); len(got) != all {
			t.Errorf("%s shows a trusted client %v, want %d messages", path, got, all)
		}
	}
	if a := w.do(ask{method: "GET", path: "/messages/" + tree, key: w.untrusted}); a.status != 404 {
		t.Errorf("the prompt itself is shown: %d", a.status)
	}
}

// TestBodiesAreForOperations: a table that names what is not there would hide
// that something was renamed.
func TestBodiesAreForOperations(t *testing.T) {
	known := map[string]bool{}
	for _, op := range theContract(t).operations {
		known[op.OperationID] = true
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(bodies)), slices.Collect(maps.Keys(hidden))) {
		if !known[name] {
			t.Error(fmt.Sprint("there is no operation ", name))
		}
	}
}
