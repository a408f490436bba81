package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"

	"dendro/domain"
	"dendro/domain/directory"
)

var _ directory.Directory = (*Directory)(nil)

// Directory is a directory.Directory that lives as long as the process: for
// tests. Make it with NewDirectory.
type Directory struct {
	mu      sync.RWMutex
	people  map[domain.ContributorID]directory.Person
	logins  map[clientLogin]domain.ContributorID
	clients map[domain.ClientID]directory.Client
	keys    map[[32]byte]domain.ClientID
	root    [32]byte
}

type clientLogin struct {
	client domain.ClientID
	login  directory.Login
}

// NewDirectory makes an empty directory.
func NewDirectory() *Directory {
	return &Directory{
		people: map[domain.ContributorID]directory.Person{}, logins: map[clientLogin]domain.ContributorID{},
		clients: map[domain.ClientID]directory.Client{}, keys: map[[32]byte]domain.ClientID{},
	}
}

// Person implements directory.People.
func (d *Directory) Person(ctx context.Context, id domain.ContributorID) (directory.Person, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return found(ctx, d.people, id)
}

// Persons implements directory.People.
func (d *Directory) Persons(ctx context.Context, ids []domain.ContributorID) ([]directory.Person, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	out := make([]directory.Person, len(ids))
	for i, id := range ids {
		out[i] = d.people[id]
	}
	return out, ctx.Err()
}

// ByLogin implements directory.People.
func (d *Directory) ByLogin(ctx context.Context, client domain.ClientID, login directory.Login) (directory.Person, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return found(ctx, d.people, d.logins[clientLogin{client, login}])
}

// Add implements directory.People.
func (d *Directory) Add(ctx context.Context, p directory.Person) (directory.Person, error) {
	if err := cmp.Or(ctx.Err(), p.Validate()); err != nil {
		return directory.Person{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	login := clientLogin{p.Client, p.Login}
	if id, there := d.logins[login]; there {
		return d.people[id], nil
	}
	if _, there := d.people[p.ID]; there {
		return directory.Person{}, directory.ErrTaken
	}
	p = p.Kept()
	d.people[p.ID], d.logins[login] = p, p.ID
	return p, nil
}

// Update implements directory.People.
func (d *Directory) Update(ctx context.Context, p directory.Person) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	row, err := found(ctx, d.people, p.ID)
	if err != nil {
		return err
	}
	row.DisplayName, row.Notes = p.DisplayName, p.Notes
	if err := row.Validate(); err != nil {
		return err
	}
	d.people[p.ID] = row
	return nil
}

// Erase implements directory.People.
func (d *Directory) Erase(ctx context.Context, id domain.ContributorID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if row, there := d.people[id]; there {
		delete(d.people, id)
		delete(d.logins, clientLogin{row.Client, row.Login})
	}
	return nil
}

// List implements directory.People. It sorts whatever the query takes.
func (d *Directory) List(ctx context.Context, q directory.Query) ([]directory.Person, error) {
	if err := cmp.Or(ctx.Err(), q.Validate()); err != nil {
		return nil, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	var out []directory.Person
	for _, p := range d.people {
		if q.Takes(p) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, q.Compare)
	return out[:min(len(out), q.Max)], nil
}

// ByKey implements directory.Clients.
func (d *Directory) ByKey(ctx context.Context, hash [32]byte) (directory.Client, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return found(ctx, d.clients, d.keys[hash])
}

// AddClient implements directory.Clients.
func (d *Directory) AddClient(ctx context.Context, c directory.Client) error {
	if err := cmp.Or(ctx.Err(), c.Validate()); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, idThere := d.clients[c.ID]
	_, keyThere := d.keys[c.KeyHash]
	if idThere || keyThere {
		return directory.ErrTaken
	}
	d.clients[c.ID], d.keys[c.KeyHash] = c.Kept(), c.ID
	return nil
}

// RevokeClient implements directory.Clients.
func (d *Directory) RevokeClient(ctx context.Context, id domain.ClientID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := found(ctx, d.clients, id)
	if err == nil {
		c.Revoked = true
		d.clients[id] = c
	}
	return err
}

// ListClients implements directory.Clients.
func (d *Directory) ListClients(ctx context.Context) ([]directory.Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	out := make([]directory.Client, 0, len(d.clients))
	for _, c := range d.clients {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b directory.Client) int {
		return cmp.Or(a.Created.Compare(b.Created), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return out, nil
}

// RootHash implements directory.Clients.
func (d *Directory) RootHash(ctx context.Context) ([32]byte, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.root, ctx.Err()
}

// SetRootHash implements directory.Clients.
func (d *Directory) SetRootHash(ctx context.Context, hash [32]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.root = hash
	return nil
}

// found gives the row with the id. No row has a zero id.
func found[K comparable, V any](ctx context.Context, rows map[K]V, id K) (row V, err error) {
	if err := ctx.Err(); err != nil {
		return row, err
	}
	row, there := rows[id]
	if !there {
		return row, directory.ErrUnknown
	}
	return row, nil
}
