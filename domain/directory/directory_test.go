package directory_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/directory"
)

func person(change func(*directory.Person)) directory.Person {
	p := directory.Person{
		ID: domain.ContributorID{1}, Client: domain.ClientID{2},
		Login: directory.Login{Method: directory.MethodDiscord, Username: "ada"}, DisplayName: "Ada",
	}
	change(&p)
	return p
}

func client(change func(*directory.Client)) directory.Client {
	c := directory.Client{ID: domain.ClientID{2}, KeyHash: directory.HashKey("key"), FrontendType: "web"}
	change(&c)
	return c
}

func TestValidate(t *testing.T) {
	type P = *directory.Person
	type C = *directory.Client
	query := func(change func(*directory.Query)) directory.Query {
		q := directory.Query{Order: directory.ByUsername, Max: 1}
		change(&q)
		return q
	}
	for name, c := range map[string]struct {
		row  interface{ Validate() error }
		says string // "": it is fine
	}{
		"a person":                 {person(func(P) {}), ""},
		"no display name":          {person(func(p P) { p.DisplayName = "" }), ""},
		"longest names":            {person(func(p P) { p.Login.Username, p.DisplayName = strings.Repeat("é", 200), strings.Repeat("木", 200) }), ""},
		"longest notes":            {person(func(p P) { p.Notes = strings.Repeat("ü", 2000) }), ""},
		"no id":                    {person(func(p P) { p.ID = domain.ContributorID{} }), "no id"},
		"no client":                {person(func(p P) { p.Client = domain.ClientID{} }), "no API client"},
		"no method":                {person(func(p P) { p.Login.Method = "" }), "use one of discord, google, local, system"},
		"unknown method":           {person(func(p P) { p.Login.Method = strings.Repeat("é", 99) }), "…"},
		"no username":              {person(func(p P) { p.Login.Username = "" }), "empty"},
		"long username":            {person(func(p P) { p.Login.Username = strings.Repeat("é", 201) }), "201 characters"},
		"zero byte in a username":  {person(func(p P) { p.Login.Username = "a\x00b" }), "zero byte"},
		"display name in Latin-1":  {person(func(p P) { p.DisplayName = "\xe9" }), "UTF-8"},
		"long display name":        {person(func(p P) { p.DisplayName = strings.Repeat("x", 201) }), "at most 200"},
		"long notes":               {person(func(p P) { p.Notes = strings.Repeat("x", 2001) }), "at most 2000"},
		"a client":                 {client(func(C) {}), ""},
		"a client without id":      {client(func(c C) { c.ID = domain.ClientID{} }), "no id"},
		"a client without key":     {client(func(c C) { c.KeyHash = [32]byte{} }), "no key"},
		"long description":         {client(func(c C) { c.Description = strings.Repeat("x", 2001) }), "description"},
		"long frontend type":       {client(func(c C) { c.FrontendType = strings.Repeat("x", 201) }), "frontend type"},
		"long e-mail":              {client(func(c C) { c.AdminEmail = strings.Repeat("x", 255) }), "e-mail"},
		"a query":                  {query(func(*directory.Query) {}), ""},
		"a query in no order":      {query(func(q *directory.Query) { q.Order = "id" }), "sorted by"},
		"a query for nothing":      {query(func(q *directory.Query) { q.Max = 0 }), "at least 1"},
		"a query after a bad name": {query(func(q *directory.Query) { q.After = &directory.Key{Name: "a\x00"} }), "cursor"},
		"a query after no UTF-8":   {query(func(q *directory.Query) { q.After = &directory.Key{Name: "a\xff"} }), "UTF-8"},
		"a query before no UTF-8":  {query(func(q *directory.Query) { q.Before = &directory.Key{Name: "\xc3"} }), "UTF-8"},
	} {
		err := c.row.Validate()
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s is refused: %v", name, err)
		case c.says != "" && domain.RefusalKind(err) != domain.Invalid:
			t.Errorf("%s: %v, want a refusal", name, err)
		case c.says != "" && !strings.Contains(err.Error(), c.says):
			t.Errorf("%s: %q does not say %q", name, err, c.says)
		}
	}
}

func TestKept(t *testing.T) {
	at := time.Date(2024, 5, 1, 14, 0, 0, 123_456_789, time.FixedZone("", 7200))
	want := time.Date(2024, 5, 1, 12, 0, 0, 123_456_000, time.UTC)
	if got := person(func(p *directory.Person) { p.Created = at }).Kept().Created; got != want {
		t.Errorf("a person's time is kept as %v", got)
	}
	if got := client(func(c *directory.Client) { c.Created = at }).Kept().Created; got != want {
		t.Errorf("a client's time is kept as %v", got)
	}
	if got := person(func(*directory.Person) {}).Kept().Created; !got.IsZero() {
		t.Errorf("no time is kept as %v", got)
	}
}

func TestKeys(t *testing.T) {
	const raw = "0123456789abcdefghijklmnopqrstuv"
	key, err := directory.NewKey(strings.NewReader(raw + "more"))
	if want := "303132333435363738396162636465666768696a6b6c6d6e6f70717273747576"; err != nil || key != want {
		t.Errorf("the key is %q, %v, want %q", key, err, want)
	}
	a, errA := directory.NewKey(rand.Reader)
	b, errB := directory.NewKey(rand.Reader)
	if errA != nil || errB != nil || a == b || directory.HashKey(a) == directory.HashKey(b) {
		t.Errorf("two keys are %q, %v and %q, %v", a, errA, b, errB)
	}
	if _, err := directory.NewKey(bytes.NewReader(make([]byte, 31))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a key of 31 bytes: %v", err)
	}
}
