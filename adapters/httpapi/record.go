package httpapi

import (
	"dendro/domain"
	"dendro/domain/reward"
	"dendro/domain/tree"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
	"dendro/projections/moderation"
)

// record is all that is known of a contributor, for whoever has to decide about
// them.
type record struct {
	User       frontEndUser                `json:"user"`
	Owner      domain.ContributorID        `json:"owner_id"` // of the accounts
	Accounts   []domain.ContributorID      `json:"accounts"` // the owner's first
	Standing   *standing                   `json:"standing"`
	Messages   recordMessages              `json:"messages"`
	Votes      recordVotes                 `json:"votes_given"`
	Against    recordReports               `json:"reports_against"`
	Reported   []recordReport              `json:"reports_by"` // the newest
	Stats      map[reward.Frame]userScore  `json:"stats"`
	Trolling   map[reward.Frame]trollScore `json:"trolling"`
	Agreement  *agreementOf                `json:"agreement"`
	AuditPaths []string                    `json:"audit_trails"`
}

// standing is what was made of an account.
type standing struct {
	Disabled   bool                  `json:"disabled"`
	Discounted bool                  `json:"discounted"`
	Erased     bool                  `json:"erased"`
	Reason     string                `json:"reason"`
	Hidden     bool                  `json:"hidden"`
	Terms      string                `json:"terms"`
	Consented  *stamp                `json:"consented_date"`
	MergedInto *domain.ContributorID `json:"merged_into"`
}

// recordMessages counts an owner's messages; those that are deleted stand in no
// other count.
type recordMessages struct {
	Prompts          recordCounts `json:"prompts"`
	PrompterReplies  recordCounts `json:"prompter_replies"`
	AssistantReplies recordCounts `json:"assistant_replies"`
	Truncated        bool         `json:"truncated"` // there are older ones
}

type recordCounts struct {
	Accepted  int `json:"accepted"`
	Rejected  int `json:"rejected"`
	Undecided int `json:"undecided"`
	Deleted   int `json:"deleted"`
}

// recordVotes counts the tasks in which an owner judged messages that are not
// deleted.
type recordVotes struct {
	LabelsSimple int `json:"labels_simple"`
	LabelsFull   int `json:"labels_full"`
	Rankings     int `json:"rankings_total"`
	RankingsGood int `json:"rankings_good"`
}

type recordReports struct {
	Messages  int  `json:"messages"`
	Reports   int  `json:"reports"`
	Open      int  `json:"open"` // messages that are not processed
	Truncated bool `json:"truncated"`
}

type recordReport struct {
	Message domain.MessageID `json:"message_id"`
	Created stamp            `json:"created_date"`
	Reason  string           `json:"reason"`
}

// Bounds of what a record looks at.
const (
	recordPage         = 1000
	mostOfRecord       = 20 * recordPage // messages
	mostFlagsOf        = 1000
	mostReportsOf      = 50
	auditUserPath      = base + "/audit/users/"
	auditModeratorPath = base + "/audit/moderators/"
)

func standingOf(a *contributors.Contributor) *standing {
	return &standing{
		Disabled: a.Disabled, Discounted: a.Discounted, Erased: a.Erased, Reason: a.Reason, Hidden: a.Hidden, Terms: a.Terms,
		Consented: orNull(a.Consented), MergedInto: idOrNull(a.MergedInto),
	}
}

func showRecord(c *call, a *account) (reply, error) {
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	owner, accounts, err := c.ownerOf(a)
	if err != nil {
		return reply{}, err
	}
	shown, err := c.users([]*account{a})
	if err != nil {
		return reply{}, err
	}
	out := record{User: shown[0], Owner: owner, Accounts: accounts, Stats: map[reward.Frame]userScore{}, Trolling: map[reward.Frame]trollScore{}}
	out.Standing = standingOf(a.Contributor)
	for _, id := range accounts {
		out.AuditPaths = append(out.AuditPaths, auditUserPath+id.String(), auditModeratorPath+id.String())
	}
	for _, fill := range []func(*record) error{c.recordBoards, c.recordMessages, c.recordReports} {
		if err := fill(&out); err != nil {
			return reply{}, err
		}
	}
	if out.Agreement, err = c.agreement(accounts); err != nil {
		return reply{}, err
	}
	return ok(out)
}

// recordBoards ranks the owner as if it were listed: whom leaderboards leave out
// is whom moderators ask about.
func (c *call) recordBoards(out *record) error {
	for _, f := range reward.Frames {
		tallies, accounts, err := c.tallies(f)
		if err != nil {
			return err
		}
		for i := range accounts {
			if accounts[i].Owner == out.Owner {
				accounts[i].Listed = true
			}
		}
		if s, there := boards.Of(boards.Leaderboard(tallies, accounts), out.Owner); there {
			scores, err := c.scores([]boards.Standing{s}, f, domain.ContributorID{})
			if err != nil {
				return err
			}
			out.Stats[f] = scores[0]
			if p := s.Points; f == reward.Total {
				out.Votes = recordVotes{p.LabelsSimple, p.LabelsFull, p.Rankings, p.GoodRankings}
			}
		}
		t, err := c.trollAmong(tallies, accounts, out.Owner, f)
		if err != nil {
			return err
		}
		if t != nil {
			out.Trolling[f] = *t
		}
	}
	return nil
}

func (c *call) recordMessages(out *record) error {
	q := conversations.Query{Authors: out.Accounts, Deleted: true, Desc: true, Max: recordPage}
	for n := 0; n < mostOfRecord; n += recordPage {
		page, err := c.views.Messages(c.ctx(), q)
		if err != nil {
			return err
		}
		for _, m := range page {
			out.Messages.count(m)
		}
		if len(page) < recordPage {
			return nil
		}
		last := page[len(page)-1]
		q.Before = &conversations.Key{Created: last.Created, ID: last.ID}
	}
	out.Messages.Truncated = true
	return nil
}

func (r *recordMessages) count(m *conversations.Message) {
	n := &r.AssistantReplies
	switch {
	case m.Parent.IsZero():
		n = &r.Prompts
	case m.Role == domain.Prompter:
		n = &r.PrompterReplies
	}
	switch {
	case m.Deleted:
		n.Deleted++
	case m.Result == tree.Accepted:
		n.Accepted++
	case m.Result == tree.Rejected:
		n.Rejected++
	default:
		n.Undecided++
	}
}

func (c *call) recordReports(out *record) error {
	flags, err := c.views.Flags(c.ctx(), moderation.FlagQuery{Authors: out.Accounts, Desc: true, Max: mostFlagsOf})
	if err != nil {
		return err
	}
	out.Against = recordReports{Messages: len(flags), Truncated: len(flags) == mostFlagsOf}
	for _, f := range flags {
		out.Against.Reports += f.Reports
		if !f.Processed {
			out.Against.Open++
		}
	}
	by, err := c.views.ReportsBy(c.ctx(), out.Accounts, mostReportsOf)
	out.Reported = make([]recordReport, len(by))
	for i, r := range by {
		out.Reported[i] = recordReport{r.Message, stamp(r.At), r.Reason}
	}
	return err
}
