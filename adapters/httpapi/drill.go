package httpapi

import (
	"time"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections/boards"
)

// trollItem is one thing that others said of a contributor's messages, and what
// it adds to the troll score.
type trollItem struct {
	Kind    string                `json:"kind"`
	Points  int                   `json:"points"`
	Message domain.MessageID      `json:"message_id"`
	By      *domain.ContributorID `json:"user_id"` // null where a rule did it
	Created stamp                 `json:"created_date"`
	Labels  []string              `json:"labels"` // marks, of a label set
	Text    string                `json:"text"`   // the beginning of the message
	Deleted bool                  `json:"deleted"`
}

// trollKinds are the deeds behind the trollboard, by what they are called here.
var trollKinds = map[boards.Kind]string{
	boards.RedFlag: "red_flag", boards.Upvote: "upvote", boards.Downvote: "downvote", boards.SpamPrompt: "spam_prompt",
	boards.Marks: "review", boards.FreeMarks: "labels",
}

// deedKey is a place among deeds, as a page names it.
type deedKey struct {
	At      time.Time            `json:"t"`
	Kind    boards.Kind          `json:"k"`
	Subject domain.MessageID     `json:"s"`
	Other   domain.ContributorID `json:"o"`
}

// mostSnippet is how many characters of a text are shown beside others.
const mostSnippet = 200

// showTroll gives a contributor's line of the trollboard, and what is behind it,
// the newest first: the points of all pages come to the score.
func showTroll(c *call, a *account) (reply, error) {
	f, most := c.frame(), c.number("max_count", 100, 1000)
	owner, accounts, err := c.ownerOf(a)
	if err != nil {
		return reply{}, err
	}
	q := boards.DeedQuery{By: accounts, Since: f.Since(c.now), Max: most + 1}
	for k := range boards.Kind(boards.Kinds) {
		if _, is := trollKinds[k]; is {
			q.Kinds = append(q.Kinds, k)
		}
	}
	var at deedKey
	if c.readToken(&at) {
		q.Before = &boards.DeedKey{At: domain.Instant(at.At), Kind: at.Kind, Subject: [16]byte(at.Subject), Other: at.Other}
	}
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	out := struct {
		Score     *trollScore  `json:"score"`
		Agreement *agreementOf `json:"agreement"`
		Items     []trollItem  `json:"items"`
		Next      *string      `json:"next"`
	}{}
	if out.Score, err = c.trollOf(owner, f); err != nil {
		return reply{}, err
	}
	if out.Agreement, err = c.agreement(accounts); err != nil {
		return reply{}, err
	}
	deeds, err := c.views.Deeds(c.ctx(), q)
	if err != nil {
		return reply{}, err
	}
	if len(deeds) > most {
		deeds = deeds[:most]
		k := deeds[most-1].Key()
		out.Next = token(deedKey{k.At, k.Kind, domain.MessageID(k.Subject), k.Other})
	}
	if out.Items, err = c.trollItems(deeds); err != nil {
		return reply{}, err
	}
	return ok(out)
}

// ownerOf gives the owner of an account, and all of the owner's accounts.
func (c *call) ownerOf(a *account) (owner domain.ContributorID, accounts []domain.ContributorID, err error) {
	mergers, err := c.mergers()
	owner = mergers.Owner(a.ID)
	return owner, mergers.Accounts([]domain.ContributorID{owner})[0], err
}

// trollOf gives an owner's line of the trollboard, nil when there is none.
func (c *call) trollOf(owner domain.ContributorID, f reward.Frame) (*trollScore, error) {
	tallies, accounts, err := c.tallies(f)
	if err != nil {
		return nil, err
	}
	return c.trollAmong(tallies, accounts, owner, f)
}

func (c *call) trollAmong(tallies []boards.Tally, accounts []boards.Account, owner domain.ContributorID, f reward.Frame) (*trollScore, error) {
	for _, s := range boards.Trollboard(tallies, accounts, false) {
		if s.Owner == owner {
			scores, err := c.trolls([]boards.TrollStanding{s}, f)
			if err != nil {
				return nil, err
			}
			return &scores[0], nil
		}
	}
	return nil, nil
}

func (c *call) trollItems(deeds []*boards.Deed) ([]trollItem, error) {
	ids := make([]domain.MessageID, len(deeds))
	for i, d := range deeds {
		ids[i] = domain.MessageID(d.Subject) // that of a tree is its prompt's
	}
	messages, err := c.views.MessagesByID(c.ctx(), ids)
	if err != nil {
		return nil, err
	}
	mergers, err := c.mergers()
	if err != nil {
		return nil, err
	}
	out := make([]trollItem, len(deeds))
	for i, d := range deeds {
		out[i] = trollItem{
			Kind: trollKinds[d.Kind], Points: trollPoints(d), Message: ids[i], By: idOrNull(mergers.Owner(d.Other)), Created: stamp(d.At), Labels: []string{},
		}
		if d.Labels != nil {
			for n, name := range reward.MarkLabels {
				if d.Labels.Flags>>n&1 == 1 {
					out[i].Labels = append(out[i].Labels, name)
				}
			}
		}
		if m := messages[i]; m != nil {
			out[i].Text, out[i].Deleted = snippet(m.Text), m.Deleted
		}
	}
	return out, nil
}

// trollPoints is what a deed adds to the troll score.
func trollPoints(d *boards.Deed) int {
	var t reward.Trolling
	switch d.Kind {
	case boards.RedFlag:
		t.RedFlags = 1
	case boards.Upvote:
		t.Upvotes = 1
	case boards.Downvote:
		t.Downvotes = 1
	case boards.SpamPrompt:
		t.SpamPrompts = 1
	}
	if d.Labels != nil {
		t.Labels.Add(d.Labels, 1)
	}
	return t.Score()
}

func snippet(text string) string {
	n := 0
	for i := range text {
		if n++; n > mostSnippet {
			return text[:i] + "…"
		}
	}
	return text
}
