package postgres

import (
	"cmp"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"dendro/domain"
	"dendro/domain/directory"
)

const clientColumns = "id, key_hash, description, frontend_type, admin_email, trusted, revoked, created"

func scanClient(row pgx.Row) (c directory.Client, err error) {
	var hash []byte
	err = row.Scan((*[16]byte)(&c.ID), &hash, &c.Description, &c.FrontendType, &c.AdminEmail, &c.Trusted, &c.Revoked, &c.Created)
	if errors.Is(err, pgx.ErrNoRows) {
		return directory.Client{}, directory.ErrUnknown
	}
	copy(c.KeyHash[:], hash)
	c.Created = c.Created.UTC()
	return c, err
}

// ByKey implements directory.Clients.
func (d *Directory) ByKey(ctx context.Context, hash [32]byte) (c directory.Client, err error) {
	err = d.repeat(ctx, func(ctx context.Context) (err error) {
		c, err = scanClient(d.pool.QueryRow(ctx, "SELECT "+clientColumns+" FROM directory.clients WHERE key_hash = $1", hash[:]))
		return err
	})
	return c, err
}

// AddClient implements directory.Clients.
func (d *Directory) AddClient(ctx context.Context, c directory.Client) error {
	if err := cmp.Or(ctx.Err(), c.Validate()); err != nil {
		return err
	}
	c = c.Kept()
	return d.once(ctx, func(ctx context.Context) error {
		tag, err := d.pool.Exec(ctx, "INSERT INTO directory.clients ("+clientColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
			[16]byte(c.ID), c.KeyHash[:], c.Description, c.FrontendType, c.AdminEmail, c.Trusted, c.Revoked, c.Created)
		if err == nil && tag.RowsAffected() == 0 {
			return directory.ErrTaken
		}
		return err
	})
}

// RevokeClient implements directory.Clients.
func (d *Directory) RevokeClient(ctx context.Context, id domain.ClientID) error {
	known, err := d.change(ctx, "UPDATE directory.clients SET revoked = true WHERE id = $1", [16]byte(id))
	if err == nil && !known {
		return directory.ErrUnknown
	}
	return err
}

// ListClients implements directory.Clients.
func (d *Directory) ListClients(ctx context.Context) (clients []directory.Client, err error) {
	err = d.repeat(ctx, func(ctx context.Context) error {
		rows, err := d.pool.Query(ctx, "SELECT "+clientColumns+" FROM directory.clients ORDER BY created, id")
		if err != nil {
			return err
		}
		clients, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (directory.Client, error) { return scanClient(row) })
		return err
	})
	return clients, err
}

// RootHash implements directory.Clients.
func (d *Directory) RootHash(ctx context.Context) (hash [32]byte, err error) {
	err = d.repeat(ctx, func(ctx context.Context) error {
		var kept []byte
		err := d.pool.QueryRow(ctx, "SELECT key_hash FROM directory.root").Scan(&kept)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		copy(hash[:], kept)
		return err
	})
	return hash, err
}

// SetRootHash implements directory.Clients.
func (d *Directory) SetRootHash(ctx context.Context, hash [32]byte) error {
	_, err := d.change(ctx, "INSERT INTO directory.root (key_hash) VALUES ($1) ON CONFLICT (one) DO UPDATE SET key_hash = excluded.key_hash", hash[:])
	return err
}
