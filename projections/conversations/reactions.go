package conversations

import (
	"cmp"
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
)

// react adds or removes a contributor's emoji; what is so already, and an
// emoji that the domain does not have, changes nothing.
func (m *message) react(by domain.ContributorID, emoji domain.Emoji, on bool, changes []projections.Change) []projections.Change {
	bit := emoji.Index()
	if m == nil || bit < 0 {
		return changes
	}
	i, there := slices.BinarySearchFunc(m.reactions, by, func(r *Reaction, by domain.ContributorID) int { return r.By.Compare(by) })
	next := Reaction{Message: m.row.ID, By: by}
	if there {
		next.Emojis = m.reactions[i].Emojis
	}
	if next.Emojis>>bit&1 == 1 == on {
		return changes
	}
	next.Emojis ^= 1 << bit
	step := -1
	if on {
		step = 1
	}
	row := m.renew()
	row.Emojis = counted(row.Emojis, domain.Emojis[bit], step)
	changes = append(changes, projections.Put(row))
	switch {
	case next.Emojis == 0:
		m.reactions = slices.Delete(m.reactions, i, i+1)
		return append(changes, projections.Remove(&Reaction{Message: row.ID, By: by}))
	case there:
		m.reactions[i] = &next
	default:
		m.reactions = slices.Insert(m.reactions, i, &next)
	}
	return append(changes, projections.Put(&next))
}

// counted gives a copy of the counts with n more of an emoji: by their order in
// domain.Emojis, others by name behind, none of them 0.
func counted(counts []tree.EmojiCount, emoji domain.Emoji, n int) []tree.EmojiCount {
	at, there := slices.BinarySearchFunc(counts, emoji, func(c tree.EmojiCount, e domain.Emoji) int {
		return cmp.Or(cmp.Compare(uint(c.Emoji.Index()), uint(e.Index())), cmp.Compare(c.Emoji, e))
	})
	if there && counts[at].Count+n == 0 {
		return slices.Concat(counts[:at], counts[at+1:])
	}
	out := make([]tree.EmojiCount, 0, len(counts)+1)
	out = append(out, counts[:at]...)
	if there {
		out = append(out, tree.EmojiCount{Emoji: emoji, Count: counts[at].Count + n})
		return append(out, counts[at+1:]...)
	}
	out = append(out, tree.EmojiCount{Emoji: emoji, Count: n})
	return append(out, counts[at:]...)
}

// tallied puts what an import brought into that form.
func tallied(f *Fold, imported []tree.EmojiCount) (out []tree.EmojiCount) {
	for _, c := range imported {
		if c.Count > 0 {
			out = counted(out, domain.Emoji(f.names.of(string(c.Emoji))), c.Count)
		}
	}
	return out
}
