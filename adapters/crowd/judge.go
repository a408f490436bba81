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

// Impression is what there is to see in a message.
type Impression struct {
	Key     string // what small things follow from; every message has another
	Spam    bool   // an advertisement
	Rude    bool
	Quality int // 0 to 100
}

// impression is what the crowd sees in a message that it knows of.
func (k *knowledge) impression(id domain.MessageID) Impression {
	author := k.authorOf(id)
	return Impression{Key: string(id[:]), Spam: isSpam(author, id), Rude: isRude(author, id), Quality: k.quality(id)}
}

// Bad tells that a message had better not be there.
func (i *Impression) Bad() bool { return i.Spam || i.Rude }

// Judge gives the labels that somebody puts on a message, of those asked for:
// all that must be given, and most of the others.
func Judge(dice *domain.Dice, is Habit, seen Impression, asked, mandatory []domain.Label) []tree.LabelValue {
	var out []tree.LabelValue
	thorough := is != Troll && dice.Chance(17, 20)
	for _, l := range asked {
		if slices.Contains(mandatory, l) || thorough || dice.Chance(1, 2) {
			out = append(out, tree.LabelValue{Label: l, Value: seen.value(dice, is, l)})
		}
	}
	return out
}

// value is one judgement: mostly right, sometimes not; a troll's is wrong.
func (i *Impression) value(dice *domain.Dice, is Habit, l domain.Label) decimal.Decimal {
	if domain.Labels[l.Index()].Widget == domain.Likert {
		at := i.likert(dice, l)
		if is == Troll {
			at = len(quarters) - 1 - at
		}
		return quarters[at]
	}
	chance := i.flagged(l)
	if is == Troll && (l == domain.LabelSpam || l == domain.LabelLangMismatch) {
		chance = 100 - chance
	}
	if dice.Chance(chance, 100) {
		return quarters[4]
	}
	return quarters[0]
}

// flagged is how many of a hundred honest people put the flag.
func (i *Impression) flagged(l domain.Label) int {
	switch {
	case l == domain.LabelSpam && i.Spam, l == "hate_speech" && i.Rude, l == "not_appropriate" && i.Bad():
		return 93
	case l == domain.LabelSpam && i.Rude:
		return 40
	case l == domain.LabelFailsTask && i.Bad():
		return 80
	case l == domain.LabelFailsTask:
		return max(30-i.Quality, 2)
	case l == domain.LabelLangMismatch && number(0, "mismatch", i.Key)%60 == 0:
		return 85
	}
	return 1
}

// likert gives the step from 0 to 4; two honest people are often one apart.
func (i *Impression) likert(dice *domain.Dice, l domain.Label) int {
	level := 0
	switch l {
	case domain.LabelQuality, "helpfulness":
		level = i.Quality
		if i.Bad() {
			level /= 4
		}
	case "creativity", "humor":
		level = int(number(0, string(l), i.Key) % 80)
	case "toxicity", "violence":
		if i.Rude {
			level = 70
		}
	}
	return min(max((level+dice.Below(41)-20)/20, 0), len(quarters)-1)
}

// Rank orders replies from best to worst, as one person sees them.
func Rank(dice *domain.Dice, is Habit, replies []Impression) []int {
	seen := make([]int, len(replies))
	order := make([]int, len(replies))
	for i := range replies {
		seen[i], order[i] = replies[i].Quality+dice.Below(31), i
		if replies[i].Bad() {
			seen[i] -= 60
		}
		if is == Troll {
			seen[i] = -seen[i]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return seen[b] - seen[a] })
	return order
}

func (r *run) judge(m *member, id domain.MessageID, asked, mandatory []domain.Label) []tree.LabelValue {
	return Judge(r.dice, m.Is, r.know.impression(id), asked, mandatory)
}

func (r *run) rank(m *member, replies []domain.MessageID) []int {
	seen := make([]Impression, len(replies))
	for i, id := range replies {
		seen[i] = r.know.impression(id)
	}
	return Rank(r.dice, m.Is, seen)
}
