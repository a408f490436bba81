package crowd

import (
	"sort"

	"dendro/commands"
	"dendro/domain"
)

// Habit is what kind of contributor somebody is.
type Habit int

// The habits.
const (
	Earnest   Habit = iota
	Skipper         // declines most tasks
	Spammer         // advertises
	Troll           // judges against the grain, raises red flags
	Moderator       // earnest, and keeps order
)

// Who of a hundred is what; the others are earnest. Of each there is one at
// least.
var habits = []struct {
	is  Habit
	per int
}{{Moderator, 3}, {Skipper, 5}, {Spammer, 5}, {Troll, 4}}

// Least is the smallest crowd: fewer people cannot review and rank each
// other's texts.
const Least = 5

// Person is what somebody of the crowd is like.
type Person struct {
	Is        Habit
	Languages []string // the first is the mother tongue
	Skill     int      // 0 to 100: how good the texts are
}

// member is one person of the crowd at work.
type member struct {
	Person
	id      domain.ContributorID
	queue   []act // what this person means to do next, in order
	rests   int   // until this round
	gone    bool  // may not take part any more
	hidden  bool  // from the leaderboard
	reacted *reaction
	pasted  string // the last advertisement
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
	all := make([]*member, n)
	for i, p := range Gather(seed, n, languages) {
		all[i] = &member{Person: p, id: domain.ContributorID(makeID(seed, "contributor", uint64(i)))}
	}
	return all
}

// Gather makes n people, at least Least, for the languages; the most active
// come first.
func Gather(seed uint64, n int, languages []string) []Person {
	dice := domain.NewDice(number(seed, "members", ""))
	tongues := spread(n, languages)
	all := make([]Person, n)
	for i := range all {
		p := Person{Languages: []string{languages[tongues[i]]}, Skill: 20 + dice.Below(81)}
		if tongues[i] > 0 && dice.Chance(1, 4) {
			p.Languages = append(p.Languages, languages[0])
		}
		all[i] = p
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	dice.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, h := range habits {
		k := max(n*h.per/100, 1)
		for _, i := range order[:k] {
			all[i].Is = h.is
			if h.is == Troll || h.is == Spammer {
				all[i].Skill = dice.Below(15)
			}
		}
		order = order[k:]
	}
	return all
}

// Activity draws members: the weight of the i-th is about 1/(i+3), so a tenth
// of a crowd of a hundred does nearly half of the work.
type Activity struct {
	upTo []int // sums of the weights so far
}

// NewActivity is for n members.
func NewActivity(n int) Activity {
	a := Activity{upTo: make([]int, n)}
	sum := 0
	for i := range a.upTo {
		sum += 1_000_000 / (i + 4)
		a.upTo[i] = sum
	}
	return a
}

// Draw gives the index of a member.
func (a Activity) Draw(dice *domain.Dice) int {
	at := dice.Below(a.upTo[len(a.upTo)-1])
	return sort.SearchInts(a.upTo, at+1)
}
