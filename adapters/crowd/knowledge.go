package crowd

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// recentTexts bounds the texts per language that people still talk about.
const recentTexts = 64

// text is what the crowd remembers of a message.
type text struct {
	id      domain.MessageID
	tree    domain.TreeID
	author  domain.ContributorID
	role    domain.Role
	lang    string
	deleted bool
}

// conversation is what the moderators know of a tree.
type conversation struct {
	id    domain.TreeID
	state domain.TreeState
	moved time.Time
}

// knowledge is what the crowd learnt from answers.
type knowledge struct {
	people   map[domain.ContributorID]*member
	texts    map[domain.MessageID]*text
	recent   map[string][]*text
	trees    map[domain.TreeID]*conversation
	open     []*conversation // under review or growing, as they came
	reported []*text
	halted   []domain.TreeID    // to be looked at
	deleted  []domain.MessageID // the tops of deletions
}

func newKnowledge(people []*member) *knowledge {
	k := &knowledge{
		people: map[domain.ContributorID]*member{}, texts: map[domain.MessageID]*text{},
		recent: map[string][]*text{}, trees: map[domain.TreeID]*conversation{},
	}
	for _, m := range people {
		k.people[m.id] = m
	}
	return k
}

// learn takes events in.
func (k *knowledge) learn(events []domain.Recorded) {
	for i := range events {
		r := &events[i]
		if id, ok := r.Stream.Tree(); ok {
			k.learnTree(id, r)
			continue
		}
		if id, ok := r.Stream.Contributor(); ok {
			k.learnPerson(k.people[id], r.Payload)
		}
	}
}

func (k *knowledge) learnPerson(m *member, payload domain.Event) {
	if m == nil {
		return
	}
	switch e := payload.(type) {
	case contributor.Disabled, contributor.Merged, contributor.Erased:
		m.gone, m.queue = true, nil
	case contributor.Enabled:
		m.gone = false
	case contributor.Updated:
		m.hidden = !e.ShowOnLeaderboard
	}
}

func (k *knowledge) learnTree(id domain.TreeID, r *domain.Recorded) {
	if c := k.trees[id]; c != nil {
		c.moved = r.Time
	}
	switch e := r.Payload.(type) {
	case tree.Opened:
		c := &conversation{id: id, state: domain.InitialPromptReview, moved: r.Time}
		k.trees[id] = c
		k.open = append(k.open, c)
	case tree.StateChanged:
		k.moved(id, e.To)
		if e.To == domain.HaltedByModerator && e.Reason == lookedAt {
			k.halted = append(k.halted, id)
		}
	case tree.MessagePosted:
		t := &text{id: e.Message, tree: id, author: e.Contributor, role: e.Role, lang: e.Language}
		k.texts[e.Message] = t
		list := append(k.recent[t.lang], t)
		k.recent[t.lang] = list[max(len(list)-recentTexts, 0):]
	case tree.MessageReported:
		if t := k.texts[e.Message]; t != nil {
			k.reported = append(k.reported, t)
		}
	case tree.ReportResolved:
		k.reported = slices.DeleteFunc(k.reported, func(t *text) bool { return t.id == e.Message })
	case tree.MessageDeleted:
		k.hide(e.Messages, true)
		k.deleted = append(k.deleted, e.Message)
	case tree.MessageRestored:
		k.hide(e.Messages, false)
	}
}

func (k *knowledge) moved(id domain.TreeID, to domain.TreeState) {
	c := k.trees[id]
	if c == nil {
		return
	}
	was := c.state
	c.state = to
	if !unfinished(was) && unfinished(to) {
		k.open = append(k.open, c)
	}
}

func unfinished(s domain.TreeState) bool {
	return s == domain.InitialPromptReview || s == domain.Growing
}

func (k *knowledge) hide(ids []domain.MessageID, deleted bool) {
	for _, id := range ids {
		if t := k.texts[id]; t != nil {
			t.deleted = deleted
		}
	}
}

// stuck gives the first tree that has need of work and in which nothing has
// happened for so long, or nil. What is finished is forgotten on the way.
func (k *knowledge) stuck(now time.Time, after time.Duration) *conversation {
	var found *conversation
	kept := k.open[:0]
	for _, c := range k.open {
		if !unfinished(c.state) {
			continue
		}
		if found == nil && now.Sub(c.moved) > after {
			found = c
		}
		kept = append(kept, c)
	}
	clear(k.open[len(kept):])
	k.open = kept
	return found
}

// quality is how good a message is, 0 to 100: half of it is its author's.
func (k *knowledge) quality(id domain.MessageID) int {
	skill := 50
	if t := k.texts[id]; t != nil && k.people[t.author] != nil {
		skill = k.people[t.author].Skill
	}
	return quality(string(id[:]), skill)
}

// isSpam tells whether a message is an advertisement: most of what spammers
// write is. It follows from author and id, so that those who come later know.
func isSpam(author *member, id domain.MessageID) bool {
	return author != nil && author.Is == Spammer && number(0, "spam", string(id[:]))%5 > 0
}

// isRude tells the same of what trolls write.
func isRude(author *member, id domain.MessageID) bool {
	return author != nil && author.Is == Troll && number(0, "rude", string(id[:]))%3 > 0
}

func (k *knowledge) authorOf(id domain.MessageID) *member {
	if t := k.texts[id]; t != nil {
		return k.people[t.author]
	}
	return nil
}
