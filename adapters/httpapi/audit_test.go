package httpapi_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dendro/domain"

	"github.com/google/go-cmp/cmp"
)

// moderated is a world in which people worked, fell out, and were moderated.
func moderated(t *testing.T) (w *world, ids map[string]string, treeID string) {
	t.Helper()
	w = newWorld(t, nil)
	ids = w.register("ann", "bob", "cem", "dia", "eve", "fay", "mod")
	treeID = w.plant("ann", "bob", "cem", "dia")
	w.plant("bob", "ann", "cem", "dia")
	w.grow("ann", "bob", "cem", "dia", "eve", "fay")
	act := func(status int, method, path string, body any) {
		t.Helper()
		w.must(w.do(ask{method: method, path: path, user: as("mod"), body: body}), status)
	}
	reply := w.must(w.do(ask{method: "GET", path: "/messages/" + treeID + "/children"}), 200).text(0, "id")
	act(202, "POST", "/messages/"+reply+"/emoji", m{"user": user("eve"), "emoji": "+1", "op": "add"})
	act(204, "POST", "/text_labels/", m{"user": user("eve"), "message_id": reply, "text": "rude", "labels": m{"toxicity": 1}, "is_report": true})
	act(200, "POST", "/admin/flagged_messages/"+reply+"/processed", nil)
	act(200, "POST", "/messages/"+reply+"/edit", m{"user": user("mod"), "new_content": "A better text."})
	act(204, "DELETE", "/messages/"+reply, nil)
	act(202, "PUT", "/messages/"+reply+"/undelete", nil)
	act(200, "POST", "/admin/purge_user/"+ids["dia"]+"?preview=false&ban=true", nil)
	act(204, "POST", "/admin/merge_users", m{"destination_user_id": ids["ann"], "source_user_ids": []string{ids["eve"]}})
	act(200, "PUT", "/messages/"+treeID+"/tree/state?halt=true", nil)
	if err := w.engine.Quiesce(t.Context()); err != nil { // the votes are discounted
		t.Fatal(err)
	}
	if err := w.views.Await(t.Context(), w.end()); err != nil {
		t.Fatal(err)
	}
	return w, ids, treeID
}

// trailOf asks for a trail, and gives its events as JSON.
func (w *world) trailOf(path string) (subject string, events []string, truncated bool) {
	w.t.Helper()
	got := w.must(w.do(ask{method: "GET", path: "/audit/" + path}), 200)
	var trail struct {
		Subject   string
		Events    []json.RawMessage
		Truncated bool
	}
	if err := json.Unmarshal(got.raw, &trail); err != nil {
		w.t.Fatal(err)
	}
	for _, e := range trail.Events {
		events = append(events, string(e))
	}
	if strings.Contains(string(got.raw), user("")["display_name"].(string)) {
		w.t.Errorf("%s gives names away: %s", path, got.raw)
	}
	return trail.Subject, events, trail.Truncated
}

// inTime puts the events of a log into the order of trails.
func (w *world) inTime(wanted func(domain.Recorded) bool) []string {
	w.t.Helper()
	var all []domain.Recorded
	for r, err := range w.log.Read(w.t.Context(), w.log.Identity().Start(), w.end()) {
		if err != nil {
			w.t.Fatal(err)
		}
		if wanted(r) {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b domain.Recorded) int { return a.Time.Compare(b.Time) })
	var out []string
	for _, r := range all {
		out = append(out, w.recorded(w.log.Identity().Start(), func(o domain.Recorded) bool { return o.Position == r.Position })...)
	}
	return out
}

func TestTrailsAreWhatTheLogHas(t *testing.T) {
	w, ids, treeID := moderated(t)
	clients := w.must(w.do(ask{method: "GET", path: "/admin/api_client", root: rootToken}), 200)
	for _, c := range []struct {
		path, subject string
		wanted        func(domain.Recorded) bool
	}{
		{"trees/" + treeID, "tree/" + treeID, func(r domain.Recorded) bool { return string(r.Stream) == "tree/"+treeID }},
		{"users/" + ids["ann"], "contributor/" + ids["ann"], func(r domain.Recorded) bool {
			return string(r.Stream) == "contributor/"+ids["ann"] || string(r.Stream) == "contributor/"+ids["eve"]
		}},
		{"users/" + ids["eve"], "contributor/" + ids["eve"], func(r domain.Recorded) bool { return string(r.Stream) == "contributor/"+ids["eve"] }},
		{"users/" + ids["dia"], "contributor/" + ids["dia"], func(r domain.Recorded) bool { return string(r.Stream) == "contributor/"+ids["dia"] }},
		{"moderators/" + ids["mod"], "moderator/" + ids["mod"], func(r domain.Recorded) bool { return r.Actor.String() == "moderator:"+ids["mod"] }},
		{"moderators/" + ids["bob"], "moderator/" + ids["bob"], func(domain.Recorded) bool { return false }},
		{"moderators/" + clients.text(1, "client_id"), "moderator/" + clients.text(1, "client_id"), func(domain.Recorded) bool { return false }},
	} {
		want := w.inTime(c.wanted)
		subject, got, truncated := w.trailOf(c.path)
		if diff := cmp.Diff(want, got); diff != "" || subject != c.subject || truncated {
			t.Errorf("%s: %s, truncated %v\n%s", c.path, subject, truncated, diff)
		}
		for _, most := range []int{1, len(want) / 2, len(want), len(want) + 1} {
			if most < 1 {
				continue
			}
			newest := slices.Clone(want[max(0, len(want)-most):])
			_, got, truncated := w.trailOf(fmt.Sprintf("%s?max_count=%d", c.path, most))
			if diff := cmp.Diff(newest, got); diff != "" {
				t.Errorf("%s, the newest %d: %s", c.path, most, diff)
			}
			if truncated != (most < len(want)) {
				t.Errorf("%s: the newest %d of %d are truncated: %v", c.path, most, len(want), truncated)
			}
		}
	}
}

// A message's trail holds what is told of it anywhere in its tree, and nothing
// that is told of others. Every event of the tree is read here without knowing
// its type: by the members of its data that name messages.
func TestTrailOfAMessage(t *testing.T) {
	w, _, treeID := moderated(t)
	types := map[string]bool{}
	messages := w.must(w.do(ask{method: "GET", path: "/messages/" + treeID + "/tree?include_deleted=true"}), 200)
	for i := range messages.at("messages").([]any) {
		id := messages.text("messages", i, "id")
		voters := map[any]bool{}
		want := w.inTime(func(r domain.Recorded) bool {
			if string(r.Stream) != "tree/"+treeID {
				return false
			}
			event := linesOf(t, []byte(w.recorded(w.log.Identity().Start(), func(o domain.Recorded) bool { return o.Position == r.Position })[0]))[0]
			named := walk(event, "data", "message") == id
			for _, list := range []string{"messages", "order", "replies"} {
				items, _ := walk(event, "data", list).([]any)
				named = named || slices.Contains(items, any(id))
			}
			kind, by := walk(event, "type").(string), walk(event, "data", "contributor")
			switch kind {
			case "task.assigned":
				return false
			case "labels.submitted", "ranking.submitted":
				voters[by] = voters[by] || named && walk(event, "data", "task") != nil
			case "votes.discounted":
				named = voters[by]
			case "tree.state_changed":
				named = true
			}
			types[kind] = types[kind] || named
			return named
		})
		subject, got, truncated := w.trailOf("messages/" + id)
		if diff := cmp.Diff(want, got); diff != "" || subject != "message/"+id || truncated {
			t.Errorf("%s, truncated %v\n%s", subject, truncated, diff)
		}
	}
	for _, kind := range []string{
		"message.posted", "labels.submitted", "message.accepted", "ranking.submitted", "replies.ranked", "emoji.added", "message.reported",
		"report.resolved", "message.edited", "message.deleted", "message.restored", "votes.discounted", "tree.state_changed",
	} {
		if !types[kind] {
			t.Errorf("no %s was tried", kind)
		}
	}
}

func TestTrailsOfWhatIsNotThere(t *testing.T) {
	w := newWorld(t, nil)
	const nobody = "018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b"
	for path, code := range map[string]int{"messages": 2001, "trees": 2001, "users": 4002, "moderators": 4002} {
		if got := w.must(w.do(ask{method: "GET", path: "/audit/" + path + "/" + nobody}), 404); got.code() != code {
			t.Errorf("%s: %s", path, got.raw)
		}
		w.must(w.do(ask{method: "GET", path: "/audit/" + path + "/12"}), 422)
		w.must(w.do(ask{method: "GET", path: "/audit/" + path + "/" + nobody + "?max_count=10001"}), 422)
		w.must(w.do(ask{method: "GET", path: "/audit/" + path + "/" + nobody, key: w.untrusted}), 403)
	}
}

// A verdict names what decides, the policy and the reviews among it; a tree's is
// its prompt's; a user has a standing. A moderator's trail has neither.
func TestVerdictsAndStandings(t *testing.T) {
	w, ids, treeID := moderated(t)
	message := w.must(w.do(ask{method: "GET", path: "/audit/messages/" + treeID}), 200)
	tree := w.must(w.do(ask{method: "GET", path: "/audit/trees/" + treeID + "?max_count=1"}), 200)
	for i, rule := range []string{"tree_state", "accepted", "not_deleted"} {
		if got := message.text("verdict", "reasons", i, "rule"); got != rule || tree.text("verdict", "reasons", i, "rule") != rule {
			t.Errorf("reason %d is %s, not %s", i, got, rule)
		}
	}
	if message.at("verdict", "ready") != false || tree.at("verdict", "ready") != false || message.at("verdict", "reasons", 0, "holds") != false {
		t.Errorf("the tree was halted: %s", message.raw)
	}
	kinds := map[any]int{}
	for _, g := range message.at("verdict", "reasons", 1, "grounds").([]any) {
		kinds[g.(map[string]any)["kind"]]++
	}
	if kinds["review"] == 0 || kinds["policy"] != 1 {
		t.Errorf("the decision rests on %v", kinds)
	}
	all := w.must(w.do(ask{method: "GET", path: "/messages/" + treeID + "/tree?include_deleted=true"}), 200).at("messages").([]any)
	if n := tree.at("verdict", "messages", "posted"); n != float64(len(all)) {
		t.Errorf("%v messages of %d", n, len(all))
	}
	for name, disabled := range map[string]bool{"dia": true, "bob": false} {
		if got := w.must(w.do(ask{method: "GET", path: "/audit/users/" + ids[name]}), 200); got.at("standing", "disabled") != disabled {
			t.Errorf("%s: %s", name, got.raw)
		}
	}
	got := w.must(w.do(ask{method: "GET", path: "/audit/moderators/" + ids["mod"]}), 200)
	if body := string(got.raw); strings.Contains(body, `"standing"`) || strings.Contains(body, `"verdict"`) {
		t.Errorf("%s", body)
	}
}
