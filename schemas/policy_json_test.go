package schemas

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/decimal"
	"dendro/domain/policy"
)

// samePolicy compares by what a policy says, not by nil and empty lists.
var samePolicy = cmp.Comparer(func(a, b policy.Policy) bool { return a.Equal(&b) })

// otherPolicy differs from the defaults in every kind of parameter.
func otherPolicy() policy.Policy {
	p := policy.Default()
	p.GoalTreeSize, p.RandomGoalTreeSize, p.AcceptanceReply = 9, true, decimal.MustParse("0.75")
	p.MandatoryPrompterReply, p.Languages = nil, []string{"en", "pt-BR"}
	p.TaskValidity = 2 * p.TaskValidity
	return p
}

// The object is that of events, so its JSON Schema holds for it too.
func TestAppendPolicyIsWhatEventsHold(t *testing.T) {
	for _, p := range []policy.Policy{policy.Default(), otherPolicy()} {
		payload, version, err := EncodePayload(nil, campaign.Configured{Revision: 1, Policy: p})
		if err != nil {
			t.Fatal(err)
		}
		if err := Validate("campaign.configured", version, payload); err != nil {
			t.Fatal(err)
		}
		got, err := AppendPolicy([]byte("before"), p)
		if err != nil {
			t.Fatal(err)
		}
		if want := `before` + strings.TrimSuffix(strings.TrimPrefix(string(payload), `{"revision":1,"policy":`), `}`); string(got) != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestAppendPolicyRefusesWhatIsNoPolicy(t *testing.T) {
	p := policy.Default()
	p.Languages = []string{"\xff"}
	if got, err := AppendPolicy([]byte("before"), p); err == nil || string(got) != "before" {
		t.Errorf("%s, %v", got, err)
	}
}

// Any part of a policy replaces just that part, however it is spaced and in
// whatever order it comes.
func TestMergePolicyReplacesWhatIsGiven(t *testing.T) {
	a, b := members(t, policy.Default()), members(t, otherPolicy())
	keys := rapid.SliceOfDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(b))), rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		want := maps.Clone(a)
		var parts []string
		for _, k := range keys.Draw(t, "given") {
			want[k] = b[k]
			parts = append(parts, ` "`+k+"\" :\n"+string(b[k])+"\t")
		}
		got, problems := MergePolicy(policy.Default(), []byte("{"+strings.Join(parts, ",")+"}"))
		if problems != nil {
			t.Fatal(problems)
		}
		if diff := cmp.Diff(want, members(t, got)); diff != "" {
			t.Error(diff)
		}
	})
}

// members reads a policy's JSON with the standard library.
func members(t interface{ Fatal(...any) }, p policy.Policy) map[string]json.RawMessage {
	text, err := AppendPolicy(nil, p)
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestMergePolicyReadsNumbersAsTheyStand(t *testing.T) {
	want := policy.Default()
	want.AcceptanceReply, want.FullReviewPrompt, want.GoalTreeSize = decimal.MustParse("0.1000000000000000055511151231257827"), decimal.MustParse("0.5"), 7
	want.AcceptanceInitialPrompt = decimal.Decimal{}
	got, problems := MergePolicy(policy.Default(), []byte(`{"acceptance_threshold_reply":0.1000000000000000055511151231257827,`+
		`"p_full_labeling_review_prompt":5e-1,"goal_tree_size":7.0,"acceptance_threshold_initial_prompt":-0.0}`))
	if problems != nil {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(want, got, samePolicy); diff != "" {
		t.Error(diff)
	}
}

func TestMergePolicyTellsAllThatIsWrong(t *testing.T) {
	got, problems := MergePolicy(policy.Default(), []byte(`{"goal_tree_size":"12","max_tree_depth":2,"max_tree_depth":3,"goal":1,
		"random_goal_tree_size":1,"languages":["en",null],"mandatory_labels_prompter_reply":{},"init_prompt_disabled_langs":null,
		"max_children_count":2.5,"max_active_trees":1e30,"task_validity_minutes":9000000000000000000,"acceptance_threshold_reply":1e400,
		"num_required_rankings":null}`))
	want := []PolicyProblem{
		{Parameter: "goal_tree_size", Why: "give a number"},
		{Parameter: "max_tree_depth", Why: "this is given twice"},
		{Parameter: "goal", Unknown: true, Why: "there is no such parameter"},
		{Parameter: "random_goal_tree_size", Why: "give true or false"},
		{Parameter: "languages", Why: "give a list of names"},
		{Parameter: "mandatory_labels_prompter_reply", Why: "give a list of names"},
		{Parameter: "init_prompt_disabled_langs", Why: "give a list of names"},
		{Parameter: "max_children_count", Why: "give a whole number, and not so large a one"},
		{Parameter: "max_active_trees", Why: "give a whole number, and not so large a one"},
		{Parameter: "task_validity_minutes", Why: "give a whole number, and not so large a one"},
		{Parameter: "acceptance_threshold_reply", Why: "give a number of fewer digits"},
		{Parameter: "num_required_rankings", Why: "give a number"},
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(policy.Default(), got, samePolicy); diff != "" {
		t.Errorf("what is wrong changed the policy:\n%s", diff)
	}
	for _, raw := range []string{``, `null`, `[]`, `1`, `{`, `{"goal_tree_size":}`, `{"goal_tree_size":1`, `{} {}`, `{"a":1,}`, "{\"languages\":[\"\xff\"]}"} {
		if _, problems := MergePolicy(policy.Default(), []byte(raw)); len(problems) != 1 || problems[0].Parameter != "" || problems[0].Why == "" {
			t.Errorf("%q: %+v", raw, problems)
		}
	}
}

// Whatever is sent, the answer is problems, or a policy that can be written
// and merges with itself.
func FuzzMergePolicy(f *testing.F) {
	whole, err := AppendPolicy(nil, otherPolicy())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"goal_tree_size":1e1,"languages":["a\u0000","é"],"mandatory_labels_initial_prompt":["` + string(domain.LabelSpam) + `"]}`))
	f.Add([]byte(`{"p_activate_backlog_tree":-0.25e+1,"languages":[],"auto_mod_enabled":false}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, problems := MergePolicy(policy.Default(), raw)
		for _, p := range problems {
			if p.Why == "" {
				t.Errorf("%+v says nothing", p)
			}
		}
		text, err := AppendPolicy(nil, got)
		if err != nil {
			t.Fatal(err)
		}
		again, problems := MergePolicy(policy.Default(), text)
		if len(problems) > 0 || !again.Equal(&got) {
			t.Errorf("%s is read back with %v", text, problems)
		}
	})
}
