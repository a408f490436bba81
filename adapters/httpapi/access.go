package httpapi

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/directory"
)

// access is who may call a route.
type access int

const (
	anyone  access = iota // no key
	keyed                 // any client; an untrusted one sees only what is its own
	trusted               // trusted clients
	root                  // the bearer of the root token
)

// admit finds out who calls, and whether they may.
func (c *call) admit() error {
	switch c.route.access {
	case anyone:
		return nil
	case root:
		return c.s.checkRoot(c.r)
	}
	var err error
	if c.client, err = c.s.clientOf(c.r); err != nil {
		return err
	}
	if c.route.access == trusted && !c.client.Trusted {
		return errForbidden
	}
	return nil
}

func (s *Server) clientOf(r *http.Request) (directory.Client, error) {
	if s.AnyKey {
		return s.Dev, nil
	}
	key := r.Header.Get("X-API-Key")
	if key == "" {
		key = r.URL.Query().Get("api_key")
	}
	if key == "" {
		return directory.Client{}, failWith(http.StatusForbidden, codeNotAuthorised, "send the API key in the header X-API-Key")
	}
	client, err := s.Directory.ByKey(r.Context(), directory.HashKey(key))
	switch {
	case errors.Is(err, directory.ErrUnknown) || err == nil && client.Revoked:
		return directory.Client{}, failWith(http.StatusForbidden, codeNotAuthorised, "this API key is not known, or was revoked")
	case err != nil:
		return directory.Client{}, err
	}
	return client, nil
}

func (s *Server) checkRoot(r *http.Request) error {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, err := s.Directory.RootHash(r.Context())
	if err != nil {
		return err
	}
	got := directory.HashKey(strings.TrimSpace(token))
	if !strings.EqualFold(kind, "bearer") || want == [32]byte{} || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return failWith(http.StatusForbidden, codeRootToken, "this takes the root token: Authorization: Bearer …")
	}
	return nil
}

// person is a contributor who acts or is asked about: the owner of the account
// that a login names, and the login.
type person struct {
	directory.Person
	ID domain.ContributorID // the owner's; Person.ID is the account's
}

// userHeader names the acting contributor: <auth_method>:<username>.
const userHeader = "X-Oasst-User"

// named gives the contributor that header or query name; nil without either.
func (c *call) named() (*person, error) {
	v := c.r.Header.Get(userHeader)
	if v == "" {
		v = c.query.Get("oasst_user")
	}
	if v == "" {
		return nil, nil
	}
	method, username, ok := strings.Cut(v, ":")
	if !ok {
		return nil, fail(codeNoUserGiven, "name the contributor as <auth_method>:<username>")
	}
	return c.known(directory.Login{Method: method, Username: username})
}

// known gives one of the client's contributors by login.
func (c *call) known(login directory.Login) (*person, error) {
	row, err := c.s.Directory.ByLogin(c.ctx(), c.client.ID, login)
	if errors.Is(err, directory.ErrUnknown) {
		return nil, errNoUser
	}
	if err != nil {
		return nil, err
	}
	return c.owned(row)
}

func (c *call) owned(row directory.Person) (*person, error) {
	owner, err := c.views.Owner(c.ctx(), row.ID)
	return &person{Person: row, ID: owner}, err
}

// actor gives the contributor who acts: the one in the body, who is registered
// on first sight, or the one that the header names.
func (c *call) actor(u *userIn) (*person, error) {
	if u == nil {
		who, err := c.named()
		if err == nil && who == nil {
			err = fail(codeNoUserGiven, "name the contributor who acts, as user in the body or in the header %s", userHeader)
		}
		return who, err
	}
	return c.introduce(*u)
}

// introduce gives the contributor of a login, new ones too, and takes over a
// changed display name.
func (c *call) introduce(u userIn) (*person, error) {
	row, err := c.s.Directory.ByLogin(c.ctx(), c.client.ID, u.login)
	if errors.Is(err, directory.ErrUnknown) {
		p := directory.Person{
			ID: domain.ContributorID(c.s.newID(c.now)), Client: c.client.ID, Login: u.login,
			DisplayName: u.displayName, Created: domain.Instant(c.now),
		}
		if err := p.Validate(); err != nil {
			return nil, err
		}
		row, err = c.s.Directory.Add(c.ctx(), p)
	}
	if err != nil {
		return nil, err
	}
	if u.displayName != "" && u.displayName != row.DisplayName {
		row.DisplayName = u.displayName
		if err := row.Validate(); err != nil {
			return nil, err
		}
		if err := c.s.Directory.Update(c.ctx(), row); err != nil {
			return nil, err
		}
	}
	if err := c.register(row.ID); err != nil {
		return nil, err
	}
	return c.owned(row)
}

// register makes sure that the log knows the contributor: the directory may be
// ahead of it, after a stop between the two.
func (c *call) register(id domain.ContributorID) error {
	known, err := c.views.Contributor(c.ctx(), id)
	if err != nil || known != nil {
		return err
	}
	_, err = c.doAs(domain.CommandID(domain.Derive(domain.CommandID(id), "register", 0)), c.byClient(),
		commands.OnContributor{Contributor: id, Do: contributor.Register{Client: c.client.ID}})
	if err != nil {
		return err
	}
	return c.settle()
}

// sees reports whether the client may see what belongs to a client.
func (c *call) sees(owner domain.ClientID) bool { return c.client.Trusted || owner == c.client.ID }

// within gives the client whose things a list is narrowed to, zero for those of
// all: the one that is asked for, or an untrusted client itself.
func (c *call) within(id domain.ClientID, asked bool) (domain.ClientID, error) {
	switch {
	case asked && !c.sees(id):
		return id, errForbidden
	case asked:
		return id, nil
	case !c.client.Trusted:
		return c.client.ID, nil
	}
	return domain.ClientID{}, nil
}
