package crowd

import (
	"slices"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/tree"
)

// pick draws one of the texts that people still talk about.
func (r *run) pick(language string) *text {
	list := r.know.recent[language]
	return list[r.dice.Below(len(list))]
}

// comment reacts to a message that nobody asked about: an emoji, labels, a
// report.
func (r *run) comment(m *member, t *text) {
	seen := r.know.impression(t.id)
	switch at := r.dice.Below(10); {
	case seen.Bad() && at < 3, m.Is == Troll && at < 2:
		r.push(m, act{cmd: r.by(m, commands.OnTree{Do: tree.SetLabels{
			Message: t.id, By: m.id, Client: r.client, Report: true, Reason: "please look at this",
			Labels: r.judge(m, t.id, domain.LabelsOfReport(), []domain.Label{domain.LabelSpam}),
		}})})
	case at < 4:
		labels := slices.Clone(domain.LabelsAsked(t.role))
		r.dice.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
		labels = labels[:1+r.dice.Below(4)]
		r.push(m, act{cmd: r.by(m, commands.OnTree{Do: tree.SetLabels{
			Message: t.id, By: m.id, Client: r.client, Labels: r.judge(m, t.id, labels, labels[:1]),
		}})})
	default:
		r.react(m, t)
	}
}

var friendly = []domain.Emoji{"100", "rofl", "clap", "diamond", "heart_eyes"}
var hostile = []domain.Emoji{domain.EmojiRedFlag, "poop", "skull", "disappointed"}

func (r *run) react(m *member, t *text) {
	if last := m.reacted; last != nil && r.dice.Chance(1, 6) {
		op := tree.EmojiRemove
		if r.dice.Chance(1, 2) {
			op = tree.EmojiToggle
		}
		m.reacted = nil
		r.push(m, act{cmd: r.by(m, commands.OnTree{Do: tree.React{Message: last.message, By: m.id, Emoji: last.emoji, Op: op}})})
		return
	}
	emoji := Emoji(r.dice, m.Is, r.know.impression(t.id))
	m.reacted = &reaction{t.id, emoji}
	r.push(m, act{cmd: r.by(m, commands.OnTree{Do: tree.React{Message: t.id, By: m.id, Emoji: emoji, Op: tree.EmojiAdd}})})
}

// Emoji gives the one that somebody reacts with.
func Emoji(dice *domain.Dice, is Habit, seen Impression) domain.Emoji {
	likes := seen.Quality > 45 && !seen.Bad() && is != Troll
	switch votes := dice.Chance(3, 4); {
	case likes && votes:
		return domain.EmojiUp
	case likes:
		return friendly[dice.Below(len(friendly))]
	case votes:
		return domain.EmojiDown
	}
	emoji := hostile[dice.Below(len(hostile))]
	if emoji == domain.EmojiRedFlag && !seen.Bad() && is != Troll {
		return "disappointed" // honest people flag what is to be flagged
	}
	return emoji
}
