package httpapi_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// measured is a figure as it is answered.
type measured struct {
	Alpha  *json.Number
	Values int
	Pairs  int
}

func alpha(text string, values, pairs int) measured {
	n := json.Number(text)
	return measured{&n, values, pairs}
}

// agreed is what both questions for agreement answer.
type agreed struct {
	measured
	Campaign measured
	Labels   []struct {
		Label string
		measured
		Campaign measured
	}
	Contributors []struct {
		UserID string `json:"user_id"`
		measured
	}
}

func (w *world) agreement(path string) (out agreed) {
	w.t.Helper()
	if err := json.Unmarshal(w.must(w.do(ask{method: "GET", path: path}), 200).raw, &out); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// judged is a world in which bob, cem and dia reviewed two prompts: dia always
// finds spam where the others find none, and under other labels all agree.
func judged(t *testing.T) (w *world, ids map[string]string) {
	t.Helper()
	w = newWorld(t, nil)
	ids = w.register("ann", "bob", "cem", "dia")
	for prompt := range 2 {
		w.plant("ann")
		for _, name := range []string{"bob", "cem", "dia"} {
			task, ok := w.request(name, "label_initial_prompt")
			if !ok {
				t.Fatalf("%s finds no prompt to review", name)
			}
			w.acknowledge(task)
			labels := judgement(task)
			labels["spam"] = prompt
			if name == "dia" {
				labels["spam"] = 1 - prompt
			}
			w.must(w.do(ask{method: "POST", path: "/tasks/interaction", body: changed(submission(name, task, ""), "labels", labels)}), 200)
		}
	}
	w.catchUp()
	return w, ids
}

// catchUp waits until the views show all there is.
func (w *world) catchUp() {
	w.t.Helper()
	if err := w.engine.Quiesce(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := w.views.Await(w.t.Context(), w.end()); err != nil {
		w.t.Fatal(err)
	}
}

func TestAgreementOfOne(t *testing.T) {
	w, ids := judged(t)
	campaign := alpha("-0.111111", 6, 12) // Dₒ = 2/3, Dₑ = 3/5
	for name, want := range map[string]string{"bob": "0.166667", "cem": "0.166667", "dia": "-0.666667"} {
		got := w.agreement("/users/" + ids[name] + "/agreement")
		values, pairs := 0, 0
		for _, l := range got.Labels {
			values, pairs = values+l.Values, pairs+l.Pairs
			own, all := measured{nil, 2, 4}, measured{nil, 6, 12} // all say the same
			if l.Label == "spam" {
				own, all = alpha(want, 2, 4), campaign
			}
			if diff := cmp.Diff([]measured{own, all}, []measured{l.measured, l.Campaign}); diff != "" {
				t.Errorf("%s, %s, and the campaign (-want +got):\n%s", name, l.Label, diff)
			}
		}
		if diff := cmp.Diff(alpha(want, values, pairs), got.measured); diff != "" || len(got.Labels) < 2 {
			t.Errorf("%s over %d labels (-want +got):\n%s", name, len(got.Labels), diff)
		}
	}
	if got := w.agreement("/users/" + ids["ann"] + "/agreement"); got.Alpha != nil || got.Values+got.Pairs+len(got.Labels) != 0 {
		t.Errorf("who reviewed nothing has %+v", got)
	}
}

// Those who agree least are first; accounts of one owner are one.
func TestAgreementOfTheCampaign(t *testing.T) {
	w, ids := judged(t)
	got := w.agreement("/stats/agreement?label=spam&min_values=2&max_count=2")
	if diff := cmp.Diff(alpha("-0.111111", 6, 12), got.Labels[0].measured); diff != "" || got.Labels[0].Label != "spam" {
		t.Errorf("the campaign's first label is %s (-want +got):\n%s", got.Labels[0].Label, diff)
	}
	list := got.Contributors
	if len(list) != 2 || list[0].UserID != ids["dia"] || list[0].Alpha.String() != "-0.666667" || list[1].Alpha.String() != "0.166667" {
		t.Errorf("listed are %+v", list)
	}
	for _, path := range []string{"?label=spam&min_values=3", "?label=quality&min_values=1"} {
		if got := w.agreement("/stats/agreement" + path); len(got.Contributors) != 0 {
			t.Errorf("%s lists %+v", path, got.Contributors)
		}
	}
	if got := w.agreement("/stats/agreement?min_values=1"); len(got.Contributors) != 3 || got.Contributors[0].UserID != ids["dia"] {
		t.Errorf("over all labels are listed %+v", got.Contributors)
	}
	w.must(w.do(ask{method: "GET", path: "/stats/agreement?label=nonsense"}), 422)

	w.must(w.do(ask{method: "POST", path: "/admin/merge_users", body: m{"destination_user_id": ids["cem"], "source_user_ids": []string{ids["dia"]}}}), 204)
	w.catchUp()
	list = w.agreement("/stats/agreement?label=spam&min_values=1").Contributors
	if len(list) != 2 || list[0].UserID != ids["cem"] {
		t.Fatalf("after the merger are listed %+v", list)
	}
	if diff := cmp.Diff(alpha("-0.25", 4, 8), list[0].measured); diff != "" { // Dₒ = (2·½ + 2·1)/4
		t.Errorf("both accounts (-want +got):\n%s", diff)
	}
}
