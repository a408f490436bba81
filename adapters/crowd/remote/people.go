package remote

import (
	"fmt"
	"sync"
	"time"

	"dendro/adapters/crowd"
	"dendro/domain"
	"dendro/domain/tree"
)

// person is somebody of the crowd, as a frontend knows them. Whoever took a
// person may use it until giving it back.
type person struct {
	crowd.Person
	user
	saw     []message // the newest of what they were shown, without their own
	reacted *reacted
	pasted  string // the last advertisement
	idle    int    // fruitless requests for a task in a row

	// Kept by people.
	taken bool
	gone  bool // may not take part any more
	rests time.Time
}

type reacted struct {
	message domain.MessageID
	emoji   domain.Emoji
}

// undo is how an emoji is taken back.
func (r *reacted) undo(dice *domain.Dice) tree.EmojiOp {
	if dice.Chance(1, 2) {
		return tree.EmojiToggle
	}
	return tree.EmojiRemove
}

// mostSeen bounds the messages that somebody still talks about.
const mostSeen = 8

func (p *person) see(list []message) {
	p.saw = append(p.saw, list...)
	p.saw = p.saw[max(len(p.saw)-mostSeen, 0):]
}

// login names the person in headers and paths.
func (p *person) login() string { return p.AuthMethod + ":" + p.ID }

// people are all of the crowd, of whom each does one thing at a time.
type people struct {
	mu       sync.Mutex
	all      []*person
	activity crowd.Activity
}

func newPeople(seed uint64, n int, languages []string) *people {
	c := &people{activity: crowd.NewActivity(n)}
	for i, p := range crowd.Gather(seed, n, languages) {
		c.all = append(c.all, &person{Person: p, user: user{
			ID: fmt.Sprintf("crowd-%d-%05d", seed, i), DisplayName: fmt.Sprintf("Person %d of crowd %d", i, seed), AuthMethod: "local",
		}})
	}
	return c
}

// draws is how often the lot may fall on somebody who is not free.
const draws = 8

// take gives somebody who is free, the active more often; nil when nobody is
// for now. Left is false when nobody will ever be.
func (c *people) take(dice *domain.Dice, now time.Time) (p *person, left bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	free := func(p *person) bool { return !p.taken && !p.gone && !now.Before(p.rests) }
	for range draws {
		if p := c.all[c.activity.Draw(dice)]; free(p) {
			p.taken = true
			return p, true
		}
	}
	from := dice.Below(len(c.all))
	for i := range c.all {
		p := c.all[(from+i)%len(c.all)]
		if free(p) {
			p.taken = true
			return p, true
		}
		left = left || !p.gone
	}
	return nil, left
}

// give lets others take the person, after a rest.
func (c *people) give(p *person, rest time.Duration, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.taken, p.gone = false, p.gone || gone
	if rest > 0 {
		p.rests = time.Now().Add(rest)
	}
}
