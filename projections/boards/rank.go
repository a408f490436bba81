package boards

import (
	"cmp"
	"slices"

	"dendro/domain"
	"dendro/domain/reward"
)

// Account says whose an account is, and how its owner stands now. Accounts of
// one owner agree on Listed and Enabled. Who owns itself only may be left out
// of lists of accounts; it is then neither listed nor enabled.
type Account struct {
	ID      domain.ContributorID
	Owner   domain.ContributorID // itself, unless it was merged into another
	Listed  bool                 // the owner is enabled, not erased, and shows on leaderboards
	Enabled bool                 // the owner is enabled and not erased
}

// Standing is an owner's line on the leaderboard.
type Standing struct {
	Rank   int // from 1
	Owner  domain.ContributorID
	Points reward.Points
	Score  int
	Level  int
}

// TrollStanding is an owner's line on the trollboard.
type TrollStanding struct {
	Rank     int // from 1
	Owner    domain.ContributorID
	Trolling reward.Trolling
	Score    int
}

// Leaderboard ranks the listed owners that have done anything within the
// tallies' frame, by score, then id. What brings no points yet counts as done:
// a first prompt puts its author on the board.
func Leaderboard(tallies []Tally, accounts []Account) []Standing {
	board := []Standing{}
	for _, t := range merge(tallies, accounts) {
		if !t.owner.Listed || !t.any(Kind.Points) {
			continue
		}
		s := Standing{Owner: t.owner.Owner, Points: pointsOf(&t.Counts)}
		s.Score = s.Points.Score()
		s.Level = reward.Level(s.Score)
		board = append(board, s)
	}
	slices.SortFunc(board, func(a, b Standing) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), a.Owner.Compare(b.Owner))
	})
	for i := range board {
		board[i].Rank = i + 1
	}
	return board
}

// Trollboard ranks the owners of whose messages anything was said within the
// tallies' frame, by troll score, then id; with onlyEnabled no others than
// those that are enabled.
func Trollboard(tallies []Tally, accounts []Account, onlyEnabled bool) []TrollStanding {
	board := []TrollStanding{}
	for _, t := range merge(tallies, accounts) {
		if onlyEnabled && !t.owner.Enabled || !t.any(func(k Kind) bool { return !k.Points() }) {
			continue
		}
		s := TrollStanding{Owner: t.owner.Owner, Trolling: reward.Trolling{
			RedFlags: t.Counts[RedFlag], Upvotes: t.Counts[Upvote], Downvotes: t.Counts[Downvote],
			SpamPrompts: t.Counts[SpamPrompt], Labels: t.Labels,
		}}
		s.Score = s.Trolling.Score()
		board = append(board, s)
	}
	slices.SortFunc(board, func(a, b TrollStanding) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), a.Owner.Compare(b.Owner))
	})
	for i := range board {
		board[i].Rank = i + 1
	}
	return board
}

// Of gives an owner's standing on a leaderboard; false when it has none.
func Of(board []Standing, owner domain.ContributorID) (s Standing, ok bool) {
	i := slices.IndexFunc(board, func(s Standing) bool { return s.Owner == owner })
	if i < 0 {
		return s, false
	}
	return board[i], true
}

// Window gives the part of a leaderboard around an owner, as the API has
// always cut it: from half of size ranks above the owner, rounded down, to
// size ranks further down. Nil when the owner has no standing.
func Window(board []Standing, owner domain.ContributorID, size int) []Standing {
	s, ok := Of(board, owner)
	if !ok || size < 0 {
		return nil
	}
	// Near the top the original counts from rank 0, where nobody stands.
	first := max(s.Rank-size/2, 0)
	return board[max(first-1, 0):min(first+size, len(board))]
}

// merged is what counts for one owner of accounts.
type merged struct {
	Tally
	owner Account
}

func (m *merged) any(of func(Kind) bool) bool {
	for k, n := range m.Counts {
		if n > 0 && of(Kind(k)) {
			return true
		}
	}
	return false
}

// merge adds up the tallies of each owner, in order of first appearance.
func merge(tallies []Tally, accounts []Account) []*merged {
	of := make(map[domain.ContributorID]*Account, len(accounts))
	for i := range accounts {
		of[accounts[i].ID] = &accounts[i]
	}
	var out []*merged
	byOwner := make(map[domain.ContributorID]*merged, len(tallies))
	for i := range tallies {
		t := &tallies[i]
		owner := Account{Owner: t.Contributor}
		if a := of[t.Contributor]; a != nil {
			owner = *a
		}
		m := byOwner[owner.Owner]
		if m == nil {
			m = &merged{owner: owner}
			byOwner[owner.Owner] = m
			out = append(out, m)
		}
		for k, n := range t.Counts {
			m.Counts[k] += n
		}
		m.Labels.Merge(&t.Labels, 1)
	}
	return out
}

func pointsOf(n *[Kinds]int) reward.Points {
	return reward.Points{
		Prompts: n[Prompt], AssistantReplies: n[AssistantReply], PrompterReplies: n[PrompterReply],
		LabelsSimple: n[LabelsSimple], LabelsFull: n[LabelsFull],
		Rankings: n[Ranking], GoodRankings: n[GoodRanking],
		AcceptedPrompts:          n[AcceptedPrompt],
		AcceptedAssistantReplies: n[AcceptedAssistantReply],
		AcceptedPrompterReplies:  n[AcceptedPrompterReply],
		First:                    n[First], Second: n[Second], Third: n[Third],
	}
}
