package reenact

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dendro/domain"
	"dendro/domain/tree"
)

// explain names the rule behind a difference of a row that was played. What
// was noted on the way says more than what can be found out afterwards.
func (n *node) explain(d Difference) (Rule, string) {
	field, _, _ := strings.Cut(d.Field, ".")
	for _, note := range slices.Concat(n.votes.notes, n.notes) {
		return note.rule, note.why
	}
	switch field {
	case "review_count", "review_result":
		return n.explainReview()
	case "rank":
		return RuleRank, n.explainRank()
	case "deleted":
		return RuleDeletion, "a deletion takes everything below it, and a tree without its prompt is halted"
	case "labels":
		return RuleLabels, fmt.Sprintf("at most %d label sets of a message are played", maxVotes)
	case "emojis":
		return RuleReactions, fmt.Sprintf("at most %d reactions of a kind are played", maxVotes)
	case "tree_state":
		return RuleTreeState, n.conv.explainState()
	case "lang", "synthetic", "model_name":
		return RuleKept, "a language keeps the spelling it was first met in; synthetic messages name a model, others none"
	case "message_tree_id":
		return RuleTreeID, "a tree has the id of its root"
	}
	return RuleUnexplained, ""
}

func (n *node) explainReview() (Rule, string) {
	figures := fmt.Sprintf("review_count is %s", text(n.row.ReviewCount))
	for _, name := range []domain.Label{domain.LabelSpam, domain.LabelLangMismatch} {
		if l, ok := labelMean(n.row, name); ok {
			figures += fmt.Sprintf(", %s is %s of %d", name, l.Mean, l.Count)
		}
	}
	if n.result == tree.Undecided {
		return RuleReviews, "too few reviews for a decision: " + figures
	}
	return RuleAcceptance, "such reviews decide otherwise: " + figures
}

// explainRank looks at the file's group: a consensus gives the ranks 0, 1, 2, …
// to the accepted, undeleted replies of a parent, when there are two or more.
func (n *node) explainRank() string {
	if n.root() {
		return "a prompt has no siblings to be ranked with"
	}
	var ranks []int
	unranked := 0
	for _, s := range n.parent.children {
		switch {
		case s.row.Rank != nil:
			ranks = append(ranks, *s.row.Rank)
		case s.result == tree.Accepted && !s.deleted:
			unranked++
		}
	}
	slices.Sort(ranks)
	var missing []string
	for at, r := range ranks {
		if at > 0 && ranks[at-1] == r {
			return fmt.Sprintf("two replies of the file's group have the rank %d", r)
		}
		for want := nextRank(ranks[:at]); want < r && len(missing) < mostReplies; want++ {
			missing = append(missing, strconv.Itoa(want))
		}
	}
	switch {
	case len(missing) > 0:
		return "the file's group lacks the reply ranked " + strings.Join(missing, ", ")
	case len(ranks) == 1 && unranked == 0:
		return "a single accepted reply is not ranked"
	case n.row.Rank != nil && n.result != tree.Accepted:
		return "only accepted replies are ranked"
	case unranked > 0:
		return "accepted replies of a group are ranked together, and in the file some are not"
	}
	return "its tree did not come to be ranked: it is " + string(n.conv.state)
}

func nextRank(sorted []int) int {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)-1] + 1
}

// explainState says why the tree did not end as in the file.
func (c *conversation) explainState() string {
	root := c.root
	switch {
	case c.want == domain.ReadyForScoring || c.want == domain.ScoringFailed || c.want == domain.BacklogRanking:
		return fmt.Sprintf("no tree stays %s through contributions alone", c.want)
	case root.result == tree.Undecided:
		return "too few reviews of the prompt for a decision"
	case c.want == domain.Ranking && c.state == domain.ReadyForExport:
		return "it had nothing to rank, so it was ready at once"
	case c.want == domain.AbortedLowGrade:
		return "neither reviews nor red flags speak against its prompt enough"
	case c.state == domain.HaltedByModerator:
		return "a tree is halted when its prompt is deleted before it grows, or all its messages are"
	case c.state == domain.Growing:
		return fmt.Sprintf("%d accepted messages were wanted, and some could not be played", c.goal)
	}
	return fmt.Sprintf("the rules lead to %s", c.state)
}
