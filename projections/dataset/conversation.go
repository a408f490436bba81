package dataset

import (
	"cmp"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/tree"
)

// conversation is one tree. Without a root it is no part of any dataset.
type conversation struct {
	id         domain.TreeID
	state      domain.TreeState
	origin     string // of an imported tree
	root       *message
	messages   map[domain.MessageID]*message
	discounted map[domain.ContributorID]bool // whose label sets do not count here
	marks      *marks
}

// message is what is known of one message, whoever gave it and whether or not
// it counts at the moment.
type message struct {
	id, parent      domain.MessageID
	author          domain.ContributorID
	role            domain.Role
	lang, text      string
	model           string
	created         time.Time
	ranked          bool
	rank            int
	result          tree.Result
	deleted         bool
	synthetic       bool
	sets            []labelSet // of the present text, in the order given
	reactions       map[reaction]struct{}
	scores          []tree.Score
	replies         []*message
	rankings        []tree.RankingSubmitted // of the replies
	importedReviews int                     // of the present text
	importedLabels  []tree.LabelMean        // of the present text
	importedEmojis  []tree.EmojiCount
}

func (c *conversation) posted(e tree.MessagePosted, at time.Time) {
	c.add(&message{
		id: e.Message, parent: e.Parent, author: e.Contributor, role: e.Role,
		lang: e.Language, text: e.Text, model: e.Model, synthetic: e.Synthetic, created: at,
	})
}

func (c *conversation) imported(e tree.Imported) {
	c.state, c.origin = e.State, e.Origin
	for i := range e.Messages {
		m := &e.Messages[i]
		c.add(&message{
			id: m.Message, parent: m.Parent, author: m.Contributor, role: m.Role,
			lang: m.Language, text: m.Text, model: m.Model, synthetic: m.Synthetic, created: domain.Instant(m.Created),
			ranked: m.Ranked, rank: m.Rank, result: m.Result, deleted: m.Deleted, scores: m.Scores,
			importedReviews: m.ReviewCount, importedLabels: m.Labels, importedEmojis: m.Emojis,
		})
	}
}

// add hangs a message where it belongs. One that is there already, a second
// root, and a reply to nothing are left out: no valid log has them.
func (c *conversation) add(m *message) {
	parent := c.messages[m.parent]
	switch {
	case c.messages[m.id] != nil:
		return
	case m.parent.IsZero() && c.root == nil:
		c.root = m
	case parent != nil:
		parent.replies = append(parent.replies, m)
	default:
		return
	}
	c.messages[m.id] = m
}

// ranked takes over a merge: it replaces every rank below its parent.
func (c *conversation) ranked(e tree.RepliesRanked) {
	parent := c.messages[e.Parent]
	if parent == nil {
		return
	}
	for _, m := range parent.replies {
		m.ranked, m.rank = false, 0
	}
	for place, i := range e.Order {
		if i < 0 || i >= len(e.Replies) {
			continue
		}
		if m := c.messages[e.Replies[i]]; m != nil && m.parent == e.Parent {
			m.ranked, m.rank = true, place
		}
	}
}

func (c *conversation) setDeleted(ids []domain.MessageID, deleted bool) {
	for _, id := range ids {
		if m := c.messages[id]; m != nil {
			m.deleted = deleted
		}
	}
}

// edited replaces the text: nothing that was said of the old one counts any
// more, except for reactions, ranks and classifier figures.
func (m *message) edited(text string) {
	m.text, m.sets, m.importedReviews, m.importedLabels = text, nil, 0, nil
}

// inOrder gives the replies by rank, unranked ones last, then by creation
// time, then by id.
func (m *message) inOrder() []*message {
	return slices.SortedFunc(slices.Values(m.replies), func(a, b *message) int {
		switch {
		case a.ranked != b.ranked && a.ranked:
			return -1
		case a.ranked != b.ranked:
			return 1
		}
		return cmp.Or(cmp.Compare(a.rank, b.rank), a.created.Compare(b.created), a.id.Compare(b.id))
	})
}
