package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dendro/domain"
	"dendro/projections"
)

// rules writes views as advance has them.
func rules(views []projections.View) string {
	all := make([]string, len(views))
	for i, v := range views {
		all[i] = fmt.Sprint(v.Name, "=", v.Revision)
	}
	return strings.Join(all, " ")
}

// begin lets an empty database stand at the log's start, with this program's
// rules.
func (s *Store) begin(ctx context.Context, start domain.Cut) error {
	return s.repeat(ctx, func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			done, err := tx.Exec(ctx, "INSERT INTO views.position (cut, commit) VALUES ($1, $2) ON CONFLICT DO NOTHING", start.String(), [16]byte{})
			if err != nil || done.RowsAffected() == 0 {
				return err
			}
			for _, v := range s.views {
				if err := built(ctx, tx, v); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// built notes that a view's rows were made by its rules.
func built(ctx context.Context, tx pgx.Tx, v projections.View) error {
	_, err := tx.Exec(ctx, "INSERT INTO views.built (view, revision) VALUES ($1, $2) ON CONFLICT (view) DO UPDATE SET revision = excluded.revision, at = now()", v.Name, v.Revision)
	return err
}

// Built is what a database says of a view.
type Built struct {
	View     string
	Revision int       // 0: it was never built
	At       time.Time // when it was built; zero with Revision 0
	Bytes    int64     // of its tables and their indexes
}

// Built tells by which rules the views of this program stand in the database,
// in the order of names.
func (s *Store) Built(ctx context.Context) (out []Built, err error) {
	err = s.repeat(ctx, func(ctx context.Context) error {
		out = make([]Built, len(s.views))
		for i, v := range s.views {
			b := Built{View: v.Name}
			err := s.pool.QueryRow(ctx, "SELECT revision, at FROM views.built WHERE view = $1", v.Name).Scan(&b.Revision, &b.At)
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			if l := layoutOf(v.Name); l != nil {
				err := s.pool.QueryRow(ctx, "SELECT coalesce(sum(pg_total_relation_size(name::regclass)), 0)::bigint FROM unnest($1::text[]) name", l.names()).Scan(&b.Bytes)
				if err != nil {
					return err
				}
			}
			out[i] = b
		}
		return nil
	})
	return out, err
}

// Outdated names the views that stand by older rules than this program's, or
// that the database does not have yet: Rebuild brings them up. Views of newer
// rules, or more views than this program knows, are ErrNewer.
func (s *Store) Outdated(ctx context.Context) (old []string, err error) {
	known := map[string]int{}
	err = s.repeat(ctx, func(ctx context.Context) error {
		clear(known)
		rows, err := s.pool.Query(ctx, "SELECT view, revision FROM views.built")
		if err != nil {
			return err
		}
		var view string
		var revision int
		_, err = pgx.ForEachRow(rows, []any{&view, &revision}, func() error {
			known[view] = revision
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, v := range s.views {
		switch at := known[v.Name]; {
		case at > v.Revision:
			return nil, fmt.Errorf("%w: view %s is of revision %d, this program's of %d", ErrNewer, v.Name, at, v.Revision)
		case at < v.Revision:
			old = append(old, v.Name)
		}
		delete(known, v.Name)
	}
	if len(known) > 0 {
		return nil, fmt.Errorf("%w: it keeps views that this one does not know", ErrNewer)
	}
	return old, nil
}
