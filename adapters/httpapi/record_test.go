package httpapi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A record counts what somebody did who is banned, and therefore on no
// leaderboard; of others it says what the leaderboards say.
func TestRecordCountsWhatLeaderboardsLeaveOut(t *testing.T) {
	w, ids, _ := moderated(t)
	get := func(path string) answer {
		return w.must(w.do(ask{method: "GET", path: path}), 200)
	}
	for name, listed := range map[string]bool{"dia": false, "bob": true, "ann": true} {
		stats, record := get("/users/"+ids[name]+"/stats"), get("/users/"+ids[name]+"/record")
		total, _ := record.at("stats", "total").(m)
		if total == nil || (stats.at("total") != nil) != listed {
			t.Fatalf("%s: the record has %v, the leaderboards have %s", name, total, stats.raw)
		}
		for _, count := range []string{"labels_simple", "labels_full", "rankings_total", "rankings_good"} {
			if got := record.at("votes_given", count); got != total[count] {
				t.Errorf("%s: %s is %v, and among the votes %v", name, count, total[count], got)
			}
			if listed && total[count] != stats.at("total", count) {
				t.Errorf("%s: %s is %v, and on the leaderboard %v", name, count, total[count], stats.at("total", count))
			}
		}
		if n, _ := record.at("votes_given", "labels_full").(float64); n == 0 {
			t.Errorf("%s gave no votes: %s", name, record.raw)
		}
		if disabled := record.at("standing", "disabled"); disabled != !listed {
			t.Errorf("%s: disabled is %v", name, disabled)
		}
	}
}

// Beside a record, and beside what is behind a troll score, stands how far the
// contributor agrees with others.
func TestAgreementStandsBeside(t *testing.T) {
	w, ids, _ := moderated(t)
	get := func(path string) any { return w.must(w.do(ask{method: "GET", path: path}), 200).at() }
	compared := 0.0
	for name, id := range ids {
		owner := id
		if name == "eve" { // merged into ann
			owner = ids["ann"]
		}
		want := get("/users/" + owner + "/agreement")
		n, _ := walk(want, "values").(float64)
		compared += n
		for _, path := range []string{"/users/" + id + "/record", "/trollboards/total/" + id} {
			if diff := cmp.Diff(want, walk(get(path), "agreement")); diff != "" {
				t.Errorf("%s, %s: -alone +beside:\n%s", name, path, diff)
			}
		}
	}
	if compared == 0 {
		t.Error("nobody can be compared with others")
	}
}
