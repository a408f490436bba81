package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"dendro/domain/policy"
	"dendro/schemas"

	"github.com/google/go-cmp/cmp"
)

// policyJSON is a policy as the API should show it.
func policyJSON(t *testing.T, p policy.Policy) any {
	t.Helper()
	text, err := schemas.AppendPolicy(nil, p)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestCampaignShowsThePolicyInForce(t *testing.T) {
	w := newWorld(t, nil)
	for _, key := range []string{w.trusted, w.untrusted} {
		got := w.must(w.do(ask{method: "GET", path: "/campaign", key: key}), 200)
		if diff := cmp.Diff(any(m{"revision": 1.0, "policy": policyJSON(t, policy.Default())}), got.value); diff != "" {
			t.Error(diff)
		}
	}
	w.must(w.do(ask{method: "GET", path: "/campaign", key: withoutKey}), 403)
	w.must(w.do(ask{method: "PUT", path: "/campaign", key: w.untrusted, body: m{"policy": m{"goal_tree_size": 5}}}), 403)
}

func TestCampaignChangesWhatIsGiven(t *testing.T) {
	w := newWorld(t, nil)
	want := policy.Default()
	want.GoalTreeSize, want.Languages = 7, []string{"en", "de"}
	change := ask{method: "PUT", path: "/campaign", body: m{"policy": m{"goal_tree_size": 7, "languages": []string{"en", "de"}}, "reason": "smaller trees"}}
	for _, step := range []ask{change, change, {method: "GET", path: "/campaign"}} { // the second has nothing to change
		got := w.must(w.do(step), 200)
		if diff := cmp.Diff(any(m{"revision": 2.0, "policy": policyJSON(t, want)}), got.value); diff != "" {
			t.Errorf("%s: %s", step.method, diff)
		}
	}
	w.must(w.do(ask{method: "PUT", path: "/campaign", body: m{"policy": policyJSON(t, policy.Default())}}), 200)
	if got := w.do(ask{method: "GET", path: "/campaign"}); got.at("revision") != 3.0 {
		t.Errorf("a whole policy gives %s", got.raw)
	}
	lines := linesOf(t, w.do(ask{method: "GET", path: "/events?types=campaign.configured"}).raw)
	if len(lines) != 3 || walk(lines[1], "data", "reason") != "smaller trees" || !strings.HasPrefix(walk(lines[1], "actor").(string), "moderator:") {
		t.Errorf("the log has %v", lines)
	}
}

func TestCampaignRefusesWhatIsNoPolicy(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		body   any
		status int
		loc    string // of the first detail
	}{
		{``, 422, "[body]"},
		{`[]`, 422, "[body]"},
		{m{}, 422, "[body policy]"},
		{m{"policy": nil}, 422, "[body policy]"},
		{m{"policy": []int{}}, 422, "[body policy]"},
		{m{"policy": m{"goal": 1}}, 422, "[body policy goal]"},
		{m{"policy": m{"goal_tree_size": "7"}}, 422, "[body policy goal_tree_size]"},
		{m{"policy": m{"goal_tree_size": nil}}, 422, "[body policy goal_tree_size]"},
		{m{"policy": m{"goal_tree_size": 7.5}}, 422, "[body policy goal_tree_size]"},
		{m{"policy": m{"languages": "en"}}, 422, "[body policy languages]"},
		{m{"policy": m{"languages": []string{"en", "e n"}}}, 422, "[body policy languages 1]"},
		{m{"policy": m{"init_prompt_disabled_langs": []string{""}}}, 422, "[body policy init_prompt_disabled_langs 0]"},
		{m{"policy": m{"goal_tree_size": 7}, "reason": m{}}, 422, "[body reason]"},
		{m{"policy": m{"goal_tree_size": 900}}, 400, ""}, // no tree of the other limits holds so many
		{m{"policy": m{"p_activate_backlog_tree": 2}}, 400, ""},
	} {
		got := w.must(w.do(ask{method: "PUT", path: "/campaign", body: c.body}), c.status)
		if loc := fmt.Sprint(got.at("detail", 0, "loc")); c.status == 422 && loc != c.loc {
			t.Errorf("%v: the detail is at %s, want %s", c.body, loc, c.loc)
		}
		if c.status == 400 && (got.code() != 0 || got.text("message") == "") {
			t.Errorf("%v: %s", c.body, got.raw)
		}
	}
	if got := w.do(ask{method: "GET", path: "/campaign"}); got.at("revision") != 1.0 {
		t.Errorf("what is refused made the policy %s", got.raw)
	}
}

// Changes of different parameters at the same time do not undo each other.
func TestCampaignLosesNoChange(t *testing.T) {
	w := newWorld(t, nil)
	names := []string{"max_active_trees", "max_initial_prompt_review", "max_prompt_lottery_waiting", "num_reviews_reply", "auto_mod_red_flags", "lonely_children_count"}
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() {
			body := fmt.Sprintf(`{"policy":{"%s":1}}`, name)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/api/v1/campaign", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-API-Key", w.trusted)
			theContract(t).serve(t, w.api, r)
		})
	}
	all.Wait()
	got := w.do(ask{method: "GET", path: "/campaign"})
	for _, name := range names {
		if got.at("policy", name) != 1.0 {
			t.Errorf("%s is %v", name, got.at("policy", name))
		}
	}
	if got.at("revision") != float64(1+len(names)) {
		t.Errorf("the revision is %v", got.at("revision"))
	}
}

// Whatever is sent, the answer keeps the contract, and the policy stays one
// that makes sense.
func FuzzPutCampaign(f *testing.F) {
	w := newWorld(f, nil)
	for _, seed := range []string{
		``, `{"policy":{}}`, `{"policy":{"goal_tree_size":5}}`, `{"policy":{"languages":["\u0000"]},"reason":"\ud800"}`,
		`{"policy":{"acceptance_threshold_reply":0.30000000000000000000001,"goal_tree_size":-1}}`, `{"policy":{"goal_tree_size":1,"goal_tree_size":2}}`,
		`{"policy":{"p_activate_backlog_tree":1e-39},"policy":{}}`, `{"policy":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/api/v1/campaign", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-API-Key", w.trusted)
		res := theContract(t).serve(t, w.api, tolerated(r))
		if res.StatusCode != 200 && res.StatusCode != 400 && res.StatusCode != 422 {
			t.Errorf("%q is answered with %d", body, res.StatusCode)
		}
		p, _ := w.engine.Policy()
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
	})
}
