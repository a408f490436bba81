package bolt

import (
	"context"
	"errors"

	"dendro/domain"
	"dendro/domain/directory"

	"go.etcd.io/bbolt"
)

// Person implements directory.People.
func (d *Directory) Person(ctx context.Context, id domain.ContributorID) (p directory.Person, err error) {
	err = d.view(ctx, func(tx *bbolt.Tx) (err error) {
		t := tables{tx: tx}
		p, err = t.person(id[:])
		return err
	})
	return p, err
}

// Persons implements directory.People.
func (d *Directory) Persons(ctx context.Context, ids []domain.ContributorID) (out []directory.Person, err error) {
	out = make([]directory.Person, len(ids))
	err = d.view(ctx, func(tx *bbolt.Tx) error {
		t := tables{tx: tx}
		for i, id := range ids {
			var err error
			if out[i], err = t.person(id[:]); err != nil && !errors.Is(err, directory.ErrUnknown) {
				return err
			}
		}
		return nil
	})
	return out, err
}

// ByLogin implements directory.People.
func (d *Directory) ByLogin(ctx context.Context, client domain.ClientID, login directory.Login) (p directory.Person, err error) {
	err = d.view(ctx, func(tx *bbolt.Tx) (err error) {
		t := tables{tx: tx}
		p, err = t.byLogin(client, login)
		return err
	})
	return p, err
}

// Add implements directory.People.
func (d *Directory) Add(ctx context.Context, p directory.Person) (directory.Person, error) {
	if err := p.Validate(); err != nil {
		return directory.Person{}, err
	}
	var kept directory.Person
	err := d.change(ctx, false, func(t *tables) (err error) {
		kept, err = t.add(p.Kept())
		return err
	})
	if err != nil {
		return directory.Person{}, err
	}
	return kept, nil
}

// Update implements directory.People.
func (d *Directory) Update(ctx context.Context, p directory.Person) error {
	return d.change(ctx, false, func(t *tables) error { return t.update(p) })
}

// Erase implements directory.People.
func (d *Directory) Erase(ctx context.Context, id domain.ContributorID) error {
	return d.change(ctx, true, func(t *tables) error { return t.erase(id) })
}

// List implements directory.People.
func (d *Directory) List(ctx context.Context, q directory.Query) (out []directory.Person, err error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	err = d.view(ctx, func(tx *bbolt.Tx) (err error) {
		t := tables{tx: tx}
		out, err = t.list(ctx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// person gives the row with the id, which may be nil.
func (t *tables) person(id []byte) (directory.Person, error) {
	row := t.get(personTable, id)
	if row == nil {
		return directory.Person{}, directory.ErrUnknown
	}
	return decodePerson(domain.ContributorID(id), row)
}

func (t *tables) byLogin(client domain.ClientID, login directory.Login) (directory.Person, error) {
	return t.person(t.get(loginTable, loginKey(client, login)))
}

func (t *tables) add(p directory.Person) (directory.Person, error) {
	if id := t.get(loginTable, loginKey(p.Client, p.Login)); id != nil {
		return t.person(id)
	}
	if t.get(personTable, p.ID[:]) != nil {
		return directory.Person{}, directory.ErrTaken
	}
	row, err := encodePerson(p)
	if err != nil {
		return directory.Person{}, err
	}
	t.put(personTable, p.ID[:], row)
	t.put(loginTable, loginKey(p.Client, p.Login), p.ID[:])
	t.put(usernameTable, nameKey(p.Login.Username, p.ID), nameValue(p))
	t.put(displayTable, nameKey(p.DisplayName, p.ID), nameValue(p))
	return p, nil
}

func (t *tables) update(p directory.Person) error {
	old, err := t.person(p.ID[:])
	if err != nil {
		return err
	}
	now := old
	now.DisplayName, now.Notes = p.DisplayName, p.Notes
	if err := now.Validate(); err != nil || now == old {
		return err
	}
	row, err := encodePerson(now)
	if err != nil {
		return err
	}
	t.put(personTable, now.ID[:], row)
	if now.DisplayName != old.DisplayName {
		t.remove(displayTable, nameKey(old.DisplayName, old.ID))
		t.put(displayTable, nameKey(now.DisplayName, now.ID), nameValue(now))
	}
	return nil
}

// listPatience is how many entries a list reads before it looks whether anyone
// still waits for it.
const listPatience = 4096

func (t *tables) list(ctx context.Context, q directory.Query) (out []directory.Person, err error) {
	table := usernameTable
	if q.Order == directory.ByDisplayName {
		table = displayTable
	}
	r := rangeOf(q, t.tx.Bucket(table).Cursor())
	n := 0
	for key, value := r.first(); key != nil && len(out) < q.Max; key, value = r.next() {
		if n++; n%listPatience == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p, err := nameEntry(q.Order, key, value)
		if err != nil {
			return nil, err
		}
		if !q.Takes(p) {
			continue
		}
		if p, err = t.person(p.ID[:]); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
