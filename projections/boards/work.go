package boards

import (
	"slices"

	"dendro/domain"
	"dendro/domain/ranking"
	"dendro/domain/tree"
)

func (f *Fold) posted(c *conversation, e tree.MessagePosted) {
	if c.message(e.Message) != nil {
		return
	}
	m := &message{id: e.Message, at: f.now, author: f.people.number(e.Contributor), kind: kindOf(e)}
	if m.kind == Prompt {
		c.root = m
	}
	c.messages = append(c.messages, m)
	f.putPost(m)
}

func kindOf(e tree.MessagePosted) Kind {
	switch {
	case e.Parent.IsZero():
		return Prompt
	case e.Role == domain.Assistant:
		return AssistantReply
	default:
		return PrompterReply
	}
}

// putPost puts the deed of having written m: it was a task, and so it stays.
func (f *Fold) putPost(m *message) {
	f.put(Deed{Kind: m.kind, Subject: m.id, By: f.people.ids[m.author], At: m.at.time(), Counts: !m.deleted})
}

func (f *Fold) judged(c *conversation, id domain.MessageID, result tree.Result) {
	if m := c.message(id); m != nil {
		m.result = result
		f.refreshAccepted(m)
		f.refreshPlaces(c, m)
	}
}

// hide deletes or restores messages, and all that hangs on them.
func (f *Fold) hide(c *conversation, ids []domain.MessageID, deleted bool) {
	for _, id := range ids {
		m := c.message(id)
		if m == nil || m.deleted == deleted {
			continue
		}
		m.deleted = deleted
		f.putPost(m)
		f.refreshAccepted(m)
		f.refreshPlaces(c, m)
		f.refreshMarks(c, m)
		f.refreshFlags(m)
	}
	f.refreshSpam(c)
}

func (f *Fold) refreshAccepted(m *message) {
	f.show(&m.accepted, m.result == tree.Accepted && !m.deleted, Deed{
		Kind: AcceptedPrompt + m.kind, Subject: m.id, By: f.people.ids[m.author], At: m.at.time(),
	})
}

func (f *Fold) voted(c *conversation, e tree.RankingSubmitted) {
	by := f.people.number(e.Contributor)
	if c.vote(e.Parent, by) != nil {
		return
	}
	v := &vote{parent: e.Parent, at: f.now, by: by}
	if !e.NotRankable {
		for i, id := range e.Order[:min(len(e.Order), maxPlaces)] {
			v.places[i] = c.message(id)
		}
	}
	c.votes = append(c.votes, v)
	f.put(Deed{Kind: Ranking, Subject: e.Parent, Other: e.Contributor, By: e.Contributor, At: f.now.time(), Counts: true})
	f.refreshVote(c, v)
}

// merged takes over a consensus: it replaces the earlier one of its parent.
func (f *Fold) merged(c *conversation, e tree.RepliesRanked) {
	agree := map[person]bool{}
	for _, b := range e.Ballots {
		if !b.NotRankable && ranking.AgreesHalf(b.Order, e.Order) {
			agree[f.people.number(b.Contributor)] = true
		}
	}
	for _, v := range c.votes {
		if v.parent == e.Parent {
			v.agrees = agree[v.by]
			f.refreshVote(c, v)
		}
	}
}

func (f *Fold) refreshVote(c *conversation, v *vote) {
	counts, by, at := !c.ignores(v.by), f.people.ids[v.by], v.at.time()
	f.show(&v.good, v.agrees && counts, Deed{Kind: GoodRanking, Subject: v.parent, Other: by, By: by, At: at})
	for i, m := range v.places {
		if m != nil {
			f.show(&v.placed[i], counts && !m.deleted && m.result != tree.Rejected, Deed{
				Kind: First + Kind(i), Subject: m.id, Other: by, By: f.people.ids[m.author], At: at,
			})
		}
	}
}

func (f *Fold) refreshPlaces(c *conversation, m *message) {
	for _, v := range c.votes {
		if slices.Contains(v.places[:], m) {
			f.refreshVote(c, v)
		}
	}
}

// discount makes the votes of a contributor count no longer, or again.
func (f *Fold) discount(c *conversation, who domain.ContributorID, out bool) {
	p := f.people.number(who)
	c.discounted = slices.DeleteFunc(c.discounted, func(q person) bool { return q == p })
	if out {
		c.discounted = append(c.discounted, p)
	}
	for _, m := range c.messages {
		f.refreshMarks(c, m)
	}
	for _, v := range c.votes {
		f.refreshVote(c, v)
	}
}
