package schemas

import "dendro/domain/tree"

func treeImported(w *wire, e *tree.Imported) {
	name(w, "language", &e.Language)
	name(w, "state", &e.State)
	optText(w, "origin", &e.Origin)
	list(w, "messages", &e.Messages, importedItem)
}

func importedItem(w *wire, m *tree.ImportedMessage) { object(w, m, importedMessage) }

func importedMessage(w *wire, m *tree.ImportedMessage) {
	id(w, "message", &m.Message)
	optID(w, "parent", &m.Parent)
	optID(w, "contributor", &m.Contributor)
	name(w, "role", &m.Role)
	text(w, "text", &m.Text)
	name(w, "language", &m.Language)
	instant(w, "created", &m.Created)
	num(w, "review_count", &m.ReviewCount)
	result(w, "result", &m.Result)
	optTruth(w, "deleted", &m.Deleted)
	rank(w, "rank", &m.Ranked, &m.Rank)
	optTruth(w, "synthetic", &m.Synthetic)
	optName(w, "model_name", &m.Model)
	optList(w, "emojis", &m.Emojis, emojiCountItem)
	optList(w, "labels", &m.Labels, labelMeanItem)
	optList(w, "scores", &m.Scores, scoreItem)
}

// result is "accepted" or "rejected", and left out when undecided.
func result(w *wire, key string, p *tree.Result) {
	if !w.option(key, *p != tree.Undecided) {
		return
	}
	word := map[tree.Result]string{tree.Accepted: "accepted", tree.Rejected: "rejected"}[*p]
	nameItem(w, &word)
	switch word {
	case "accepted":
		*p = tree.Accepted
	case "rejected":
		*p = tree.Rejected
	default:
		w.fail("a result is accepted or rejected, not %q", word)
	}
}

// rank is a number that is left out when there is none.
func rank(w *wire, key string, ranked *bool, p *int) {
	if w.option(key, *ranked) {
		numItem(w, p)
		*ranked = true
	} else if *p != 0 {
		w.key = key
		w.fail("the message has rank %d and is not ranked", *p)
	}
}

func emojiCountItem(w *wire, c *tree.EmojiCount) { object(w, c, emojiCount) }

func emojiCount(w *wire, c *tree.EmojiCount) {
	name(w, "emoji", &c.Emoji)
	num(w, "count", &c.Count)
}

func labelMeanItem(w *wire, m *tree.LabelMean) { object(w, m, labelMean) }

func labelMean(w *wire, m *tree.LabelMean) {
	name(w, "label", &m.Label)
	dec(w, "mean", &m.Mean)
	num(w, "count", &m.Count)
}
