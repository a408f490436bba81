package bolt

import (
	"cmp"
	"context"
	"slices"

	"dendro/domain"
	"dendro/domain/directory"

	"go.etcd.io/bbolt"
)

// clientCache is all that is known of clients, read again after each change: they
// are few, and every request asks for one. It is never changed.
type clientCache struct {
	oldest []directory.Client
	byKey  map[[32]byte]directory.Client
	root   [32]byte
}

// readClients brings the cache up to what db holds.
func (d *Directory) readClients() error {
	c := clientCache{byKey: map[[32]byte]directory.Client{}}
	err := d.db.View(func(tx *bbolt.Tx) error {
		copy(c.root[:], tx.Bucket(aboutTable).Get(rootKey))
		return tx.Bucket(clientTable).ForEach(func(id, row []byte) error {
			client, err := decodeClient(domain.ClientID(id), row)
			c.oldest = append(c.oldest, client)
			c.byKey[client.KeyHash] = client
			return err
		})
	})
	if err != nil {
		return err
	}
	slices.SortFunc(c.oldest, func(a, b directory.Client) int {
		return cmp.Or(a.Created.Compare(b.Created), a.ID.Compare(b.ID))
	})
	d.clients.Store(&c)
	return nil
}

// ByKey implements directory.Clients.
func (d *Directory) ByKey(ctx context.Context, hash [32]byte) (directory.Client, error) {
	if err := ctx.Err(); err != nil {
		return directory.Client{}, err
	}
	c, there := d.clients.Load().byKey[hash]
	if !there {
		return directory.Client{}, directory.ErrUnknown
	}
	return c, nil
}

// ListClients implements directory.Clients.
func (d *Directory) ListClients(ctx context.Context) ([]directory.Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return slices.Clone(d.clients.Load().oldest), nil
}

// RootHash implements directory.Clients.
func (d *Directory) RootHash(ctx context.Context) ([32]byte, error) {
	return d.clients.Load().root, ctx.Err()
}

// AddClient implements directory.Clients.
func (d *Directory) AddClient(ctx context.Context, c directory.Client) error {
	if err := c.Validate(); err != nil {
		return err
	}
	return d.change(ctx, false, func(t *tables) error { return t.addClient(c.Kept()) })
}

// RevokeClient implements directory.Clients.
func (d *Directory) RevokeClient(ctx context.Context, id domain.ClientID) error {
	return d.change(ctx, false, func(t *tables) error { return t.revokeClient(id) })
}

// SetRootHash implements directory.Clients.
func (d *Directory) SetRootHash(ctx context.Context, hash [32]byte) error {
	return d.change(ctx, false, func(t *tables) error {
		t.clients = true
		t.put(aboutTable, rootKey, hash[:])
		return nil
	})
}

func (t *tables) addClient(c directory.Client) error {
	if t.get(clientTable, c.ID[:]) != nil || t.get(keyTable, c.KeyHash[:]) != nil {
		return directory.ErrTaken
	}
	row, err := encodeClient(c)
	if err != nil {
		return err
	}
	t.clients = true
	t.put(clientTable, c.ID[:], row)
	t.put(keyTable, c.KeyHash[:], c.ID[:])
	return nil
}

func (t *tables) revokeClient(id domain.ClientID) error {
	row := t.get(clientTable, id[:])
	if row == nil {
		return directory.ErrUnknown
	}
	c, err := decodeClient(id, row)
	if err != nil {
		return err
	}
	c.Revoked = true
	if row, err = encodeClient(c); err != nil {
		return err
	}
	t.clients = true
	t.put(clientTable, id[:], row)
	return nil
}
