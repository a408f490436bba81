package boards

import (
	"slices"

	"dendro/domain"
	"dendro/domain/reward"
)

// Account says whose an account is, and how that owner stands now: accounts of
// one owner agree on it. An account that no list of accounts holds belongs to
// itself, and is neither listed nor enabled.
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
	owned := merge(tallies, accounts)
	lines := make([]line, 0, len(owned))
	points := make([]reward.Points, len(owned))
	for i, o := range owned {
		if o.Listed && has(o.tally, Kind.Points) {
			points[i] = pointsOf(&o.tally.Counts)
			lines = append(lines, line{points[i].Score(), o.Owner, i})
		}
	}
	rank(lines)
	board := make([]Standing, len(lines))
	for i, l := range lines {
		board[i] = Standing{Rank: i + 1, Owner: l.owner, Points: points[l.of], Score: l.score, Level: reward.Level(l.score)}
	}
	return board
}

// Trollboard ranks the owners of whose messages anything was said within the
// tallies' frame, by troll score, then id; with onlyEnabled no others than
// those that are enabled.
func Trollboard(tallies []Tally, accounts []Account, onlyEnabled bool) []TrollStanding {
	owned := merge(tallies, accounts)
	lines := make([]line, 0, len(owned))
	trolling := make([]reward.Trolling, len(owned))
	for i, o := range owned {
		if (o.Enabled || !onlyEnabled) && has(o.tally, func(k Kind) bool { return !k.Points() }) {
			n := &o.tally.Counts
			trolling[i] = reward.Trolling{
				RedFlags: n[RedFlag], Upvotes: n[Upvote], Downvotes: n[Downvote], SpamPrompts: n[SpamPrompt], Labels: o.tally.Labels,
			}
			lines = append(lines, line{trolling[i].Score(), o.Owner, i})
		}
	}
	rank(lines)
	board := make([]TrollStanding, len(lines))
	for i, l := range lines {
		board[i] = TrollStanding{Rank: i + 1, Owner: l.owner, Trolling: trolling[l.of], Score: l.score}
	}
	return board
}

// line is what ranks are made of: much smaller than a standing.
type line struct {
	score int
	owner domain.ContributorID
	of    int // index of the owner
}

func rank(lines []line) {
	slices.SortFunc(lines, func(a, b line) int {
		if a.score != b.score {
			return b.score - a.score
		}
		return a.owner.Compare(b.owner)
	})
}

func has(t *Tally, of func(Kind) bool) bool {
	for k, n := range t.Counts {
		if n > 0 && of(Kind(k)) {
			return true
		}
	}
	return false
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

// owned is what counts for one owner of accounts.
type owned struct {
	*Account
	tally *Tally // the account's own, unless there are several
	sum   bool   // there are
}

// merge adds up the tallies of each owner, in order of first appearance.
func merge(tallies []Tally, accounts []Account) []owned {
	numbers := make(map[domain.ContributorID]int, len(accounts))
	for i := range accounts {
		numbers[accounts[i].ID] = i
	}
	out := make([]owned, 0, len(tallies))
	found := make(map[domain.ContributorID]int, len(tallies))
	for i := range tallies {
		t := &tallies[i]
		var account *Account
		if n, known := numbers[t.Contributor]; known {
			account = &accounts[n]
		} else {
			account = &Account{ID: t.Contributor, Owner: t.Contributor}
		}
		at, before := found[account.Owner]
		if !before {
			found[account.Owner] = len(out)
			out = append(out, owned{Account: account, tally: t})
			continue
		}
		out[at].add(t)
	}
	return out
}

func (o *owned) add(t *Tally) {
	if !o.sum {
		first := *o.tally
		o.tally, o.sum = &first, true
	}
	for k, n := range t.Counts {
		o.tally.Counts[k] += n
	}
	o.tally.Labels.Merge(&t.Labels, 1)
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
