package httpapi

import (
	"dendro/domain"
	"dendro/domain/ranking"
	"dendro/projections/audit"
)

// mostWithout bounds the contributors that a merge leaves out.
const mostWithout = 1000

// auditRankings merges the rankings of a message's replies again, under another
// rule or without some votes, and says what would change. Nothing does.
func auditRankings(c *call) (reply, error) {
	id := domain.MessageID(c.pathID("message_id"))
	rule := c.queryWord("rule", ranking.RuleNames())
	without := c.ids("without", mostWithout)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	if rule == "" {
		rule = ranking.DefaultRule
	}
	m, err := c.anyMessage(id)
	if err != nil {
		return reply{}, err
	}
	mergers, err := c.mergers()
	if err != nil {
		return reply{}, err
	}
	named := map[domain.ContributorID]bool{}
	for _, id := range without {
		named[mergers.Owner(domain.ContributorID(id))] = true
	}
	x := audit.NewRankings()
	tooLong := fail(codeOther, "the tree has more than %d events; ask `dendro ranking remerge` on the log", mostExamined)
	err = c.whole(domain.TreeStream(m.Tree), tooLong, func(r domain.Recorded) error {
		x.Take(&r)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	out, err := x.Remerge(audit.Ask{
		Parent: id, Rule: rule, Without: func(by domain.ContributorID) bool { return named[mergers.Owner(by)] },
	})
	if err != nil {
		return reply{}, err
	}
	return ok(out)
}
