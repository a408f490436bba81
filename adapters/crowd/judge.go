package crowd

import (
	"slices"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

var quarters = [...]decimal.Decimal{
	decimal.Int(0), decimal.MustParse("0.25"), decimal.MustParse("0.5"), decimal.MustParse("0.75"), decimal.Int(1),
}

// judge gives the labels that somebody puts on a message, of those asked for:
// all that must be given, and most of the others.
func (r *run) judge(m *member, message domain.MessageID, asked, mandatory []domain.Label) []tree.LabelValue {
	var out []tree.LabelValue
	thorough := m.is != troll && r.dice.Chance(17, 20)
	for _, l := range asked {
		if slices.Contains(mandatory, l) || thorough || r.dice.Chance(1, 2) {
			out = append(out, tree.LabelValue{Label: l, Value: r.value(m, message, l)})
		}
	}
	return out
}

// value is one judgement: mostly right, sometimes not; a troll's is wrong.
func (r *run) value(m *member, message domain.MessageID, l domain.Label) decimal.Decimal {
	spam, rude := isSpam(r.know.authorOf(message), message), isRude(r.know.authorOf(message), message)
	if domain.Labels[l.Index()].Widget == domain.Likert {
		at := r.likert(message, l, spam, rude)
		if m.is == troll {
			at = len(quarters) - 1 - at
		}
		return quarters[at]
	}
	chance := 1 // of a hundred, that the flag is put
	switch {
	case l == domain.LabelSpam && spam, l == "hate_speech" && rude, l == "not_appropriate" && (spam || rude):
		chance = 93
	case l == domain.LabelSpam && rude:
		chance = 40
	case l == domain.LabelFailsTask && (spam || rude):
		chance = 80
	case l == domain.LabelFailsTask:
		chance = max(30-r.know.quality(message), 2)
	case l == domain.LabelLangMismatch && number(0, "mismatch", string(message[:]))%60 == 0:
		chance = 85
	}
	if m.is == troll && (l == domain.LabelSpam || l == domain.LabelLangMismatch) {
		chance = 100 - chance
	}
	if r.dice.Chance(chance, 100) {
		return quarters[4]
	}
	return quarters[0]
}

// likert gives the step from 0 to 4; two honest people are often one apart.
func (r *run) likert(message domain.MessageID, l domain.Label, spam, rude bool) int {
	level := 0
	switch l {
	case domain.LabelQuality, "helpfulness":
		level = r.know.quality(message)
		if spam || rude {
			level /= 4
		}
	case "creativity", "humor":
		level = int(number(0, string(l), string(message[:])) % 80)
	case "toxicity", "violence":
		if rude {
			level = 70
		}
	}
	return min(max((level+r.dice.Below(41)-20)/20, 0), len(quarters)-1)
}

// rank orders replies from best to worst, as one person sees them.
func (r *run) rank(m *member, replies []domain.MessageID) []int {
	seen := make([]int, len(replies))
	order := make([]int, len(replies))
	for i, id := range replies {
		seen[i], order[i] = r.know.quality(id)+r.dice.Below(31), i
		if author := r.know.authorOf(id); isSpam(author, id) || isRude(author, id) {
			seen[i] -= 60
		}
		if m.is == troll {
			seen[i] = -seen[i]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return seen[b] - seen[a] })
	return order
}
