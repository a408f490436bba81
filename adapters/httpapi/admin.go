package httpapi

import (
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
	"dendro/projections/moderation"
)

var adminRoutes = []Route{
	post("/admin/api_client", root, createClient),
	get("/admin/api_client", root, listClients),
	del("/admin/api_client/{client_id}", root, revokeClient),
	get("/admin/backend_settings/public", anyone, showSettings),
	get("/admin/backend_settings/full", trusted, showAllSettings),
	post("/admin/purge_user/{user_id}", trusted, with(userOfPath, purgeUser)),
	post("/admin/purge_user/{user_id}/messages", trusted, with(userOfPath, purgeMessages)),
	get("/admin/flagged_messages", trusted, listFlags),
	get("/admin/flagged_messages/cursor", trusted, pageFlags),
	post("/admin/flagged_messages/{message_id}/processed", trusted, resolveFlag),
	post("/admin/merge_users", trusted, mergeUsers),
}

// settings are what clients of the Open-Assistant backend look at. Boards are
// always current, so the intervals between their updates are 0.
func (c *call) settings() map[string]any {
	p, _ := c.policy()
	return map[string]any{
		"PROJECT_NAME": "Dendro", "API_V1_STR": base, "MESSAGE_SIZE_LIMIT": p.MessageSizeLimit,
		"DEBUG_USE_SEED_DATA": false, "DEBUG_ALLOW_SELF_LABELING": false, "DEBUG_SKIP_EMBEDDING_COMPUTATION": true,
		"DEBUG_SKIP_TOXICITY_CALCULATION": true, "DEBUG_DATABASE_ECHO": false,
		"USER_STATS_INTERVAL_DAY": 0, "USER_STATS_INTERVAL_WEEK": 0, "USER_STATS_INTERVAL_MONTH": 0, "USER_STATS_INTERVAL_TOTAL": 0,
	}
}

func showSettings(c *call) (reply, error) { return ok(c.settings()) }

// showAllSettings adds how the server was started. It holds no secrets to
// leave out.
func showAllSettings(c *call) (reply, error) {
	_, revision := c.policy()
	all := c.settings()
	maps.Copy(all, map[string]any{
		"DEBUG_ALLOW_ANY_API_KEY": c.s.AnyKey, "RATE_LIMIT": !c.s.NoRateLimits, "TERMS_VERSION": c.s.Terms,
		"POLICY_REVISION": revision, "MAX_BODY_BYTES": c.s.MaxBody, "MAX_REQUESTS_IN_FLIGHT": c.s.InFlight,
	})
	return ok(all)
}

// purged is the model PurgeResultModel.
type purged struct {
	Before   systemStats `json:"before"`
	After    systemStats `json:"after"`
	Preview  bool        `json:"preview"`
	Duration float64     `json:"duration"` // seconds
}

func purgeUser(c *call, a *account) (reply, error) {
	preview, ban := c.truth("preview", true), c.truth("ban", true)
	reason, given := c.text("reason")
	if !given {
		reason = "the account was purged"
	}
	return c.purge(a, preview, contributor.PurgeScope{Ban: ban}, reason)
}

func purgeMessages(c *call, a *account) (reply, error) {
	preview := c.truth("preview", true)
	scope := c.purgeScope(false, false)
	reason, given := c.text("reason")
	if !given {
		reason = "the contributor's messages were purged"
	}
	return c.purge(a, preview, scope, reason)
}

// purge deletes what an owner wrote, by events, and says what that changed or
// would change.
func (c *call) purge(a *account, preview bool, scope contributor.PurgeScope, reason string) (reply, error) {
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	start := time.Now()
	out := purged{Preview: preview}
	var err error
	if out.Before, err = c.systemStats(); err != nil {
		return reply{}, err
	}
	if preview {
		effect, err := c.foresee(a, contributor.OrderPurge{Act: c.act(), Scope: scope, Reason: reason})
		if err != nil {
			return reply{}, err
		}
		out.After, err = c.without(out.Before, effect.Deleted)
		if err != nil {
			return reply{}, err
		}
	} else {
		proposed, err := c.order(a, scope, reason)
		switch {
		case err != nil:
			return reply{}, err
		case proposed:
			return c.proposed()
		}
		if out.After, err = c.systemStats(); err != nil {
			return reply{}, err
		}
	}
	out.Duration = time.Since(start).Seconds()
	return ok(out)
}

// without gives the statistics as they would be with messages deleted.
func (c *call) without(s systemStats, gone []domain.MessageID) (systemStats, error) {
	s.ActiveByLang = maps.Clone(s.ActiveByLang)
	messages, err := c.views.MessagesByID(c.ctx(), gone)
	for _, m := range messages {
		if m == nil || m.Deleted {
			continue
		}
		s.Active--
		s.Deleted++
		if s.ActiveByLang[m.Language]--; s.ActiveByLang[m.Language] == 0 {
			delete(s.ActiveByLang, m.Language)
		}
	}
	return s, err
}

// flaggedMessage is the model FlaggedMessageResponse.
type flaggedMessage struct {
	MessageID domain.MessageID `json:"message_id"`
	Processed bool             `json:"processed"`
	Created   stamp            `json:"created_date"`
}

func showFlags(rows []*moderation.Flag) []flaggedMessage {
	out := make([]flaggedMessage, len(rows))
	for i, f := range rows {
		out[i] = flaggedMessage{MessageID: f.Message, Processed: f.Processed, Created: stamp(f.Created)}
	}
	return out
}

// listFlags lists flags, the newest unless others are asked for.
func listFlags(c *call) (reply, error) {
	q, sort := c.flagSieve(false)
	q.Desc = q.Desc || sort == ""
	q.Max = c.number("max_count", 10, 1000)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	rows, err := c.views.Flags(c.ctx(), q)
	if err != nil {
		return reply{}, err
	}
	return ok(showFlags(rows))
}

// pageFlags walks through flags. A sort names a whole order, so desc has
// nothing to turn round beside it.
func pageFlags(c *call) (reply, error) {
	at := c.cursor(10, 1000)
	q, sort := c.flagSieve(false)
	if sort != "" && c.maybe("desc") != nil {
		c.bad("desc", typeValue, "sort says which come first: leave one of the two out", nil)
	}
	at.desc = at.desc || q.Desc
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	rows, prev, next, err := pageOf(at, func(lower, upper string, desc bool, most int) ([]*moderation.Flag, error) {
		var err, err2 error
		q.After, err = flagKey(lower, q.Most)
		q.Before, err2 = flagKey(upper, q.Most)
		if err = errors.Join(err, err2); err != nil {
			return nil, err
		}
		q.Desc, q.Max = desc, most
		return c.views.Flags(c.ctx(), q)
	}, func(f *moderation.Flag) string { return flagName(f, q.Most) })
	if err != nil {
		return reply{}, err
	}
	out := page[flaggedMessage]{Prev: prev, Next: next, SortKey: "created_date", Items: showFlags(rows), Order: at.order()}
	if q.Most {
		out.SortKey, out.Order = "reports", "desc"
	}
	return ok(out)
}

// flagName writes a flag's place in an order as a cursor, and flagKey reads it:
// "uuid$created", or "uuid$reports$created" in the order of reports.
func flagName(f *moderation.Flag, most bool) string {
	name := f.Message.String() + "$"
	if most {
		name += strconv.Itoa(f.Reports) + "$"
	}
	return name + stamp(f.Created).String()
}

func flagKey(text string, most bool) (*moderation.FlagKey, error) {
	if !most || text == "" {
		k, err := messageKey(text)
		if k == nil {
			return nil, err
		}
		return &moderation.FlagKey{Created: k.Created, Message: k.ID}, nil
	}
	id, key := splitCursor(text)
	count, created, _ := strings.Cut(key, "$")
	reports, err := strconv.ParseUint(count, 10, 31)
	at, ok := parseTime(created)
	if err != nil || !ok {
		return nil, fail(codeCursor, "%.100q is no cursor in the order of reports; give one as prev and next have it", text)
	}
	k := &moderation.FlagKey{Reports: int(reports), Created: at}
	if id != nil {
		k.Message = domain.MessageID(*id)
	}
	return k, nil
}

func resolveFlag(c *call) (reply, error) {
	id := domain.MessageID(c.pathID("message_id"))
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	flag := func() (*moderation.Flag, error) { return c.views.Flag(c.ctx(), id) }
	if _, err := found(c, errNoMessage, flag); err != nil {
		return reply{}, err
	}
	err := c.moderate(func(reason string) tree.Command { return tree.ResolveReport{Message: id, Reason: reason} })
	if err == nil {
		err = c.settle()
	}
	if err != nil {
		return reply{}, err
	}
	f, err := found(c, errNoMessage, flag)
	if err != nil {
		return reply{}, err
	}
	return ok(showFlags([]*moderation.Flag{f})[0])
}

// mostMerged bounds the accounts that one request merges.
const mostMerged = 100

func mergeUsers(c *call) (reply, error) {
	o := c.object()
	to, _ := o.id("destination_user_id", true)
	reason := o.text("reason", false, 0, maxText)
	var sources []domain.ContributorID
	for _, v := range o.list("source_user_ids", true, mostMerged) {
		text, _ := v.(string)
		id, err := parseUUID(text)
		if err != nil {
			o.bad("source_user_ids", typeUUID, "this is no UUID", nil)
			break
		}
		sources = append(sources, domain.ContributorID(id))
	}
	preview := c.truth("preview", false)
	if err := c.valid(); err != nil {
		return reply{}, err
	}
	into := domain.ContributorID(to)
	for _, id := range append([]domain.ContributorID{into}, sources...) {
		if _, err := c.account(id); err != nil {
			return reply{}, err
		}
	}
	if preview { // it changes no tree, but may be refused
		x, err := c.s.Engine.Preview(c.ctx(), sources, contributor.Merge{Into: into, Reason: reason})
		if err != nil {
			return reply{}, err
		}
		return ok(showEffect(x, true))
	}
	by, err := c.byModerator()
	if err != nil {
		return reply{}, err
	}
	for _, id := range sources {
		if _, err := c.do(by, commands.OnContributor{Contributor: id, Do: contributor.Merge{Into: into, Reason: reason}}); err != nil {
			return reply{}, err
		}
	}
	return done, nil
}
