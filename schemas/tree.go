package schemas

import (
	"dendro/domain"
	"dendro/domain/tree"
)

// treeEvents lists the events of conversation trees.
var treeEvents = []kind{
	of(domain.KindTree, 1, taskAssigned),
	of(domain.KindTree, 1, taskAcknowledged),
	of(domain.KindTree, 1, taskDeclined),
	of(domain.KindTree, 1, taskClosed),
	of(domain.KindTree, 1, treeOpened),
	of(domain.KindTree, 1, messagePosted),
	of(domain.KindTree, 1, labelsSubmitted),
	of(domain.KindTree, 1, messageAccepted),
	of(domain.KindTree, 1, messageRejected),
	of(domain.KindTree, 1, messageReopened),
	of(domain.KindTree, 1, rankingSubmitted),
	of(domain.KindTree, 1, repliesRanked),
	of(domain.KindTree, 1, emojiAdded),
	of(domain.KindTree, 1, emojiRemoved),
	of(domain.KindTree, 1, messageReported),
	of(domain.KindTree, 1, reportResolved),
	of(domain.KindTree, 1, messageEdited),
	of(domain.KindTree, 1, messageDeleted),
	of(domain.KindTree, 1, messageRestored),
	of(domain.KindTree, 1, messageScored),
	of(domain.KindTree, 1, lotteryWon),
	of(domain.KindTree, 1, votesDiscounted),
	of(domain.KindTree, 1, votesReinstated),
	of(domain.KindTree, 1, stateChanged),
	of(domain.KindTree, 1, treeImported),
}

func taskAssigned(w *wire, e *tree.TaskAssigned) {
	id(w, "task", &e.Task)
	name(w, "kind", &e.Kind)
	name(w, "language", &e.Language)
	optID(w, "contributor", &e.Contributor)
	optID(w, "client", &e.Client)
	optTruth(w, "collective", &e.Collective)
	optID(w, "message", &e.Message)
	optList(w, "labels", &e.Labels, nameItem)
	optList(w, "mandatory", &e.Mandatory, nameItem)
	optTruth(w, "full", &e.Full)
	optList(w, "replies", &e.Replies, idItem)
	optTruth(w, "reveal_synthetic", &e.RevealSynthetic)
	instant(w, "expires", &e.Expires)
}

func taskAcknowledged(w *wire, e *tree.TaskAcknowledged) {
	id(w, "task", &e.Task)
	text(w, "frontend_message_id", &e.FrontendID)
}

func taskDeclined(w *wire, e *tree.TaskDeclined) {
	id(w, "task", &e.Task)
	optText(w, "reason", &e.Reason)
}

func taskClosed(w *wire, e *tree.TaskClosed) {
	id(w, "task", &e.Task)
}

func treeOpened(w *wire, e *tree.Opened) {
	name(w, "language", &e.Language)
	part(w, "limits", &e.Limits, treeLimits)
}

func treeLimits(w *wire, l *tree.Limits) {
	num(w, "goal_tree_size", &l.Goal)
	num(w, "max_tree_depth", &l.MaxDepth)
	num(w, "max_children_count", &l.MaxChildren)
	num(w, "num_prompter_replies", &l.PrompterReplies)
}

func messagePosted(w *wire, e *tree.MessagePosted) {
	id(w, "message", &e.Message)
	optID(w, "parent", &e.Parent)
	optID(w, "task", &e.Task)
	optID(w, "contributor", &e.Contributor)
	optID(w, "client", &e.Client)
	name(w, "role", &e.Role)
	text(w, "text", &e.Text)
	name(w, "language", &e.Language)
	optText(w, "frontend_message_id", &e.FrontendID)
	optTruth(w, "synthetic", &e.Synthetic)
	optName(w, "model_name", &e.Model)
	optName(w, "terms", &e.Terms)
}

func labelsSubmitted(w *wire, e *tree.LabelsSubmitted) {
	id(w, "message", &e.Message)
	optID(w, "task", &e.Task)
	optID(w, "contributor", &e.Contributor)
	optID(w, "client", &e.Client)
	labelSet(w, "labels", &e.Labels)
	optName(w, "terms", &e.Terms)
}

// labelSet is an object of label to value, in canonical order.
func labelSet(w *wire, key string, p *[]tree.LabelValue) {
	if w.member(key) {
		object(w, p, labelValues)
	}
}

func labelValues(w *wire, p *[]tree.LabelValue) {
	set := *p
	if w.reading {
		set = make([]tree.LabelValue, 0, w.count('}'))
	}
	n := 0
	for i := range domain.Labels {
		label := domain.Labels[i].Name
		if !w.option(string(label), n < len(set) && set[n].Label == label) {
			continue
		}
		if w.reading {
			set = append(set, tree.LabelValue{Label: label})
		}
		decItem(w, &set[n].Value)
		n++
	}
	if n < len(set) {
		w.fail("label %q is unknown, repeated or out of canonical order", set[n].Label)
	}
	if w.reading && n > 0 {
		*p = set
	}
}

func messageAccepted(w *wire, e *tree.MessageAccepted) {
	id(w, "message", &e.Message)
	num(w, "reviews", &e.Reviews)
	dec(w, "score", &e.Score)
}

func messageRejected(w *wire, e *tree.MessageRejected) {
	id(w, "message", &e.Message)
	num(w, "reviews", &e.Reviews)
	dec(w, "score", &e.Score)
}

func messageReopened(w *wire, e *tree.MessageReopened) {
	id(w, "message", &e.Message)
	num(w, "reviews", &e.Reviews)
}

func rankingSubmitted(w *wire, e *tree.RankingSubmitted) {
	id(w, "parent", &e.Parent)
	optID(w, "task", &e.Task)
	optID(w, "contributor", &e.Contributor)
	optID(w, "client", &e.Client)
	optList(w, "order", &e.Order, idItem)
	optTruth(w, "not_rankable", &e.NotRankable)
	optName(w, "terms", &e.Terms)
}

func repliesRanked(w *wire, e *tree.RepliesRanked) {
	id(w, "parent", &e.Parent)
	list(w, "replies", &e.Replies, idItem)
	list(w, "ballots", &e.Ballots, ballotItem)
	list(w, "matrix", &e.Matrix, numsItem)
	list(w, "order", &e.Order, numItem)
	name(w, "tie_rule", &e.TieRule)
	optList(w, "ties", &e.Ties, pairItem)
}

func ballotItem(w *wire, b *tree.Ballot) { object(w, b, ballot) }

func ballot(w *wire, b *tree.Ballot) {
	optID(w, "contributor", &b.Contributor)
	optList(w, "order", &b.Order, numItem)
	optTruth(w, "not_rankable", &b.NotRankable)
}

func numsItem(w *wire, p *[]int) { items(w, p, numItem) }

func pairItem(w *wire, p *[2]int) {
	w.mark('[')
	numItem(w, &p[0])
	w.mark(',')
	numItem(w, &p[1])
	w.mark(']')
}

func emojiAdded(w *wire, e *tree.EmojiAdded) {
	id(w, "message", &e.Message)
	optID(w, "contributor", &e.Contributor)
	name(w, "emoji", &e.Emoji)
}

func emojiRemoved(w *wire, e *tree.EmojiRemoved) {
	id(w, "message", &e.Message)
	optID(w, "contributor", &e.Contributor)
	name(w, "emoji", &e.Emoji)
}

func messageReported(w *wire, e *tree.MessageReported) {
	id(w, "message", &e.Message)
	optID(w, "contributor", &e.Contributor)
	optText(w, "reason", &e.Reason)
}

func reportResolved(w *wire, e *tree.ReportResolved) {
	id(w, "message", &e.Message)
	optText(w, "reason", &e.Reason)
}

func messageEdited(w *wire, e *tree.MessageEdited) {
	id(w, "message", &e.Message)
	text(w, "text", &e.Text)
	num(w, "revision", &e.Revision)
	optText(w, "reason", &e.Reason)
}

func messageDeleted(w *wire, e *tree.MessageDeleted) {
	id(w, "deletion", &e.Deletion)
	id(w, "message", &e.Message)
	list(w, "messages", &e.Messages, idItem)
	optText(w, "reason", &e.Reason)
	optName(w, "rule", &e.Rule)
}

func messageRestored(w *wire, e *tree.MessageRestored) {
	id(w, "deletion", &e.Deletion)
	id(w, "message", &e.Message)
	list(w, "messages", &e.Messages, idItem)
	optText(w, "reason", &e.Reason)
}

func messageScored(w *wire, e *tree.MessageScored) {
	id(w, "message", &e.Message)
	name(w, "model_name", &e.Model)
	list(w, "scores", &e.Scores, scoreItem)
}

func scoreItem(w *wire, s *tree.Score) { object(w, s, score) }

func score(w *wire, s *tree.Score) {
	name(w, "name", &s.Name)
	dec(w, "value", &s.Value)
}

func lotteryWon(*wire, *tree.LotteryWon) {}

func votesDiscounted(w *wire, e *tree.VotesDiscounted) {
	id(w, "contributor", &e.Contributor)
	optText(w, "reason", &e.Reason)
}

func votesReinstated(w *wire, e *tree.VotesReinstated) {
	id(w, "contributor", &e.Contributor)
	optText(w, "reason", &e.Reason)
}

func stateChanged(w *wire, e *tree.StateChanged) {
	optName(w, "from", &e.From)
	name(w, "to", &e.To)
	optText(w, "reason", &e.Reason)
	optName(w, "rule", &e.Rule)
}
