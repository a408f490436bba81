package httpapi

import (
	"errors"

	"dendro/domain"
	"dendro/domain/directory"
	"dendro/projections/conversations"
)

var messageRoutes = []Route{
	get("/messages/", keyed, listMessages),
	get("/messages/cursor", keyed, pageMessages),
	get("/messages/{message_id}", keyed, with(byID, showMessage)),
	get("/messages/{message_id}/conversation", keyed, with(byID, showConversation)),
	get("/messages/{message_id}/tree", keyed, with(byID, showTree)),
	get("/messages/{message_id}/tree/state", keyed, with(byID, showTreeState)),
	put("/messages/{message_id}/tree/state", trusted, with(byID, changeTreeState)),
	get("/messages/{message_id}/children", keyed, with(byID, showChildren)),
	get("/messages/{message_id}/descendants", keyed, with(byID, showDescendants)),
	get("/messages/{message_id}/longest_conversation_in_tree", keyed, with(byID, showLongest)),
	get("/messages/{message_id}/max_children_in_tree", keyed, with(byID, showMaxChildren)),
	get("/messages/{message_id}/history", trusted, with(byID, showHistory)),
	del("/messages/{message_id}", trusted, deleteMessage),
	put("/messages/{message_id}/undelete", trusted, with(byID, restoreMessage)),
	post("/messages/{message_id}/edit", trusted, editMessage),
	post("/messages/{message_id}/emoji", keyed, reactToMessage),
}

var frontendMessageRoutes = []Route{
	get("/frontend_messages/{frontend_id}", keyed, with(byFrontendID, showMessage)),
	get("/frontend_messages/{frontend_id}/conversation", keyed, with(byFrontendID, showConversation)),
	get("/frontend_messages/{frontend_id}/tree", keyed, with(byFrontendID, showTree)),
	get("/frontend_messages/{frontend_id}/children", keyed, with(byFrontendID, showChildren)),
	get("/frontend_messages/{frontend_id}/descendants", keyed, with(byFrontendID, showDescendants)),
	get("/frontend_messages/{frontend_id}/longest_conversation_in_tree", keyed, with(byFrontendID, showLongest)),
	get("/frontend_messages/{frontend_id}/max_children_in_tree", keyed, with(byFrontendID, showMaxChildren)),
}

func byID(c *call) (*conversations.Message, error) {
	id := c.pathID("message_id")
	if err := c.valid(); err != nil {
		return nil, err
	}
	return c.message(domain.MessageID(id))
}

func byFrontendID(c *call) (*conversations.Message, error) {
	id := c.path("frontend_id")
	c.viewer = &person{} // clients know these as seen by nobody
	return found(c, errNoMessage, func() (*conversations.Message, error) {
		return c.views.MessageByFrontend(c.ctx(), c.client.ID, id)
	})
}

// sieve reads what all lists of messages can be narrowed by. A nil query: no
// message fits.
func (c *call) sieve() (*conversations.Query, error) {
	q := &conversations.Query{Roots: c.truth("only_roots", false), From: c.time("start_date"), To: c.time("end_date")}
	q.Language, _ = c.text("lang")
	client, asked := c.id("api_client_id")
	user, byUser := c.id("user_id")
	method, username, err := c.login()
	if bad := c.valid(); bad != nil {
		return nil, bad
	}
	if err != nil {
		return nil, err
	}
	if q.Client, err = c.within(domain.ClientID(client), asked); err != nil {
		return nil, err
	}
	if byUser {
		return c.writtenBy(q, domain.ContributorID(user))
	}
	if username == "" {
		return q, nil
	}
	of := c.client.ID
	if asked {
		of = domain.ClientID(client)
	}
	row, err := c.s.Directory.ByLogin(c.ctx(), of, directory.Login{Method: method, Username: username})
	if errors.Is(err, directory.ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.writtenBy(q, row.ID)
}

// writtenBy narrows to what the owner of an account wrote, under any account.
func (c *call) writtenBy(q *conversations.Query, id domain.ContributorID) (*conversations.Query, error) {
	owner, err := c.views.Owner(c.ctx(), id)
	if err == nil {
		q.Authors, err = c.views.Accounts(c.ctx(), owner)
	}
	if err == nil && len(q.Authors) == 0 {
		return nil, nil
	}
	return q, err
}

func listMessages(c *call) (reply, error) {
	deleted := c.truth("allow_deleted", false)
	return c.list(deleted, c.sieve)
}

// list answers with the newest messages that fit, or the oldest.
func (c *call) list(deleted bool, sieve func() (*conversations.Query, error)) (reply, error) {
	most, desc := c.number("max_count", 10, 1000), c.truth("desc", true)
	q, err := sieve()
	if err != nil {
		return reply{}, err
	}
	var rows []*conversations.Message
	if q != nil {
		q.Deleted, q.Max, q.Desc = deleted, most, desc
		if rows, err = c.views.Messages(c.ctx(), *q); err != nil {
			return reply{}, err
		}
	}
	shown, err := c.messages(rows)
	if err != nil {
		return reply{}, err
	}
	return ok(shown)
}

func pageMessages(c *call) (reply, error) {
	search, _ := c.text("search_query")
	return c.page(func() (*conversations.Query, error) {
		q, err := c.sieve()
		if q != nil {
			q.Search = search
		}
		return q, err
	})
}

// page answers with a cursor page of the messages that fit.
func (c *call) page(sieve func() (*conversations.Query, error)) (reply, error) {
	at := c.cursor(10, 1000)
	deleted, withUser := c.truth("include_deleted", false), c.truth("include_user", false)
	q, err := sieve()
	if err != nil {
		return reply{}, err
	}
	rows, prev, next, err := pageOf(at, func(lower, upper string, desc bool, most int) ([]*conversations.Message, error) {
		low, err := messageKey(lower)
		high, err2 := messageKey(upper)
		if err = errors.Join(err, err2); err != nil || q == nil {
			return nil, err
		}
		q.After, q.Before, q.Desc, q.Max, q.Deleted = low, high, desc, most, deleted
		return c.views.Messages(c.ctx(), *q)
	}, func(m *conversations.Message) string { return m.ID.String() + "$" + stamp(m.Created).String() })
	if err != nil {
		return reply{}, err
	}
	shown, err := c.messages(rows)
	if err == nil && withUser {
		err = c.addUsers(shown, rows)
	}
	if err != nil {
		return reply{}, err
	}
	return ok(page[message]{Prev: prev, Next: next, SortKey: "created_date", Items: shown, Order: at.order()})
}

func messageKey(text string) (*conversations.Key, error) {
	if text == "" {
		return nil, nil
	}
	id, key := splitCursor(text)
	at, ok := parseTime(key)
	if !ok {
		return nil, fail(codeCursor, "%.100q is no cursor; give one as prev and next have it, or a time", text)
	}
	k := &conversations.Key{Created: at}
	if id != nil {
		k.ID = domain.MessageID(*id)
	}
	return k, nil
}

// addUsers puts beside each message who wrote it.
func (c *call) addUsers(shown []message, rows []*conversations.Message) error {
	known := map[domain.ContributorID]*frontEndUser{}
	for i := range rows {
		id := shown[i].UserID
		if _, there := known[id]; !there {
			u, err := c.userByID(id)
			if err != nil && !errors.Is(err, errNoUser) {
				return err
			}
			known[id] = u
		}
		shown[i].User = known[id]
	}
	return nil
}

func showMessage(c *call, m *conversations.Message) (reply, error) {
	shown, err := c.messages([]*conversations.Message{m})
	if err != nil {
		return reply{}, err
	}
	return ok(shown[0])
}

func showConversation(c *call, m *conversations.Message) (reply, error) {
	path, err := c.pathTo(m)
	if err != nil {
		return reply{}, err
	}
	return c.replyConversation(path)
}

func (c *call) replyConversation(path []*conversations.Message) (reply, error) {
	viewer, err := c.viewing()
	if err != nil {
		return reply{}, err
	}
	shown, err := c.conversation(viewer, path)
	if err != nil {
		return reply{}, err
	}
	return ok(shown)
}

func showHistory(c *call, m *conversations.Message) (reply, error) {
	who, err := c.named()
	if err != nil {
		return reply{}, err
	}
	texts, err := c.views.Revisions(c.ctx(), m.ID)
	if err != nil {
		return reply{}, err
	}
	out := make([]revision, len(texts))
	for i, t := range texts {
		out[i] = revision{
			ID: t.Event, Text: t.Text, MessageID: m.ID, UserID: textOrNull(t.Actor.ID), CreatedDate: stamp(t.Created),
			UserIsAuthor: who != nil && t.Actor.ID == who.ID.String(),
		}
	}
	return ok(out)
}
