package httpapi

import (
	"dendro/domain"
	"dendro/projections/audit"
	"dendro/projections/moderation"
)

// auditMessage gives what explains a message, out of what happened in its tree.
func auditMessage(c *call) (reply, error) {
	id := domain.MessageID(c.pathID("message_id"))
	t := c.newTrail("message/" + id.String())
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	m, err := c.anyMessage(id)
	if err != nil {
		return reply{}, err
	}
	path, err := c.pathTo(m)
	if err != nil {
		return reply{}, err
	}
	above := make([]domain.MessageID, len(path)-1)
	for i := range above {
		above[i] = path[i].ID
	}
	about, why := audit.About(id, above), audit.Why(id)
	got, err := c.history(mostExamined, moderation.OfStream(domain.TreeStream(m.Tree)))
	if err != nil {
		return reply{}, err
	}
	t.Truncated = got.more
	err = c.recorded(got.entries, func(r domain.Recorded) error {
		why.Take(&r)
		if !about.Takes(r.Payload) {
			return nil
		}
		return t.add(r)
	})
	if err == nil {
		t.Verdict, err = c.verdict(why)
	}
	if err != nil {
		return reply{}, err
	}
	return ok(t)
}

// verdict asks who was erased, and says what follows from it all.
func (c *call) verdict(why *audit.Reasoning) (*audit.Verdict, error) {
	mergers, err := c.views.Mergers(c.ctx())
	if err != nil {
		return nil, err
	}
	erased := map[domain.ContributorID]bool{}
	for _, author := range why.Authors() {
		// Whose account was merged into one that is erased is erased with it.
		for id, seen := author, map[domain.ContributorID]bool{}; !id.IsZero() && !seen[id]; id = mergers[id] {
			seen[id] = true
			row, err := c.views.Contributor(c.ctx(), id)
			if err != nil {
				return nil, err
			}
			erased[author] = erased[author] || row != nil && row.Erased
		}
	}
	v := why.Verdict(func(id domain.ContributorID) bool { return erased[id] })
	return &v, nil
}
