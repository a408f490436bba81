package boards_test

import (
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections/boards"
)

// tallyOf makes a tally of counts by kind.
func tallyOf(by byte, counts map[boards.Kind]int) boards.Tally {
	t := boards.Tally{Contributor: person(by)}
	for k, n := range counts {
		t.Counts[k] = n
	}
	return t
}

func own(id byte, listed, enabled bool) boards.Account {
	return boards.Account{ID: person(id), Owner: person(id), Listed: listed, Enabled: enabled}
}

func TestLeaderboard(t *testing.T) {
	accounts := []boards.Account{
		own(1, true, true), own(2, true, true), own(3, false, true), own(4, true, true), own(5, true, true), own(6, true, true),
		{ID: person(9), Owner: person(1), Listed: true, Enabled: true},
	}
	board := boards.Leaderboard([]boards.Tally{
		tallyOf(9, map[boards.Kind]int{boards.Prompt: 7, boards.First: 1}),
		tallyOf(1, map[boards.Kind]int{boards.Prompt: 3, boards.Marks: 2}), // with 9: ten prompts
		tallyOf(2, map[boards.Kind]int{boards.AssistantReply: 1, boards.AcceptedAssistantReply: 1, boards.LabelsFull: 1}),
		tallyOf(3, map[boards.Kind]int{boards.First: 100}),  // hidden
		tallyOf(4, map[boards.Kind]int{boards.Prompt: 1}),   // no point yet
		tallyOf(6, map[boards.Kind]int{boards.RedFlag: 50}), // did nothing in this frame
		tallyOf(7, map[boards.Kind]int{boards.First: 100}),  // an account that is not known
	}, accounts)
	want := []boards.Standing{
		{Rank: 1, Owner: person(1), Points: reward.Points{Prompts: 10, First: 1}, Score: 10, Level: 3},
		{Rank: 2, Owner: person(2), Points: reward.Points{AssistantReplies: 1, AcceptedAssistantReplies: 1, LabelsFull: 1}, Score: 10, Level: 3},
		{Rank: 3, Owner: person(4), Points: reward.Points{Prompts: 1}, Score: 0, Level: 1},
	}
	if diff := gocmp.Diff(want, board); diff != "" {
		t.Errorf("leaderboard (-want +got):\n%s", diff)
	}
	if s, ok := boards.Of(board, person(4)); !ok || s.Rank != 3 {
		t.Errorf("contributor 4 stands at %+v, %t", s, ok)
	}
	if _, ok := boards.Of(board, person(3)); ok {
		t.Error("a hidden contributor has a standing")
	}
}

// Every kind of deed reaches its own figure, and only the board that it is for.
func TestEveryKindIsShown(t *testing.T) {
	accounts := []boards.Account{own(1, true, true)}
	for k := range boards.Kind(boards.Kinds) {
		tallies := []boards.Tally{tallyOf(1, map[boards.Kind]int{k: 10})}
		leaders, trolls := boards.Leaderboard(tallies, accounts), boards.Trollboard(tallies, accounts, true)
		if k.Points() != (len(leaders) == 1) || k.Points() == (len(trolls) == 1) {
			t.Fatalf("%s: %d leaders, %d trolls", names[k], len(leaders), len(trolls))
		}
		switch {
		case k.Points() && leaders[0].Score == 0:
			t.Errorf("%s earns nothing", names[k])
		case !k.Points() && k < boards.Marks && trolls[0].Score == 0:
			t.Errorf("%s weighs nothing", names[k])
		}
	}
}

func TestTrollboard(t *testing.T) {
	marks := func(by byte, flags uint8) boards.Tally {
		t := tallyOf(by, map[boards.Kind]int{boards.Marks: 1})
		t.Labels.Add(&reward.Labels{Flags: flags, Values: [len(reward.MeanLabels)]int32{500_000_000, -1, -1, -1, -1}}, 1)
		return t
	}
	accounts := []boards.Account{own(1, false, true), own(2, false, false), own(3, true, true), {ID: person(9), Owner: person(1), Enabled: true}}
	tallies := []boards.Tally{
		marks(1, 0b10), marks(9, 0b110), // together 3
		tallyOf(2, map[boards.Kind]int{boards.RedFlag: 1, boards.Upvote: 2}),
		tallyOf(3, map[boards.Kind]int{boards.Prompt: 5}),
		tallyOf(4, map[boards.Kind]int{boards.SpamPrompt: 1, boards.Downvote: 2}), // not known
	}
	type line struct {
		owner            byte
		rank, score, nth int
	}
	for enabled, want := range map[bool][]line{
		false: {{1, 1, 3, 2}, {4, 2, 3, 0}, {2, 3, 1, 0}},
		true:  {{1, 1, 3, 2}},
	} {
		var got []line
		for _, s := range boards.Trollboard(tallies, accounts, enabled) {
			got = append(got, line{s.Owner[15], s.Rank, s.Score, s.Trolling.Labels.Count[0]})
		}
		if !slices.Equal(got, want) {
			t.Errorf("only enabled %t: owner, rank, score, label sets are %v, want %v", enabled, got, want)
		}
	}
}

// Whatever is merged into whom, ranks are dense and in order, and no point is
// lost or made.
func TestMergingKeepsWhatWasDone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tallies []boards.Tally
		var accounts []boards.Account
		prompts, replies := 0, 0
		for id := range byte(rapid.IntRange(0, 12).Draw(t, "accounts")) {
			owner := byte(rapid.IntRange(0, int(id)).Draw(t, "owner"))
			n, r := rapid.IntRange(0, 30).Draw(t, "prompts"), rapid.IntRange(0, 3).Draw(t, "replies")
			prompts, replies = prompts+n, replies+r
			tallies = append(tallies, tallyOf(id, map[boards.Kind]int{boards.Prompt: n, boards.PrompterReply: r}))
			accounts = append(accounts, boards.Account{ID: person(id), Owner: person(owner), Listed: true})
		}
		shuffled := rapid.Permutation(tallies).Draw(t, "order")
		board := boards.Leaderboard(shuffled, accounts)
		if diff := gocmp.Diff(boards.Leaderboard(tallies, accounts), board); diff != "" {
			t.Fatalf("the order of tallies shows:\n%s", diff)
		}
		for i, s := range board {
			prompts, replies = prompts-s.Points.Prompts, replies-s.Points.PrompterReplies
			if s.Rank != i+1 || s.Score != s.Points.Score() || s.Level != reward.Level(s.Score) {
				t.Fatalf("line %d is %+v", i, s)
			}
		}
		if prompts != 0 || replies != 0 {
			t.Fatalf("%d prompts and %d replies were lost", prompts, replies)
		}
		if !slices.IsSortedFunc(board, func(a, b boards.Standing) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), a.Owner.Compare(b.Owner))
		}) {
			t.Fatalf("the board is not in order: %+v", board)
		}
	})
}

func TestWindow(t *testing.T) {
	var board []boards.Standing
	for i := range 10 {
		board = append(board, boards.Standing{Rank: i + 1, Owner: person(byte(i + 1))})
	}
	for _, c := range []struct {
		owner             byte
		size, first, last int
	}{
		{2, 3, 1, 4}, // as the original answered
		{5, 5, 3, 8}, {1, 5, 1, 5}, {10, 5, 8, 10}, {9, 100, 1, 10}, {5, 0, 5, 5}, {5, 1, 5, 6}, {11, 5, 0, 0}, {5, -1, 0, 0},
	} {
		got := boards.Window(board, person(c.owner), c.size)
		if len(got) == 0 && c.first == 0 {
			continue
		}
		if len(got) == 0 || got[0].Rank != c.first || got[len(got)-1].Rank != c.last {
			t.Errorf("a window of %d around rank %d is %v, want %d to %d", c.size, c.owner, got, c.first, c.last)
		}
	}
	if got := boards.Window(nil, domain.ContributorID{}, 5); got != nil {
		t.Errorf("a window of an empty board is %v", got)
	}
}
