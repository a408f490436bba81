package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/domain"
)

// Erase implements directory.People. The row goes in a transaction; then the
// table and its indexes are written anew without the row's bytes, once for all
// that were erased meanwhile, while readers wait. An erasure that was cut off
// in between is finished by the next one, of whatever row.
//
// What Postgres keeps elsewhere it gives up in its own time: the write-ahead
// log until its segments are recycled, standbys until they have followed, and
// archives, base backups and replication slots as long as they are kept. What
// the disk keeps of removed files is up to the disk.
func (d *Directory) Erase(ctx context.Context, id domain.ContributorID) error {
	var pending bool
	err := d.repeat(ctx, func(ctx context.Context) error {
		return d.pool.QueryRow(ctx, `
			WITH gone AS (DELETE FROM directory.people WHERE id = $1 RETURNING id),
			noted AS (INSERT INTO directory.erasures (id) SELECT id FROM gone ON CONFLICT (id) DO UPDATE SET xid = excluded.xid RETURNING id)
			SELECT EXISTS (SELECT FROM noted) OR EXISTS (SELECT FROM directory.erasures)`, [16]byte(id)).Scan(&pending)
	})
	if err != nil || !pending {
		return err
	}
	if err := d.repeat(ctx, d.rewrite); err != nil {
		return fmt.Errorf("the row is removed, and its bytes not yet (erase it again): %w", err)
	}
	return nil
}

// rewriteLock is the number of the advisory lock that lets one process rewrite.
const rewriteLock = 0x6572617365 // "erase"

// rewrite rids the table's files of what was removed from the table.
func (d *Directory) rewrite(ctx context.Context) (err error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", rewriteLock); err != nil {
		return err
	}
	defer func() {
		_, unlocked := conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", rewriteLock)
		if unlocked != nil {
			unlocked = errors.Join(unlocked, conn.Conn().Close(ctx)) // the lock ends with the connection
		}
		err = errors.Join(err, unlocked)
	}()
	var ids [][16]byte
	var newest *string
	err = conn.QueryRow(ctx, "SELECT array_agg(id), max(xid)::text FROM directory.erasures").Scan(&ids, &newest)
	if err != nil || newest == nil { // another process has done it
		return err
	}
	if err := awaitUnseen(ctx, conn, *newest); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "VACUUM (FULL) directory.people"); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "DELETE FROM directory.erasures WHERE id = ANY($1) AND xid <= $2::text::xid8", ids, *newest)
	return err
}

// unseenPause is how long awaitUnseen waits between two looks.
const unseenPause = 5 * time.Millisecond

// awaitUnseen waits until no transaction can still see what the given one
// removed: as long as one can, Postgres keeps it.
func awaitUnseen(ctx context.Context, conn *pgxpool.Conn, xid string) error {
	for {
		var seen bool
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND age(backend_xmin) >= age($1::text::xid8::xid))`, xid).Scan(&seen)
		if err != nil || !seen {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("a transaction that began before still sees it: %w", ctx.Err())
		case <-time.After(unseenPause):
		}
	}
}
