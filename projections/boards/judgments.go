package boards

import (
	"slices"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/domain/tree"
)

func (f *Fold) labelled(c *conversation, e tree.LabelsSubmitted) {
	kind := FreeMarks
	if !e.Task.IsZero() {
		kind = Marks
		f.reviewed(c, e)
	}
	if m := c.message(e.Message); m != nil {
		f.marked(c, m, mark{labels: f.labelSet(e.Labels), at: f.now, by: f.people.number(e.Contributor), kind: kind})
	}
}

// reviewed puts the deed of having done a label task.
func (f *Fold) reviewed(c *conversation, e tree.LabelsSubmitted) {
	t, open := c.task(e.Task)
	if !open {
		return
	}
	if !t.collective {
		c.over(t.id)
	}
	kind := LabelsSimple
	if t.full {
		kind = LabelsFull
	}
	f.put(Deed{Kind: kind, Subject: e.Message, Other: e.Contributor, By: e.Contributor, At: f.now.time(), Counts: true})
}

// marked keeps a label set; it replaces the labeller's earlier one of its kind.
func (f *Fold) marked(c *conversation, m *message, got mark) {
	i := slices.IndexFunc(m.marks, func(x mark) bool { return x.by == got.by && x.kind == got.kind })
	if i >= 0 {
		m.marks[i] = got // its row, if there is one, is put over the old
	} else {
		m.marks = append(m.marks, got)
	}
	f.refreshMarks(c, m)
}

// labelSet gives what of the labels the trollboard looks at. A campaign gets
// millions of label sets and few different ones.
func (f *Fold) labelSet(values []tree.LabelValue) *reward.Labels {
	set := reward.NoLabels()
	for _, l := range values {
		set.Set(string(l.Label), l.Value)
	}
	if shared := f.labels[set]; shared != nil {
		return shared
	}
	first := set
	f.labels[set] = &first
	return &first
}

func (f *Fold) refreshMarks(c *conversation, m *message) {
	for i := range m.marks {
		x := &m.marks[i]
		f.show(&x.stands, !m.deleted && !c.ignores(x.by), Deed{
			Kind: x.kind, Subject: m.id, Other: f.people.ids[x.by], By: f.people.ids[m.author], At: x.at.time(), Labels: x.labels,
		})
	}
}

func flagKind(e domain.Emoji) (k Kind, ok bool) {
	switch e {
	case domain.EmojiRedFlag:
		return RedFlag, true
	case domain.EmojiUp:
		return Upvote, true
	case domain.EmojiDown:
		return Downvote, true
	}
	return k, false
}

func (f *Fold) reacted(c *conversation, e tree.EmojiAdded) {
	kind, ok := flagKind(e.Emoji)
	m := c.message(e.Message)
	by := f.people.number(e.Contributor)
	if !ok || m == nil || m.flag(kind, by) >= 0 {
		return
	}
	m.flags = append(m.flags, flag{at: f.now, by: by, kind: kind})
	f.showFlag(m, &m.flags[len(m.flags)-1], !m.deleted)
}

func (f *Fold) unreacted(c *conversation, e tree.EmojiRemoved) {
	kind, ok := flagKind(e.Emoji)
	m := c.message(e.Message)
	if !ok || m == nil {
		return
	}
	i := m.flag(kind, f.people.number(e.Contributor))
	if i < 0 {
		return
	}
	f.showFlag(m, &m.flags[i], false)
	m.flags = slices.Delete(m.flags, i, i+1)
}

func (m *message) flag(kind Kind, by person) int {
	return slices.IndexFunc(m.flags, func(x flag) bool { return x.kind == kind && x.by == by })
}

func (f *Fold) refreshFlags(m *message) {
	for i := range m.flags {
		f.showFlag(m, &m.flags[i], !m.deleted)
	}
}

func (f *Fold) showFlag(m *message, x *flag, should bool) {
	f.show(&x.stands, should, Deed{
		Kind: x.kind, Subject: m.id, Other: f.people.ids[x.by], By: f.people.ids[m.author], At: x.at.time(),
	})
}

// moved takes over a tree's state, as far as it tells spam.
func (f *Fold) moved(c *conversation, to domain.TreeState) {
	aborted := to == domain.AbortedLowGrade
	if aborted && !c.aborted {
		c.abortedAt = f.now
	}
	c.aborted = aborted
	f.refreshSpam(c)
}

func (f *Fold) refreshSpam(c *conversation) {
	if c.root == nil {
		return
	}
	f.show(&c.spam, c.aborted && !c.root.deleted, Deed{
		Kind: SpamPrompt, Subject: c.root.id, By: f.people.ids[c.root.author], At: c.abortedAt.time(),
	})
}
