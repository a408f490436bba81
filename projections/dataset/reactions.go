package dataset

import (
	"cmp"
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
)

type reaction struct {
	emoji domain.Emoji
	by    domain.ContributorID
}

func (m *message) react(r reaction) {
	if m.reactions == nil {
		m.reactions = map[reaction]struct{}{}
	}
	m.reactions[r] = struct{}{}
}

// emojis counts the owners of accounts per emoji, and adds what an import
// brought, in the order of domain.Emojis, others by name behind. It appends to
// dst, which is empty.
func (m *message) emojis(dst []tree.EmojiCount, who *owners) []tree.EmojiCount {
	add := func(e domain.Emoji, n int) {
		at, found := slices.BinarySearchFunc(dst, e, func(c tree.EmojiCount, e domain.Emoji) int { return byEmoji(c.Emoji, e) })
		if !found {
			dst = slices.Insert(dst, at, tree.EmojiCount{Emoji: e})
		}
		dst[at].Count += n
	}
	for _, c := range m.importedEmojis {
		add(c.Emoji, c.Count)
	}
	if !who.merged() {
		for r := range m.reactions {
			add(r.emoji, 1)
		}
		return dst
	}
	owned := make(map[reaction]struct{}, len(m.reactions))
	for r := range m.reactions {
		owned[reaction{r.emoji, who.of(r.by).id}] = struct{}{}
	}
	for r := range owned {
		add(r.emoji, 1)
	}
	return dst
}

func byEmoji(a, b domain.Emoji) int {
	return cmp.Or(cmp.Compare(uint(a.Index()), uint(b.Index())), cmp.Compare(a, b))
}
