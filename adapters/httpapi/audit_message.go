package httpapi

import (
	"net/http"
	"slices"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
	"dendro/projections/audit"
	"dendro/projections/contributors"
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
	about := audit.About(id, above)
	return c.explained(t, m.Tree, audit.Why(id), func(e domain.Event) bool { return about.Takes(e) })
}

var errNoTree = failWith(http.StatusNotFound, codeNoMessage, "there is no such tree")

// auditTree gives what happened in a tree's stream.
func auditTree(c *call) (reply, error) {
	id := domain.TreeID(c.pathID("tree_id"))
	t := c.newTrail(string(domain.TreeStream(id)))
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	return c.explained(t, id, audit.WhyTree(id), func(domain.Event) bool { return true })
}

// explained puts the wanted events of a tree into the trail, and the verdict that
// follows from all of them.
func (c *call) explained(t *trail, in domain.TreeID, why *audit.Reasoning, wanted func(domain.Event) bool) (reply, error) {
	got, err := found(c, errNoTree, func() (*history, error) {
		got, err := c.history(mostExamined, moderation.OfStream(domain.TreeStream(in)))
		if err != nil || len(got.entries) == 0 {
			return nil, err
		}
		return got, nil
	})
	if err != nil {
		return reply{}, err
	}
	t.Truncated = got.more
	language := ""
	err = c.recorded(got.entries, func(r domain.Recorded) error {
		why.Take(&r)
		switch e := r.Payload.(type) {
		case tree.Opened:
			language = e.Language
		case tree.Imported:
			language = e.Language
		}
		if !wanted(r.Payload) {
			return nil
		}
		return t.add(r)
	})
	if err == nil && !got.more { // what is left out may have decided
		t.Verdict, err = c.verdict(why, language)
	}
	if err != nil {
		return reply{}, err
	}
	return ok(t)
}

// verdict asks for the policies of the tree's pool and who was erased, and says
// what follows from it all.
func (c *call) verdict(why *audit.Reasoning, language string) (*audit.Verdict, error) {
	policies, err := c.history(mostTrail, moderation.OfStream(domain.PoolID{Language: language}.Stream()))
	if err != nil {
		return nil, err
	}
	err = c.recorded(policies.entries, func(r domain.Recorded) error {
		why.TakePolicy(&r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	gone, err := c.erasures(why.Authors())
	if err != nil {
		return nil, err
	}
	v := why.Verdict(func(id domain.ContributorID) (*domain.Recorded, bool) { return gone[id], gone[id] != nil })
	return &v, nil
}

// erasures gives, for those of the accounts that were erased, the events that
// did it: whose account was merged into one that is erased is erased with it.
func (c *call) erasures(of []domain.ContributorID) (map[domain.ContributorID]*domain.Recorded, error) {
	mergers, err := c.mergers()
	if err != nil {
		return nil, err
	}
	paths, all := make([][]domain.ContributorID, len(of)), []domain.ContributorID{}
	for i, id := range of {
		paths[i], _ = contributor.Onward(id, mergers.Into)
		all = append(all, paths[i]...)
	}
	rows, err := c.views.Contributors(c.ctx(), all)
	if err != nil {
		return nil, err
	}
	gone := map[domain.ContributorID]*domain.Recorded{}
	for i, path := range paths {
		at := slices.IndexFunc(rows[:len(path)], func(row *contributors.Contributor) bool { return row != nil && row.Erased })
		if rows = rows[len(path):]; at < 0 {
			continue
		}
		if gone[of[i]], err = c.erasure(path[at]); err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// erasure gives the event that erased an account.
func (c *call) erasure(id domain.ContributorID) (*domain.Recorded, error) {
	got, err := c.history(mostTrail, moderation.OfStream(domain.ContributorStream(id)))
	if err != nil {
		return nil, err
	}
	by := &domain.Recorded{} // if it is too long ago for the history
	err = c.recorded(got.entries, func(r domain.Recorded) error {
		if _, is := r.Payload.(contributor.Erased); is {
			by = &r
		}
		return nil
	})
	return by, err
}
