package httpapi

import (
	"errors"

	"dendro/domain"
	"dendro/domain/directory"
	"dendro/domain/reward"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
)

var userRoutes = []Route{
	get("/users/by_username", keyed, listUsersBy(directory.ByUsername)),
	get("/users/by_display_name", keyed, listUsersBy(directory.ByDisplayName)),
	get("/users/cursor", keyed, pageUsers),
	get("/users/{user_id}", keyed, with(userOfPath, showUser)),
	put("/users/{user_id}", trusted, with(userOfPath, changeUser)),
	del("/users/{user_id}", trusted, with(userOfPath, eraseUser)),
	get("/users/{user_id}/messages", keyed, with(userOfPath, listUserMessages)),
	get("/users/{user_id}/messages/cursor", keyed, with(userOfPath, pageUserMessages)),
	del("/users/{user_id}/messages", trusted, with(userOfPath, deleteUserMessages)),
}

var frontendUserRoutes = []Route{
	get("/frontend_users/", keyed, listOwnUsers),
	post("/frontend_users/", keyed, createUser),
	get("/frontend_users/{auth_method}/{username}", keyed, with(userOfLogin, showUser)),
	get("/frontend_users/{auth_method}/{username}/messages", keyed, with(userOfLogin, listOwnMessages)),
	get("/frontend_users/{auth_method}/{username}/messages/cursor", keyed, with(userOfLogin, pageUserMessages)),
	del("/frontend_users/{auth_method}/{username}/messages", trusted, with(userOfLogin, deleteUserMessages)),
}

// account is a contributor's account, as the log and the directory know it.
type account struct {
	*contributors.Contributor
	person directory.Person // zero where the directory knows nothing any more
}

func userOfPath(c *call) (*account, error) {
	id := c.pathID("user_id")
	if err := c.valid(); err != nil {
		return nil, err
	}
	return c.account(domain.ContributorID(id))
}

func userOfLogin(c *call) (*account, error) {
	who, err := c.known(directory.Login{Method: c.path("auth_method"), Username: c.path("username")})
	if err != nil {
		return nil, err
	}
	return c.account(who.Person.ID)
}

// account gives an account that the client may see.
func (c *call) account(id domain.ContributorID) (*account, error) {
	row, err := found(c, errNoUser, func() (*contributors.Contributor, error) { return c.views.Contributor(c.ctx(), id) })
	if err != nil {
		return nil, err
	}
	if !c.sees(row.Client) {
		return nil, errNoUser
	}
	a := &account{Contributor: row}
	if a.person, err = c.s.Directory.Person(c.ctx(), id); errors.Is(err, directory.ErrUnknown) {
		err = nil
	}
	return a, err
}

// mergers says which accounts were merged; a request asks once, and again after
// it has written.
func (c *call) mergers() (m contributors.Mergers, err error) {
	if c.merged == nil {
		c.merged, err = c.views.Mergers(c.ctx())
	}
	return c.merged, err
}

// userByID renders an account.
func (c *call) userByID(id domain.ContributorID) (*frontEndUser, error) {
	a, err := c.account(id)
	if err != nil {
		return nil, err
	}
	shown, err := c.users([]*account{a})
	if err != nil {
		return nil, err
	}
	return &shown[0], nil
}

// users renders accounts, with what their owners did lately.
func (c *call) users(list []*account) ([]frontEndUser, error) {
	owners := make([]domain.ContributorID, len(list))
	for i, a := range list {
		owners[i] = a.ID
	}
	mergers, err := c.mergers()
	if err != nil {
		return nil, err
	}
	did, err := c.views.Activities(c.ctx(), mergers.Accounts(owners))
	if err != nil {
		return nil, err
	}
	out := make([]frontEndUser, len(list))
	for i, a := range list {
		out[i] = frontEndUser{
			ID: a.person.Login.Username, DisplayName: a.person.DisplayName, AuthMethod: a.person.Login.Method,
			UserID: a.ID, Enabled: !a.Disabled && !a.Erased && a.MergedInto.IsZero(), Deleted: a.Erased,
			Notes: a.person.Notes, CreatedDate: orNull(a.Registered), Shown: !a.Hidden && !a.Erased,
			StreakLastDay: orNull(a.Registered), TermsConsented: orNull(a.Consented),
		}
		if a.person.ID.IsZero() {
			out[i].ID, out[i].DisplayName, out[i].AuthMethod = "deleted_"+a.ID.String(), "Deleted User", "local"
		}
		c.addActivity(&out[i], did[i])
	}
	return out, nil
}

// addActivity tells the streak. Who never did a task has none, and is counted
// from the day of registration.
func (c *call) addActivity(u *frontEndUser, did boards.Activity) {
	if did.Last.IsZero() {
		return
	}
	days := reward.Streak(did.Day, did.Run, c.now)
	u.StreakDays, u.StreakLastDay, u.LastActivity = &days, orNull(did.Day), orNull(did.Last)
}

func showUser(c *call, a *account) (reply, error) {
	shown, err := c.users([]*account{a})
	if err != nil {
		return reply{}, err
	}
	return ok(shown[0])
}

// people reads what lists of users can be narrowed by.
func (c *call) people(order directory.Order) (directory.Query, error) {
	q := directory.Query{Order: order}
	q.Method, _ = c.text("auth_method")
	q.Search, _ = c.text("search_text")
	client, asked := c.id("api_client_id")
	var err error
	q.Client, err = c.within(domain.ClientID(client), asked)
	return q, err
}

func listUsersBy(order directory.Order) func(*call) (reply, error) {
	return func(c *call) (reply, error) {
		q, err := c.people(order)
		if err != nil {
			return reply{}, err
		}
		return c.listUsers(q)
	}
}

// listOwnUsers lists the client's own contributors unless another is asked for.
func listOwnUsers(c *call) (reply, error) {
	q, err := c.people(directory.ByUsername)
	if err != nil {
		return reply{}, err
	}
	if q.Client.IsZero() {
		q.Client = c.client.ID
	}
	return c.listUsers(q)
}

func (c *call) listUsers(q directory.Query) (reply, error) {
	q.Max, q.Desc = c.number("max_count", 100, 10000), c.truth("desc", false)
	var err, err2 error
	q.After, err = c.nameKey("gte_"+string(q.Order), "gt_id")
	q.Before, err2 = c.nameKey("lte_"+string(q.Order), "lt_id")
	if bad := c.valid(); bad != nil {
		return reply{}, bad
	}
	if err = errors.Join(err, err2); err != nil {
		return reply{}, err
	}
	rows, err := c.s.Directory.List(c.ctx(), q)
	if err != nil {
		return reply{}, err
	}
	shown, err := c.renderPeople(rows)
	if err != nil {
		return reply{}, err
	}
	return ok(shown)
}

// nameKey reads one bound of a list: a name, and an id to tell rows of one
// name apart.
func (c *call) nameKey(nameParam, idParam string) (*directory.Key, error) {
	name, named := c.text(nameParam)
	id, given := c.id(idParam)
	switch {
	case given && !named:
		return nil, fail(codeOther, "%s goes with %s: give both, or the name alone", idParam, nameParam)
	case !named:
		return nil, nil
	}
	return &directory.Key{Name: name, ID: domain.ContributorID(id)}, nil
}

func pageUsers(c *call) (reply, error) {
	at := c.cursor(100, 10000)
	order, given := c.text("sort_key")
	switch {
	case !given:
		order = string(directory.ByUsername)
	case order != string(directory.ByUsername) && order != string(directory.ByDisplayName):
		return reply{}, fail(codeSortKey, "sort by username or display_name")
	}
	q, err := c.people(directory.Order(order))
	if bad := c.valid(); bad != nil {
		return reply{}, bad
	}
	if err != nil {
		return reply{}, err
	}
	rows, prev, next, err := pageOf(at, func(lower, upper string, desc bool, most int) ([]directory.Person, error) {
		q.After, q.Before, q.Desc, q.Max = personKey(lower), personKey(upper), desc, most
		return c.s.Directory.List(c.ctx(), q)
	}, func(p directory.Person) string {
		if q.Order == directory.ByDisplayName {
			return p.ID.String() + "$" + p.DisplayName
		}
		return p.ID.String() + "$" + p.Login.Username
	})
	if err != nil {
		return reply{}, err
	}
	shown, err := c.renderPeople(rows)
	if err != nil {
		return reply{}, err
	}
	return ok(page[frontEndUser]{Prev: prev, Next: next, SortKey: order, Items: shown, Order: at.order()})
}

func personKey(text string) *directory.Key {
	if text == "" {
		return nil
	}
	id, name := splitCursor(text)
	k := &directory.Key{Name: name}
	if id != nil {
		k.ID = domain.ContributorID(*id)
	}
	return k
}

// renderPeople renders rows of the directory. One whose registration has not
// reached the log yet is left out: nothing can have been done in its name.
func (c *call) renderPeople(rows []directory.Person) ([]frontEndUser, error) {
	ids := make([]domain.ContributorID, len(rows))
	for i, p := range rows {
		ids[i] = p.ID
	}
	known := []*contributors.Contributor{}
	if len(ids) > 0 {
		var err error
		if known, err = c.views.Contributors(c.ctx(), ids); err != nil {
			return nil, err
		}
	}
	list := make([]*account, 0, len(rows))
	for i, row := range known {
		if row != nil {
			list = append(list, &account{Contributor: row, person: rows[i]})
		}
	}
	return c.users(list)
}

func listUserMessages(c *call, a *account) (reply, error) {
	deleted := c.truth("include_deleted", c.truth("allow_deleted", false))
	return c.list(deleted, func() (*conversations.Query, error) { return c.sieveOf(a) })
}

// listOwnMessages shows them as the contributor sees them, as clients know it.
func listOwnMessages(c *call, a *account) (reply, error) {
	var err error
	if c.viewer, err = c.owned(a.person); err != nil {
		return reply{}, err
	}
	return listUserMessages(c, a)
}

func pageUserMessages(c *call, a *account) (reply, error) {
	return c.page(func() (*conversations.Query, error) { return c.sieveOf(a) })
}

// sieveOf narrows to what the owner of an account wrote.
func (c *call) sieveOf(a *account) (*conversations.Query, error) {
	q, err := c.sieve()
	if err != nil || q == nil {
		return nil, err
	}
	return c.writtenBy(q, a.ID)
}
