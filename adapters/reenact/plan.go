package reenact

import (
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/policy"
	"dendro/domain/tree"
	"dendro/projections/dataset"
)

// leave is whether and when a message leaves the tree.
type leave uint8

const (
	stays leave = iota
	// leavesBefore: deleted before the tree stops growing.
	leavesBefore
	// leavesAfter: deleted when all else is done.
	leavesAfter
	// leavesForAWhile: deleted before the tree stops growing, restored when all
	// else is done. The rules have no other place for an undeleted reply that is
	// undecided, or accepted but unranked beside ranked ones, in a tree that was
	// ranked.
	leavesForAWhile
)

// grown reports whether the tree is to reach its goal.
func (c *conversation) grown() bool {
	switch c.want {
	case domain.ReadyForExport, domain.Ranking, domain.ReadyForScoring, domain.ScoringFailed, domain.BacklogRanking:
		return true
	case domain.HaltedByModerator, domain.AbortedLowGrade:
		return slices.ContainsFunc(c.nodes, func(n *node) bool { return n.row.Rank != nil })
	}
	return false
}

// settles reports whether the tree is to end where nothing is reviewed.
func (c *conversation) settles() bool {
	switch c.want {
	case domain.InitialPromptReview, domain.PromptLotteryWaiting, domain.Growing:
		return false
	}
	return true
}

// ranked reports whether its rankings are to be given.
func (c *conversation) ranked() bool {
	return c.grown() && c.want != domain.Ranking && c.want != domain.BacklogRanking
}

// plan infers the votes of each row, and from their outcome what becomes of
// each tree. It gives the policy under which all of it is possible: the default
// with what the file asks for.
func (f *forest) plan() policy.Policy {
	p := policy.Default()
	p.NumReviewsInitialPrompt = f.requiredReviews(true, p.NumReviewsInitialPrompt, p.AcceptanceInitialPrompt)
	p.NumReviewsReply = f.requiredReviews(false, p.NumReviewsReply, p.AcceptanceReply)
	p.RankPrompterReplies = slices.ContainsFunc(f.order, func(n *node) bool {
		return !n.root() && n.row.Role == domain.Prompter && n.row.Rank != nil
	})
	for _, n := range f.order {
		n.votes = inferVotes(n, &p)
	}
	for _, c := range f.trees {
		c.plan(&p)
	}
	f.enlarge(&p)
	return p
}

// hiddenReviews is up to how many reviews a row does not say that they
// rejected it (spec: dataset §3).
const hiddenReviews = 2

// withoutExcuse is how much more a row weighs that a number of reviews leaves no
// explanation for, than one for which others may have been discounted.
const withoutExcuse = 10

// requiredReviews is how many reviews decide a message: the number that the
// least speaks against, the given one unless another is better. Decided rows
// have at least so many, undecided ones fewer.
func (f *forest) requiredReviews(roots bool, given int, bar decimal.Decimal) int {
	decided, undecided := map[int]int{}, map[int]int{} // weights by number of reviews
	for _, n := range f.order {
		count := n.row.ReviewCount
		if n.root() != roots || count == nil || *count > maxVotes {
			continue
		}
		switch {
		case n.row.ReviewResult == nil && (*count > hiddenReviews || !couldReject(n.row, bar)):
			undecided[*count] += withoutExcuse
		case n.row.ReviewResult == nil:
		case n.conv.settles():
			decided[*count]++
		default:
			decided[*count] += withoutExcuse
		}
	}
	against := func(need int) (weight int) {
		for count, w := range decided {
			if count < need {
				weight += w
			}
		}
		for count, w := range undecided {
			if count >= need {
				weight += w
			}
		}
		return weight
	}
	best := given
	for _, count := range slices.Sorted(maps.Keys(decided)) {
		if count > 0 && against(count) < against(best) {
			best = count
		}
	}
	return best
}

// couldReject reports whether a row has the marks that it takes to reject it.
func couldReject(r *dataset.Row, bar decimal.Decimal) bool {
	marks := decimal.Int(0)
	for _, name := range []domain.Label{domain.LabelSpam, domain.LabelLangMismatch} {
		l, _ := labelMean(r, name)
		marks = marks.Add(l.Mean.Mul(decimal.Int(int64(l.Count))))
	}
	count := decimal.Int(int64(*r.ReviewCount))
	return count.Sub(marks).Cmp(bar.Mul(count)) <= 0
}

// Bounds of any policy.
const (
	mostTrees    = 1_000_000
	mostPerTree  = 1_000
	mostReplies  = 32
	mostTextSize = 100_000
)

// enlarge gives the file the room that it took.
func (f *forest) enlarge(p *policy.Policy) {
	p.MaxActiveTrees, p.MaxInitialPromptReview, p.MaxPromptLotteryWaiting = mostTrees, mostTrees, mostTrees
	// Goals are drawn, and the dice are ours: so one policy fits all trees.
	p.RandomGoalTreeSize, p.MinGoalTreeSize = true, 1
	// Tasks hold no places: more reviews than needed were under way together.
	p.RecentTasksSpan = 0
	for _, c := range f.trees {
		p.GoalTreeSize = max(p.GoalTreeSize, c.goal)
	}
	for _, n := range f.order {
		p.MaxTreeDepth = min(max(p.MaxTreeDepth, n.depth), mostPerTree)
		p.MessageSizeLimit = min(max(p.MessageSizeLimit, utf8.RuneCountInString(n.row.Text)), mostTextSize)
		if n.row.Role == domain.Prompter {
			p.MaxChildrenCount = min(max(p.MaxChildrenCount, len(n.children)), mostReplies)
		} else {
			p.NumPrompterReplies = min(max(p.NumPrompterReplies, len(n.children)), mostReplies)
		}
	}
	p.MaxChildrenCount = max(p.MaxChildrenCount, p.NumPrompterReplies)
	if f.repeats(p.DuplicateMessageWindow) {
		p.DuplicateMessageWindow = 0
	}
	for p.MaxTreeDepth < mostPerTree && p.Validate() != nil {
		p.MaxTreeDepth++ // until the largest goal fits
	}
}

// repeats reports whether somebody wrote the same text twice within the window.
func (f *forest) repeats(window time.Duration) bool {
	type text struct{ user, text string }
	last := map[text]time.Time{}
	for _, n := range f.order {
		if n.row.User == nil {
			continue
		}
		k := text{n.row.User.String(), n.row.Text}
		if at, ok := last[k]; ok && n.row.Created.Sub(at) < window {
			return true
		}
		last[k] = *n.row.Created
	}
	return false
}

func (c *conversation) plan(p *policy.Policy) {
	if !c.grown() {
		for _, n := range c.nodes {
			if n.wantsDeleted() {
				n.leave = leavesAfter
			}
		}
		c.goal = min(len(c.nodes)+1, mostPerTree)
		return
	}
	for _, n := range c.nodes {
		n.leave = n.departure(p)
	}
	for _, n := range c.nodes {
		if !n.counts() {
			continue
		}
		c.goal++
		if len(n.children) == 0 && c.keeper == nil {
			c.keeper = n
		}
	}
	c.goal = min(max(c.goal, 1), mostPerTree)
}

// departure decides for a row of a tree that reaches its goal.
func (n *node) departure(p *policy.Policy) leave {
	undecided := n.votes.result == tree.Undecided
	passedOver := n.votes.result == tree.Accepted && n.passedOver(p)
	switch {
	case n.root():
	case n.wantsDeleted() && (undecided || passedOver):
		return leavesBefore
	case !n.wantsDeleted() && (undecided || passedOver) && !n.ranksWithin():
		return leavesForAWhile
	}
	if n.wantsDeleted() {
		return leavesAfter
	}
	return stays
}

// passedOver reports whether the row has no rank though its siblings have.
func (n *node) passedOver(p *policy.Policy) bool {
	return n.parent != nil && n.row.Rank == nil && p.Ranks(n.row.Role) && slices.ContainsFunc(n.parent.children, func(s *node) bool {
		return s.row.Rank != nil && s.votes.result == tree.Accepted
	})
}

// ranksWithin reports whether anything at or below the row has a rank.
func (n *node) ranksWithin() bool {
	return n.row.Rank != nil || slices.ContainsFunc(n.children, (*node).ranksWithin)
}

// leavesEarly reports whether the row is not there when the tree stops growing.
func (n *node) leavesEarly() bool { return n.leave == leavesBefore || n.leave == leavesForAWhile }

// counts reports whether the row is there, accepted, when the tree reaches its
// goal.
func (n *node) counts() bool {
	for up := n; up != nil; up = up.parent {
		if up.votes.result != tree.Accepted || up.leavesEarly() {
			return false
		}
	}
	return true
}
