package dataset

import (
	"fmt"
	"strconv"
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

// Difference is one field in which two rows are not the same. A value that is
// not there is written "–".
type Difference struct {
	Field     string // as in the file; of a label or emoji "labels.spam"
	Got, Want string
}

// String says it in one line.
func (d Difference) String() string { return fmt.Sprintf("%s: %s, want %s", d.Field, d.Got, d.Want) }

// meanTolerance is how far two means may be apart: published ones are doubles.
var meanTolerance = decimal.MustParse("0.000000001")

const none = "–"

// Compare gives the differences between two rows of one message, in the order
// of the fields, each label and emoji for itself. Not compared: the line
// number, synthetic, model_name, detoxify and message_tree_id.
func Compare(got, want Row) []Difference {
	var c comparison
	c.add("parent_id", text(got.Parent), text(want.Parent))
	c.add("user_id", text(got.User), text(want.User))
	c.add("created_date", instant(got.Created), instant(want.Created))
	c.add("text", strconv.Quote(got.Text), strconv.Quote(want.Text))
	c.add("role", string(got.Role), string(want.Role))
	c.add("lang", got.Lang, want.Lang)
	c.add("review_count", text(got.ReviewCount), text(want.ReviewCount))
	c.add("review_result", text(got.ReviewResult), text(want.ReviewResult))
	c.add("deleted", text(got.Deleted), text(want.Deleted))
	c.add("rank", text(got.Rank), text(want.Rank))
	c.emojis(got.Emojis, want.Emojis)
	c.labels(got.Labels, want.Labels)
	c.add("tree_state", text(got.State), text(want.State))
	return c
}

type comparison []Difference

func (c *comparison) add(field, got, want string) {
	if got != want {
		*c = append(*c, Difference{field, got, want})
	}
}

func (c *comparison) emojis(got, want []tree.EmojiCount) {
	name := func(e tree.EmojiCount) domain.Emoji { return e.Emoji }
	pairs(got, want, name, byEmoji, func(e domain.Emoji, a, b *tree.EmojiCount) {
		count := func(e *tree.EmojiCount) string {
			if e == nil {
				return none
			}
			return strconv.Itoa(e.Count)
		}
		c.add("emojis."+string(e), count(a), count(b))
	})
}

func (c *comparison) labels(got, want []tree.LabelMean) {
	name := func(l tree.LabelMean) domain.Label { return l.Label }
	pairs(got, want, name, byLabel, func(l domain.Label, a, b *tree.LabelMean) {
		if a != nil && b != nil && a.Count == b.Count && near(a.Mean, b.Mean) {
			return
		}
		share := func(l *tree.LabelMean) string {
			if l == nil {
				return none
			}
			return fmt.Sprintf("%s of %d", l.Mean, l.Count)
		}
		c.add("labels."+string(l), share(a), share(b))
	})
}

// near reports whether |a − b| is at most meanTolerance.
func near(a, b decimal.Decimal) bool {
	if a.Cmp(b) < 0 {
		a, b = b, a
	}
	return a.Sub(b).Cmp(meanTolerance) <= 0
}

// pairs walks two lists that are in the same order, by name.
func pairs[T any, N comparable](got, want []T, name func(T) N, order func(a, b N) int, pair func(N, *T, *T)) {
	for len(got) > 0 || len(want) > 0 {
		side := 0
		switch {
		case len(got) == 0:
			side = 1
		case len(want) == 0:
			side = -1
		default:
			side = order(name(got[0]), name(want[0]))
		}
		switch {
		case side < 0:
			pair(name(got[0]), &got[0], nil)
			got = got[1:]
		case side > 0:
			pair(name(want[0]), nil, &want[0])
			want = want[1:]
		default:
			pair(name(got[0]), &got[0], &want[0])
			got, want = got[1:], want[1:]
		}
	}
}

func text[T any](v *T) string {
	if v == nil {
		return none
	}
	return fmt.Sprint(*v)
}

func instant(t *time.Time) string {
	if t == nil {
		return none
	}
	return t.UTC().Format(TimeForm)
}
