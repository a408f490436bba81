package postgres

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// shadowPrefix begins the names of the schemas in which views are built, beside
// the live ones. Each build has its own: one that has lost its connections, and
// with them the lock of those who build, is never mixed with the next one.
const shadowPrefix = "views_new_"

func newShadow() string {
	var id [8]byte
	rand.Read(id[:]) // never fails
	return shadowPrefix + hex.EncodeToString(id[:])
}

// inShadow turns a statement on live tables into one on those that are built.
func (w *workshop) inShadow(sql string) string {
	return strings.ReplaceAll(sql, "views.", w.shadow+".")
}

// clearWithin is how long clear waits for a build that has lost the lock and is
// still at work: the next one clears what this one leaves.
const clearWithin = time.Second

// clear removes what builds left that did not end well.
func (w *workshop) clear(ctx context.Context) error {
	rows, err := w.pool.Query(ctx, "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1)", shadowPrefix)
	if err != nil {
		return err
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, schema := range left {
		err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "SET LOCAL lock_timeout = "+milliseconds(clearWithin))
			if err == nil {
				_, err = tx.Exec(ctx, "DROP SCHEMA IF EXISTS "+schema+" CASCADE")
			}
			return err
		})
		if err != nil && state(err) != lockedState {
			return err
		}
	}
	return nil
}

// empty makes empty tables like those of the views, without indexes.
func (w *workshop) empty(ctx context.Context) error {
	sql := []string{"CREATE SCHEMA " + w.shadow}
	for _, name := range w.names() {
		sql = append(sql, fmt.Sprintf("CREATE TABLE %s (LIKE %s INCLUDING ALL EXCLUDING INDEXES)", w.inShadow(name), name))
		options, err := w.options(ctx, name)
		if err != nil {
			return err
		}
		if options != "" {
			sql = append(sql, fmt.Sprintf("ALTER TABLE %s SET (%s)", w.inShadow(name), options))
		}
	}
	return w.exec(ctx, sql...)
}

// options gives a table's storage parameters, which LIKE leaves out.
func (w *workshop) options(ctx context.Context, table string) (options string, err error) {
	err = w.pool.QueryRow(ctx, "SELECT coalesce(array_to_string(reloptions, ', '), '') FROM pg_class WHERE oid = $1::regclass", table).Scan(&options)
	return options, err
}

// index gives a built table the indexes, and the key, that its live one has.
func (w *workshop) index(ctx context.Context, table string) error {
	rows, err := w.pool.Query(ctx, `SELECT pg_get_indexdef(indexrelid), indexrelid::regclass::text, coalesce(c.conname, ''), coalesce(c.contype::text, '')
		FROM pg_index LEFT JOIN pg_constraint c ON c.conindid = indexrelid AND c.conrelid = indrelid
		WHERE indrelid = $1::regclass ORDER BY indexrelid`, table)
	if err != nil {
		return err
	}
	var sql []string
	var definition, name, constraint, kind string
	_, err = pgx.ForEachRow(rows, []any{&definition, &name, &constraint, &kind}, func() error {
		sql = append(sql, strings.Replace(definition, " ON "+table+" ", " ON "+w.inShadow(table)+" ", 1))
		if constraint != "" {
			as := map[string]string{"p": "PRIMARY KEY", "u": "UNIQUE"}[kind]
			_, index, _ := strings.Cut(name, ".")
			sql = append(sql, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s", w.inShadow(table), constraint, as, index))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.exec(ctx, sql...)
}

// exec runs statements, one after another.
func (w *workshop) exec(ctx context.Context, sql ...string) error {
	for _, one := range sql {
		if _, err := w.pool.Exec(ctx, one); err != nil {
			return fmt.Errorf("%s: %w", firstWords(one), err)
		}
	}
	return nil
}

// firstWords is enough of a statement to know it by.
func firstWords(sql string) string {
	const most = 60
	if len(sql) > most {
		return sql[:most] + "…"
	}
	return sql
}
