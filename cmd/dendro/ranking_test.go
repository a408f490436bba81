package main

import (
	"slices"
	"testing"

	"dendro/domain"
	"dendro/domain/ranking"
	"dendro/domain/tree"
	"dendro/projections/audit"
)

// rankingsOf follows the rankings of every tree of a log, up to the newest merge
// of each.
func rankingsOf(t *testing.T, log domain.Log) map[domain.StreamID]*audit.Rankings {
	all := map[domain.StreamID]*audit.Rankings{}
	eachEvent(t, log, func(r domain.Recorded) {
		if _, is := r.Stream.Tree(); !is {
			return
		}
		if all[r.Stream] == nil {
			all[r.Stream] = audit.NewRankings()
		}
		all[r.Stream].Take(&r)
		if e, is := r.Payload.(tree.RepliesRanked); is {
			sameAsDecided(t, all[r.Stream], &r, &e)
		}
	})
	return all
}

// sameAsDecided merges again what was just merged: nothing changes.
func sameAsDecided(t *testing.T, x *audit.Rankings, r *domain.Recorded, e *tree.RepliesRanked) {
	t.Helper()
	again, err := x.Remerge(audit.Ask{Parent: e.Parent, Rule: ranking.DefaultRule})
	if err != nil || again.Changed || again.Counted != len(e.Ballots) || !slices.Equal(again.Replies, e.Replies) || !slices.Equal(again.Ties, e.Ties) {
		t.Errorf("event %s was decided as %+v; merged again it is %+v, %v", r.Position, e, again, err)
	}
}

// Every merge in the log comes out the same when it is made again at its place;
// other rules, and leaving voters out, say what would change.
func TestRemergeAgreesWithWhatWasDecided(t *testing.T) {
	merges, moved, fewer := 0, 0, 0
	for _, x := range rankingsOf(t, crowdLog(t, 31, 30, 6000)) {
		for _, parent := range x.Parents() {
			plain, err := x.Remerge(audit.Ask{Parent: parent, Rule: ranking.DefaultRule})
			if err != nil {
				t.Fatal(err)
			}
			merges += len(plain.Merges)
			for _, rule := range ranking.RuleNames() {
				other, err := x.Remerge(audit.Ask{Parent: parent, Rule: rule})
				if err != nil || len(other.Order) != len(plain.Order) {
					t.Fatalf("%s: %+v, %v", rule, other, err)
				}
				if other.Changed != (len(other.Moves) > 0) {
					t.Errorf("%s: %+v", rule, other)
				}
				moved += len(other.Moves)
			}
			voter := plain.Ballots[0].Contributor
			without, err := x.Remerge(audit.Ask{Parent: parent, Rule: ranking.DefaultRule, Without: func(id domain.ContributorID) bool { return id == voter }})
			if err != nil {
				t.Fatal(err)
			}
			if without.Counted < plain.Counted {
				fewer++
			}
		}
	}
	if merges < 50 || moved == 0 || fewer < 20 {
		t.Errorf("%d merges, %d moves under other rules, %d times a voter less: too few to tell", merges, moved, fewer)
	}
}
