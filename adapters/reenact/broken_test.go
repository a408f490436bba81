package reenact

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/projections/dataset"
)

// row is a line of a file written by hand: an accepted message, one minute
// after the one before, but for what is said otherwise.
type row map[string]any

func handwritten(t *testing.T, rows ...row) File {
	t.Helper()
	var out bytes.Buffer
	for i, r := range rows {
		whole := row{
			"user_id": testID(1000 + i), "created_date": time.Date(2024, 5, 1, 0, i, 0, 0, time.UTC).Format(dataset.TimeForm),
			"text": "Text " + testID(i), "role": "prompter", "lang": "de", "review_count": 3, "review_result": true, "deleted": false,
			"labels": marks(0, 3), "tree_state": "ready_for_export",
		}
		maps.Copy(whole, r)
		maps.DeleteFunc(whole, func(_ string, v any) bool { return v == nil })
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	file, err := Read(&out)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func marks(spam float64, count int) any {
	return map[string]any{"spam": map[string]any{"value": spam, "count": count}}
}

// TestBrokenRowsAreExplained: what can't come out is named with its rule, and
// takes nothing with it but what hangs from it.
func TestBrokenRowsAreExplained(t *testing.T) {
	const growing, ready = "growing", "ready_for_export"
	id := testID
	file := handwritten(t,
		row{"message_id": id(1), "message_tree_id": id(1)},
		row{"message_id": id(2), "parent_id": id(1), "role": "assistant", "rank": 0},
		row{"message_id": id(3), "parent_id": id(1), "role": "assistant", "rank": 2},                              // no 1
		row{"message_id": id(4), "parent_id": id(99), "role": "assistant"},                                        // no parent
		row{"message_id": id(2), "parent_id": id(1), "role": "assistant"},                                         // again
		row{"message_id": id(6), "parent_id": id(2), "role": "assistant"},                                         // to an assistant
		row{"message_id": id(7), "parent_id": id(1), "role": "assistant", "created_date": "2024-04-30T00:00:00Z"}, // too old
		row{"message_id": id(8), "parent_id": id(7)},                                                              // below that
		row{"message_id": id(9), "role": "assistant"},                                                             // an assistant begins
		row{"message_id": id(10), "parent_id": id(2), "created_date": nil},                                        // no time
		row{"message_id": id(11), "parent_id": id(12), "role": "assistant"},                                       // a circle
		row{"message_id": id(12), "parent_id": id(11)},                                                            //
		row{"message_id": id(13), "parent_id": id(2), "text": " \n"},                                              // blank
		row{"message_id": id(14), "parent_id": id(2), "labels": marks(1, 3)},                                      // three times spam
		row{"message_id": id(15), "parent_id": id(2), "labels": marks(0, 2)},                                      // a review without the mandatory label
		row{"message_id": id(16), "parent_id": id(2), "emojis": map[string]any{"+1": 2, "parrot": 1}},             //
		row{"message_id": id(17), "parent_id": id(2), "message_tree_id": id(98)},                                  // of another tree
		row{"message_id": id(20), "tree_state": growing},                                                          //
		row{"message_id": id(21), "parent_id": id(20), "role": "assistant", "review_result": nil, "review_count": 0, // undecided
			"labels": nil, "tree_state": growing},
		row{"message_id": id(22), "parent_id": id(21), "tree_state": growing}, // a reply to that
		row{"message_id": id(30), "tree_state": "backlog_ranking"},            // came from elsewhere
		row{"message_id": id(40), "deleted": true},
		row{"message_id": id(41), "parent_id": id(40), "role": "assistant", "tree_state": ready}, // undeleted below a deleted one
		row{"message_id": id(50), "lang": "not a language"},
	)
	want := map[string]Rule{
		id(3): RuleRank, id(4): RuleParent, id(2): RuleTwice, id(6): RuleRole, id(7): RuleTime, id(8): RuleBelow, id(9): RuleRole,
		id(10): RuleTime, id(11): RuleParent, id(12): RuleBelow, id(13): Rule(domain.TextEmpty), id(14): RuleAcceptance, id(15): RuleLabels,
		id(16): Rule(domain.BadEmoji), id(17): RuleTreeID, id(22): RuleParentResult, id(30): RuleTreeState, id(41): RuleDeletion,
		id(50): Rule(domain.UnknownLanguage),
	}
	report, _ := perform(t, file.Rows)
	got := map[string]Rule{}
	for _, f := range report.Findings {
		t.Log(f)
		got[f.Message.String()] = f.Rule
		if f.Why == "" || strings.Contains(f.String(), "\n") {
			t.Errorf("%s: it takes one line to say why", f)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if report.Rows != len(file.Rows) || report.Reproduced != report.Rows-len(report.Findings) {
		t.Errorf("of %d rows %d are reproduced and %d not", report.Rows, report.Reproduced, len(report.Findings))
	}
}

// TestDiscountedVotes: in a log where a troll's votes were discounted, messages
// keep what those votes had led to, and their figures tell of the others only.
func TestDiscountedVotes(t *testing.T) {
	id := testID
	file := handwritten(t,
		row{"message_id": id(1)},
		row{"message_id": id(2), "parent_id": id(1), "role": "assistant", "rank": 0, "review_count": 1, "labels": marks(0, 1)},
		row{"message_id": id(3), "parent_id": id(1), "role": "assistant", "rank": 1, "review_result": false, "labels": marks(1, 3)},
		row{"message_id": id(4), "parent_id": id(3)},
		row{"message_id": id(5), "parent_id": id(2), "review_count": 0, "labels": nil},
		row{"message_id": id(6), "review_count": 2, "labels": marks(0, 2), "tree_state": "aborted_low_grade"},
		row{"message_id": id(7), "tree_state": "growing"},
	)
	report, events := perform(t, file.Rows)
	for _, f := range report.Findings {
		t.Error(f)
	}
	types := map[domain.EventType]bool{}
	for _, e := range events {
		types[e.Payload.Type()] = true
	}
	if !types["votes.discounted"] {
		t.Error("nobody's votes were discounted")
	}
}

func TestRead(t *testing.T) {
	const line = `{"message_id":"00000000-0000-0000-0000-000000000001","text":"t","role":"prompter"}` + "\n"
	plain, err := Read(strings.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write([]byte(line)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cut := zipped.Bytes()[:zipped.Len()-4]
	got, err := Read(&zipped)
	if err != nil || got.Identity() != plain.Identity() {
		t.Errorf("zipped, the same lines make the log %v (%v), not %v", got.Identity(), err, plain.Identity())
	}
	var bad *dataset.RowError
	if _, err := Read(strings.NewReader(line + "{]\n")); !errors.As(err, &bad) || bad.Line != 2 {
		t.Errorf("a malformed line gives %v", err)
	}
	for name, text := range map[string]string{"nothing": "", "empty lines": "\n\n", "half a gzip file": string(cut), "gzip's first bytes": "\x1f\x8b"} {
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%s is read without an error", name)
		}
	}
}
