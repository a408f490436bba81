package httpapi

import (
	"slices"
	"time"

	"dendro/domain"
	"dendro/projections/conversations"
	"dendro/projections/moderation"
)

var moderationRoutes = []Route{
	get("/moderation/queue", trusted, showQueue),
	get("/trollboards/{time_frame}/{user_id}", trusted, with(userOfPath, showTroll)),
	get("/users/{user_id}/record", trusted, with(userOfPath, showRecord)),
}

// queueItem is a reported message as a moderator looks at it.
type queueItem struct {
	MessageID   domain.MessageID     `json:"message_id"`
	TreeID      domain.TreeID        `json:"message_tree_id"`
	TreeState   domain.TreeState     `json:"tree_state"`
	UserID      domain.ContributorID `json:"user_id"` // the author's
	Lang        string               `json:"lang"`    // of the tree
	Text        string               `json:"text"`
	IsAssistant bool                 `json:"is_assistant"`
	Created     *stamp               `json:"created_date"` // of the message
	Deleted     bool                 `json:"deleted"`
	Result      *bool                `json:"review_result"`
	Emojis      map[string]int       `json:"emojis"`
	Reports     int                  `json:"reports"`
	First       stamp                `json:"first_report_date"`
	Newest      stamp                `json:"newest_report_date"`
	Processed   bool                 `json:"processed"`
	ReportedBy  []reportLine         `json:"reported_by"` // the newest few
}

type reportLine struct {
	UserID  domain.ContributorID `json:"user_id"`
	Created stamp                `json:"created_date"`
	Reason  string               `json:"reason"`
}

// mostReporters bounds the reports that an item lists.
const mostReporters = 20

// The orders of the queue.
const (
	sortOldest = "oldest"
	sortNewest = "newest"
	sortMost   = "most_flagged"
)

var flagOrders = []string{sortNewest, sortOldest, sortMost}

// flagSieve reads which reported messages are asked for, and in which order; ""
// is the endpoint's own.
func (c *call) flagSieve(open bool) (q moderation.FlagQuery, sort string) {
	sort = c.queryWord("sort", flagOrders)
	lang, _ := c.text("lang")
	return moderation.FlagQuery{Open: c.truth("open", open), Language: lang, Most: sort == sortMost, Desc: sort == sortNewest}, sort
}

// queueKey is a place in the queue, as a page names it.
type queueKey struct {
	Reports int              `json:"r,omitempty"`
	Created time.Time        `json:"t"`
	Message domain.MessageID `json:"m"`
}

// showQueue gives a page of reported messages, with what a moderator needs to
// decide.
func showQueue(c *call) (reply, error) {
	q, _ := c.flagSieve(true)
	q.Max = c.number("max_count", 50, 500) + 1
	var at queueKey
	if c.readToken(&at) {
		key := &moderation.FlagKey{Reports: at.Reports, Created: domain.Instant(at.Created), Message: at.Message}
		if q.Desc {
			q.Before = key
		} else {
			q.After = key
		}
	}
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	flags, err := c.views.Flags(c.ctx(), q)
	if err != nil {
		return reply{}, err
	}
	out := struct {
		Items []queueItem `json:"items"`
		Next  *string     `json:"next"`
	}{}
	if len(flags) == q.Max {
		flags = flags[:q.Max-1]
		last := flags[len(flags)-1]
		out.Next = token(queueKey{last.Reports, last.Created, last.Message})
	}
	if out.Items, err = c.queueItems(flags); err != nil {
		return reply{}, err
	}
	return ok(out)
}

func (c *call) queueItems(flags []*moderation.Flag) ([]queueItem, error) {
	messages, trees := make([]domain.MessageID, len(flags)), make([]domain.TreeID, len(flags))
	for i, f := range flags {
		messages[i], trees[i] = f.Message, f.Tree
	}
	shown, err := c.views.MessagesByID(c.ctx(), messages)
	if err != nil {
		return nil, err
	}
	of, err := c.views.TreesByID(c.ctx(), trees)
	if err != nil {
		return nil, err
	}
	reports, err := c.views.Reports(c.ctx(), messages)
	if err != nil {
		return nil, err
	}
	mergers, err := c.mergers()
	if err != nil {
		return nil, err
	}
	byMessage := map[domain.MessageID][]reportLine{}
	for _, r := range slices.Backward(reports) {
		if lines := byMessage[r.Message]; len(lines) < mostReporters {
			byMessage[r.Message] = append(lines, reportLine{mergers.Owner(r.By), stamp(r.At), r.Reason})
		}
	}
	out := make([]queueItem, len(flags))
	for i, f := range flags {
		out[i] = queueItem{
			MessageID: f.Message, TreeID: f.Tree, UserID: mergers.Owner(f.Author), Lang: f.Language, Emojis: map[string]int{},
			Reports: f.Reports, First: stamp(f.Created), Newest: stamp(f.Reported), Processed: f.Processed, ReportedBy: byMessage[f.Message],
		}
		if m := shown[i]; m != nil {
			out[i].show(m)
		}
		if of[i] != nil {
			out[i].TreeState = of[i].State
		}
	}
	return out, nil
}

func (q *queueItem) show(m *conversations.Message) {
	q.Text, q.IsAssistant, q.Created, q.Deleted = m.Text, m.Role == domain.Assistant, orNull(m.Created), m.Deleted
	q.Result = reviewResult(m.Result)
	for _, e := range m.Emojis {
		q.Emojis[string(e.Emoji)] = e.Count
	}
}
