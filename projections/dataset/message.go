package dataset

import (
	"cmp"
	"slices"
	"strconv"

	"dendro/domain"
	"dendro/domain/tree"
)

// detoxify lists the classifier figures of the published datasets in their
// order; others follow by name.
var detoxify = []string{
	"toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit",
}

// appendMessage appends a message's object without its closing brace and
// without the keys that belong to its tree. What it finds is counted when the
// message is held.
func (w *writer) appendMessage(dst []byte, c *conversation, m *message, held bool) []byte {
	user := w.owners.of(m.author).id
	reviews := c.reviews(m)
	w.counts = m.emojis(w.counts[:0], w.owners)
	w.sums.addUp(c, m, w.owners)
	if held {
		w.tally.message(m, user, w.counts, w.sums)
	}

	dst = appendID(append(dst, `{"message_id":"`...), m.id)
	if !m.parent.IsZero() {
		dst = appendID(append(dst, `","parent_id":"`...), m.parent)
	}
	if !user.IsZero() {
		dst = appendID(append(dst, `","user_id":"`...), user)
	}
	dst = appendTime(append(dst, `","created_date":`...), m.created)
	dst = AppendString(append(dst, `,"text":`...), m.text)
	dst = appendText(dst, "role", string(m.role))
	dst = appendText(dst, "lang", m.lang)
	dst = strconv.AppendInt(append(dst, `,"review_count":`...), int64(reviews), 10)
	if m.result == tree.Accepted || m.result == tree.Rejected && reviews > 2 {
		dst = strconv.AppendBool(append(dst, `,"review_result":`...), m.result == tree.Accepted)
	}
	dst = strconv.AppendBool(append(dst, `,"deleted":`...), m.deleted)
	if m.ranked {
		dst = strconv.AppendInt(append(dst, `,"rank":`...), int64(m.rank), 10)
	}
	dst = strconv.AppendBool(append(dst, `,"synthetic":`...), m.synthetic)
	dst = appendText(dst, "model_name", m.model)
	dst = appendEmojis(dst, w.counts)
	dst = w.appendLabels(dst, w.sums)
	if w.recipe.Events == EventsInclude {
		dst = w.appendEvents(dst, c, m)
	}
	return appendScores(dst, m.scores)
}

// appendEmojis and its siblings append ,"key":{…}, or nothing when it would be
// empty.
func appendEmojis(dst []byte, counts []tree.EmojiCount) []byte {
	o := open(dst, `,"emojis":{`)
	for _, e := range counts {
		if e.Count > 0 {
			o.key(string(e.Emoji))
			o.dst = strconv.AppendInt(o.dst, int64(e.Count), 10)
		}
	}
	return o.close()
}

func (w *writer) appendLabels(dst []byte, sums labelSums) []byte {
	o := open(dst, `,"labels":{`)
	for _, s := range sums {
		if s.count > 0 {
			o.key(string(s.label))
			o.dst = append(append(o.dst, `{"value":`...), w.means.text(s.sum, s.count)...)
			o.dst = strconv.AppendInt(append(o.dst, `,"count":`...), int64(s.count), 10)
			o.dst = append(o.dst, '}')
		}
	}
	return o.close()
}

func appendScores(dst []byte, scores []tree.Score) []byte {
	o := open(dst, `,"detoxify":{`)
	for _, s := range slices.SortedStableFunc(slices.Values(scores), byScore) {
		o.key(s.Name)
		o.dst = append(o.dst, numeral(s.Value.Div(1))...)
	}
	return o.close()
}

func byScore(a, b tree.Score) int {
	return cmp.Or(cmp.Compare(uint(slices.Index(detoxify, a.Name)), uint(slices.Index(detoxify, b.Name))), cmp.Compare(a.Name, b.Name))
}

// object is a JSON object being appended.
type object struct {
	dst         []byte
	start, body int
}

func open(dst []byte, with string) object {
	start := len(dst)
	dst = append(dst, with...)
	return object{dst, start, len(dst)}
}

func (o *object) key(name string) {
	if len(o.dst) > o.body {
		o.dst = append(o.dst, ',')
	}
	o.dst = append(AppendString(o.dst, name), ':')
}

func (o *object) close() []byte {
	if len(o.dst) == o.body {
		return o.dst[:o.start]
	}
	return append(o.dst, '}')
}

// appendText appends ,"key":"text", or nothing when the text is empty.
func appendText(dst []byte, key, text string) []byte {
	if text == "" {
		return dst
	}
	dst = append(append(append(dst, `,"`...), key...), `":`...)
	return AppendString(dst, text)
}

func appendID[K any](dst []byte, id domain.ID[K]) []byte {
	dst, _ = id.AppendText(dst) // has no error to give
	return dst
}
