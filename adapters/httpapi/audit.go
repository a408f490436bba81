package httpapi

import (
	"cmp"
	"encoding/json"
	"slices"

	"dendro/domain"
	"dendro/domain/directory"
	"dendro/projections/audit"
	"dendro/projections/moderation"
	"dendro/schemas"
)

var auditRoutes = []Route{
	get("/audit/messages/{message_id}", trusted, auditMessage),
	get("/audit/rankings/{message_id}", trusted, auditRankings),
	get("/audit/users/{user_id}", trusted, auditUser),
	get("/audit/trees/{tree_id}", trusted, auditTree),
	get("/audit/moderators/{moderator_id}", trusted, auditModerator),
	onlyNow(get("/events", trusted, streamEvents)),
}

const (
	mostTrail      = 10_000   // events of one answer
	usualTrail     = 1000     // without max_count
	mostTrailBytes = 16 << 20 // of its events together
	mostExamined   = 50_000   // of a tree, for the trail of one message
)

// trail is the events that explain something, oldest first; of too many the
// newest. There are no names in it: the log has none.
type trail struct {
	Subject   string            `json:"subject"`
	Events    []json.RawMessage `json:"events"`
	Truncated bool              `json:"truncated"`
	Verdict   *audit.Verdict    `json:"verdict,omitempty"`  // of a message or a tree, unless it has too many events
	Standing  *standing         `json:"standing,omitempty"` // of a user

	most, bytes int
}

func (c *call) newTrail(subject string) *trail {
	return &trail{Subject: subject, Events: []json.RawMessage{}, most: c.number("max_count", usualTrail, mostTrail)}
}

// add adds a newer event.
func (t *trail) add(r domain.Recorded) error {
	raw, err := schemas.AppendJSON(nil, r)
	if err != nil {
		return err
	}
	t.Events = append(t.Events, raw)
	t.bytes += len(raw)
	for len(t.Events) > t.most || t.bytes > mostTrailBytes && len(t.Events) > 1 {
		t.bytes -= len(t.Events[0])
		t.Events = t.Events[1:]
		t.Truncated = true
	}
	return nil
}

// auditUser gives what happened to an account, and to those merged into it.
func auditUser(c *call) (reply, error) {
	id := domain.ContributorID(c.pathID("user_id"))
	t := c.newTrail(string(domain.ContributorStream(id)))
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	accounts, err := c.views.Accounts(c.ctx(), id)
	if err != nil {
		return reply{}, err
	}
	subjects := make([]moderation.Subject, len(accounts))
	for i, a := range accounts {
		subjects[i] = moderation.OfStream(domain.ContributorStream(a))
	}
	row, err := c.views.Contributor(c.ctx(), id)
	if err != nil {
		return reply{}, err
	}
	if row != nil {
		t.Standing = standingOf(row)
	}
	return c.trailOf(t, errNoUser, subjects...)
}

// auditModerator gives what a contributor or a client did as a moderator.
func auditModerator(c *call) (reply, error) {
	id := c.pathID("moderator_id")
	of := moderation.OfModerator(domain.ContributorID(id).String())
	t := c.newTrail(string(of))
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	known, err := c.knownActor(id)
	if err != nil {
		return reply{}, err
	}
	if known {
		got, err := c.history(t.most, of)
		if err != nil {
			return reply{}, err
		}
		return c.filled(t, got)
	}
	return c.trailOf(t, errNoUser, of)
}

// knownActor reports whether a contributor or a client has the id.
func (c *call) knownActor(id [16]byte) (bool, error) {
	who, err := c.views.Contributor(c.ctx(), id)
	if err != nil || who != nil {
		return who != nil, err
	}
	clients, err := c.s.Directory.ListClients(c.ctx())
	return slices.ContainsFunc(clients, func(k directory.Client) bool { return k.ID == id }), err
}

// trailOf answers what the subjects' histories name; with none of them it is
// missing.
func (c *call) trailOf(t *trail, missing error, of ...moderation.Subject) (reply, error) {
	got, err := found(c, missing, func() (*history, error) {
		got, err := c.history(t.most, of...)
		if err != nil || len(got.entries) == 0 {
			return nil, err
		}
		return got, nil
	})
	if err != nil {
		return reply{}, err
	}
	return c.filled(t, got)
}

func (c *call) filled(t *trail, got *history) (reply, error) {
	t.Truncated = got.more
	if err := c.recorded(got.entries, t.add); err != nil {
		return reply{}, err
	}
	return ok(t)
}

// history is where the newest events of subjects stand, oldest first.
type history struct {
	entries []*moderation.Entry
	more    bool // older ones are left out
}

// history joins the histories of subjects, which have no event in common.
func (c *call) history(most int, of ...moderation.Subject) (*history, error) {
	h := &history{}
	for _, subject := range of {
		got, err := c.views.History(c.ctx(), subject, most+1)
		if err != nil {
			return nil, err
		}
		h.entries = append(h.entries, got...)
		if len(of) > 1 {
			slices.SortFunc(h.entries, func(a, b *moderation.Entry) int {
				return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.At.Partition, b.At.Partition), cmp.Compare(a.At.Seq, b.At.Seq))
			})
		}
		if over := len(h.entries) - most; over > 0 {
			h.entries, h.more = slices.Clone(h.entries[over:]), true
		}
	}
	return h, nil
}

// recorded reads the events at the entries, in their order.
func (c *call) recorded(entries []*moderation.Entry, each func(domain.Recorded) error) error {
	for len(entries) > 0 {
		n := stretch(entries)
		p := entries[0].At.Partition
		from, to := c.s.Log.Identity().Start(), c.s.Log.Identity().Start()
		from.End[p], to.End[p] = entries[0].At.Seq, entries[n-1].At.Seq+1
		for r, err := range c.s.Log.Read(c.ctx(), from, to) {
			if err != nil {
				return err
			}
			if r.Position != entries[0].At {
				continue
			}
			if err := each(r); err != nil {
				return err
			}
			entries = entries[1:]
		}
	}
	return nil
}

// whole reads all events of a stream; tooLong is the error if there are more
// than are examined.
func (c *call) whole(of domain.StreamID, tooLong error, each func(domain.Recorded) error) error {
	got, err := c.history(mostExamined, moderation.OfStream(of))
	if err != nil {
		return err
	}
	if got.more {
		return tooLong
	}
	return c.recorded(got.entries, each)
}

// mostBetween is how many other events are read and passed over rather than
// begin to read anew.
const mostBetween = 64

// stretch counts the entries that can be read in one go.
func stretch(entries []*moderation.Entry) int {
	n := 1
	for ; n < len(entries); n++ {
		a, b := entries[n-1].At, entries[n].At
		if a.Partition != b.Partition || b.Seq <= a.Seq || b.Seq-a.Seq > mostBetween {
			break
		}
	}
	return n
}
