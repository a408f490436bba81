package crowd

import (
	"sort"

	"dendro/commands"
	"dendro/domain"
)

// habit is what kind of contributor somebody is.
type habit int

const (
	earnest   habit = iota
	skipper         // declines most tasks
	spammer         // advertises
	troll           // judges against the grain, raises red flags
	moderator       // earnest, and keeps order
)

// Who of a hundred is what; the others are earnest. Of each there is one at
// least.
var habits = []struct {
	is  habit
	per int
}{{moderator, 3}, {skipper, 5}, {spammer, 5}, {troll, 4}}

// Least is the smallest crowd: fewer people cannot review and rank each
// other's texts.
const Least = 5

// member is one person of the crowd.
type member struct {
	id        domain.ContributorID
	is        habit
	languages []string // the first is the mother tongue
	skill     int      // 0 to 100: how good the texts are
	queue     []act    // what this person means to do next, in order
	rests     int      // until this round
	gone      bool     // may not take part any more
	hidden    bool     // from the leaderboard
	reacted   *reaction
	pasted    string // the last advertisement
}

type reaction struct {
	message domain.MessageID
	emoji   domain.Emoji
}

// act is one command that somebody means to send, and what comes of it.
type act struct {
	cmd commands.Command
	// make gives the command when its turn comes; cmd is sent when it is nil.
	make func() commands.Command
	// then looks at the answer.
	then func(*member, commands.Command, commands.Outcome)
	// submits: it may complete a task.
	submits bool
	// retry: the command was answered before, and must add nothing now.
	retry bool
}

// gather makes the members; the most active come first.
func gather(seed uint64, n int, languages []string) []*member {
	dice := domain.NewDice(number(seed, "members", ""))
	tongues := spread(n, languages)
	all := make([]*member, n)
	for i := range all {
		m := &member{
			id:        domain.ContributorID(makeID(seed, "contributor", uint64(i))),
			languages: []string{languages[tongues[i]]}, skill: 20 + dice.Below(81),
		}
		if tongues[i] > 0 && dice.Chance(1, 4) {
			m.languages = append(m.languages, languages[0])
		}
		all[i] = m
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	dice.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, h := range habits {
		k := max(n*h.per/100, 1)
		for _, i := range order[:k] {
			all[i].is = h.is
			if h.is == troll || h.is == spammer {
				all[i].skill = dice.Below(15)
			}
		}
		order = order[k:]
	}
	return all
}

// activity draws members: the weight of the i-th is about 1/(i+3), so a tenth
// of a crowd of a hundred does nearly half of the work.
type activity struct {
	upTo []int // sums of the weights so far
}

func newActivity(n int) activity {
	a := activity{upTo: make([]int, n)}
	sum := 0
	for i := range a.upTo {
		sum += 1_000_000 / (i + 4)
		a.upTo[i] = sum
	}
	return a
}

func (a activity) draw(dice *domain.Dice) int {
	at := dice.Below(a.upTo[len(a.upTo)-1])
	return sort.SearchInts(a.upTo, at+1)
}
