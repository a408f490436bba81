package conversations

import (
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
)

// A nil message is one that the tree does not have: nothing happens to it.

func (m *message) decided(result tree.Result, changes []projections.Change) []projections.Change {
	if m == nil || m.row.Result == result {
		return changes
	}
	row := m.renew()
	row.Result = result
	return append(changes, projections.Put(row))
}

// edited replaces the text. Reviews were of the old one; reactions, ranks and
// the result stay until an event says otherwise.
func (m *message) edited(e tree.MessageEdited, r *domain.Recorded, changes []projections.Change) []projections.Change {
	if m == nil {
		return changes
	}
	if !m.row.Edited {
		changes = append(changes, projections.Put(m.original()))
	}
	if old := m.row; !old.Edited || old.Text != e.Text || old.Reviews != 0 {
		row := m.renew()
		row.Text, row.Edited, row.Reviews = e.Text, true, 0
		changes = append(changes, projections.Put(row))
	}
	m.reviewers = nil
	return append(changes, projections.Put(&Revision{
		Message: m.row.ID, Number: e.Revision, Text: e.Text, Event: r.ID, Actor: r.Actor, Created: domain.Instant(r.Time),
	}))
}

// original is the text as posted, of a message that is not edited yet.
func (m *message) original() *Revision {
	r := &Revision{Message: m.row.ID, Text: m.row.Text, Event: m.event, Created: m.row.Created}
	if !m.row.Author.IsZero() {
		r.Actor = domain.ByContributor(m.row.Author)
	}
	return r
}
