package main

import (
	"slices"
	"testing"

	"dendro/commands"
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

// said is what a log says of its rankings.
type said struct {
	ranked, merged map[domain.MessageID]bool // parents
	above          map[domain.MessageID]bool // those parents, and what they answer
	merges         []tree.RepliesRanked
}

func rankingsSaid(t *testing.T, log domain.Log, to domain.Cut) *said {
	s := &said{map[domain.MessageID]bool{}, map[domain.MessageID]bool{}, map[domain.MessageID]bool{}, nil}
	answers := map[domain.MessageID]domain.MessageID{}
	eachEvent(t, upTo{log, to}, func(r domain.Recorded) {
		switch e := r.Payload.(type) {
		case tree.MessagePosted:
			answers[e.Message] = e.Parent
		case tree.RankingSubmitted:
			s.ranked[e.Parent] = true
			for id := e.Parent; !id.IsZero(); id = answers[id] {
				s.above[id] = true
			}
		case tree.RepliesRanked:
			s.merged[e.Parent] = true
			s.merges = append(s.merges, e)
		}
	})
	return s
}

// What all merges together would come to is what the log says of each: which
// parents have none, and which change only because a reply has gone since.
func TestRemergeAllTellsWhatTheLogSays(t *testing.T) {
	log := crowdLog(t, 31, 30, 3000)
	all := func(to domain.Cut) remergedAll {
		out, err := (&logAsker{log: keptOpen{log}, cut: to}).remergeAll(t.Context(), ranking.DefaultRule, nil, newProgress(nil, ""))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	end := logEnd(t, log)
	within := end.Clone() // what a ranking has led to is left out
	eachEvent(t, log, func(r domain.Recorded) {
		if _, is := r.Payload.(tree.RankingSubmitted); is {
			within.End[r.Position.Partition] = r.Position.Seq + 1
		}
	})
	early, s := all(within), rankingsSaid(t, log, within)
	if early.Parents != len(s.ranked) || early.Unmerged != len(s.ranked)-len(s.merged) || early.Unmerged == 0 {
		t.Errorf("%d parents are ranked, %d merged; told: %+v", len(s.ranked), len(s.merged), early)
	}
	before, s := all(end), rankingsSaid(t, log, end)
	i := slices.IndexFunc(s.merges, func(m tree.RepliesRanked) bool {
		return len(m.Order) > 2 && !s.above[m.Replies[m.Order[0]]] && !slices.Contains(before.List, m.Parent)
	})
	engine, err := commands.Open(t.Context(), log, commands.Options{Clock: wallClock, Dice: chance})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	gone := s.merges[i]
	if _, err := engine.Do(t.Context(), commands.Command{
		ID: domain.CommandID{9}, Actor: domain.ByModerator("mo"),
		Body: commands.OnTree{Do: tree.Delete{Message: gone.Replies[gone.Order[0]], Reason: "spam"}},
	}); err != nil {
		t.Fatal(err)
	}
	after := all(logEnd(t, log))
	if after.Changed != before.Changed+1 || after.First != before.First+1 || !slices.Contains(after.List, gone.Parent) {
		t.Errorf("with the best reply to %s deleted: %+v, before %+v", gone.Parent, after, before)
	}
	if before.Anyway != before.Changed || after.Anyway != after.Changed {
		t.Errorf("by the usual rule all that changes changes anyway: %+v, %+v", before, after)
	}
}

func logEnd(t *testing.T, log domain.Log) domain.Cut {
	t.Helper()
	end, err := log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return end
}

// keptOpen is a log that its reader does not close.
type keptOpen struct{ domain.Log }

func (keptOpen) Close() error { return nil }
