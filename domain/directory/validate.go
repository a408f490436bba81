package directory

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dendro/domain"
)

// How long what a directory holds may be, in characters.
const (
	MaxName        = 200  // a username, a display name, a frontend's type
	MaxNotes       = 2000 // a moderator's notes
	MaxDescription = 2000
	MaxEmail       = 254
)

// Validate refuses a login of an unknown method or without a username.
func (l Login) Validate() error {
	switch {
	case !slices.Contains(Methods[:], l.Method):
		return domain.Refuse(domain.Invalid, "%q is no method of a login; use one of %s", clip(l.Method), strings.Join(Methods[:], ", "))
	case l.Username == "":
		return domain.Refuse(domain.Invalid, "the username is empty; give the contributor's id at the frontend")
	}
	return text("username", l.Username, MaxName)
}

// Validate refuses a row without ids or with a bad login, and texts that are too
// long, no UTF-8, or hold a zero byte.
func (p Person) Validate() error {
	switch {
	case p.ID.IsZero():
		return domain.Refuse(domain.Invalid, "the contributor has no id; give it one")
	case p.Client.IsZero():
		return domain.Refuse(domain.Invalid, "the contributor has no API client; name the one that it comes from")
	}
	if err := p.Login.Validate(); err != nil {
		return err
	}
	if err := text("display name", p.DisplayName, MaxName); err != nil {
		return err
	}
	return text("notes", p.Notes, MaxNotes)
}

// Kept is the row as a directory keeps it.
func (p Person) Kept() Person {
	p.Created = keptTime(p.Created)
	return p
}

// Validate refuses a row without id or key, and texts as Person's does.
func (c Client) Validate() error {
	switch {
	case c.ID.IsZero():
		return domain.Refuse(domain.Invalid, "the API client has no id; give it one")
	case c.KeyHash == [32]byte{}:
		return domain.Refuse(domain.Invalid, "the API client has no key; make one")
	}
	if err := text("description", c.Description, MaxDescription); err != nil {
		return err
	}
	if err := text("frontend type", c.FrontendType, MaxName); err != nil {
		return err
	}
	return text("admin's e-mail", c.AdminEmail, MaxEmail)
}

// Kept is the row as a directory keeps it.
func (c Client) Kept() Client {
	c.Created = keptTime(c.Created)
	return c
}

func keptTime(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }

// text refuses what some store could not keep as it is.
func text(what, s string, most int) error {
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		return domain.Refuse(domain.Invalid, "the %s is not UTF-8; send it as UTF-8", what)
	case strings.ContainsRune(s, 0):
		return domain.Refuse(domain.Invalid, "the %s holds a zero byte; leave it out", what)
	case n > most:
		return domain.Refuse(domain.Invalid, "the %s has %d characters; at most %d are kept", what, n, most)
	}
	return nil
}

func clip(s string) string {
	const most = 48
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
