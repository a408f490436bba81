package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/agreement"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
	"dendro/projections/locator"
	"dendro/projections/moderation"
	"dendro/projections/statistics"
)

var (
	_ projections.Store    = (*Store)(nil)
	_ conversations.Reader = (*Store)(nil)
	_ locator.Reader       = (*Store)(nil)
	_ contributors.Reader  = (*Store)(nil)
	_ boards.Reader        = (*Store)(nil)
	_ agreement.Reader     = (*Store)(nil)
	_ moderation.Reader    = (*Store)(nil)
	_ statistics.Reader    = (*Store)(nil)
)

// Store keeps all views in Postgres, for any number of processes that read and
// one at a time that commits. Each question is one statement, so that its
// answer is that of one cut. Make it with NewStore.
type Store struct {
	pool  *pgxpool.Pool
	calls calls
	watch watch
	views []projections.View // that this program keeps, by name
}

// NewStore makes the store of a database, which was migrated, for the views of
// a log, made by the rules that are given. A database that has another log's
// views is ErrForeignCut, one that was not migrated ErrNotMigrated. Views of other rules are Outdated's business. It ends
// with the pool.
func NewStore(ctx context.Context, pool *pgxpool.Pool, id domain.Identity, views ...projections.View) (*Store, error) {
	s := &Store{pool: pool, calls: callsOf(pool), watch: newWatch(id.Start()), views: slices.SortedFunc(slices.Values(views), func(a, b projections.View) int {
		return strings.Compare(a.Name, b.Name)
	})}
	if err := s.begin(ctx, id.Start()); err != nil {
		if code := state(err); code == "3F000" || code == "42P01" { // no such schema, no such table
			return nil, fmt.Errorf("%w (%w)", ErrNotMigrated, err)
		}
		return nil, err
	}
	at, err := s.Cut(ctx)
	if err != nil {
		return nil, err
	}
	if at.Log != id.ID || len(at.End) != id.Partitions {
		return nil, fmt.Errorf("%w: the database has the views of log %s with %d partitions, the log is %s with %d; use another database",
			domain.ErrForeignCut, at.Log, len(at.End), id.ID, id.Partitions)
	}
	return s, nil
}

// repeat does what may be done twice.
func (s *Store) repeat(ctx context.Context, f func(context.Context) error) error {
	if err := s.calls.repeat(ctx, f); err != nil {
		return fmt.Errorf("views in Postgres: %w", err)
	}
	return nil
}

// Cut implements projections.Store.
func (s *Store) Cut(ctx context.Context) (cut domain.Cut, err error) {
	question := s.watch.ask()
	err = s.repeat(ctx, func(ctx context.Context) error {
		var text string
		if err := s.pool.QueryRow(ctx, "SELECT cut FROM views.position").Scan(&text); err != nil {
			return err
		}
		cut, err = domain.ParseCut(text)
		return err
	})
	if err == nil {
		s.watch.see(question, cut)
	}
	return cut, err
}

// inBinary asks for results in the format that columns read.
var inBinary = pgx.QueryResultFormats{pgx.BinaryFormatCode}

// rowsOf gives the rows of a table that the rest of a SELECT takes, with its
// arguments.
func rowsOf[R any](ctx context.Context, s *Store, t *table[R], rest string, args ...any) (out []*R, err error) {
	return rowsBy(ctx, s, t, t.selects+rest, args...)
}

// rowsBy gives the rows of a table that a whole statement selects, as selects
// does.
func rowsBy[R any](ctx context.Context, s *Store, t *table[R], sql string, args ...any) (out []*R, err error) {
	err = s.repeat(ctx, func(ctx context.Context) (err error) {
		out, err = rowsFrom(ctx, s.pool, t, sql, args...)
		return err
	})
	return out, err
}

// rowsFrom is rowsBy in one attempt, or within a transaction.
func rowsFrom[R any](ctx context.Context, in querier, t *table[R], sql string, args ...any) (out []*R, err error) {
	err = query(ctx, in, sql, args, func(raw [][]byte) error {
		row := new(R)
		out = append(out, row)
		return t.read(raw, row)
	})
	return out, err
}

// rowOf gives the first of them, nil when there is none.
func rowOf[R any](ctx context.Context, s *Store, t *table[R], rest string, args ...any) (*R, error) {
	rows, err := rowsOf(ctx, s, t, rest, args...)
	if len(rows) == 0 {
		return nil, err
	}
	return rows[0], err
}

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// query calls each with the raw values of every row.
func query(ctx context.Context, in querier, sql string, args []any, each func(raw [][]byte) error) error {
	rows, err := in.Query(ctx, sql, append([]any{inBinary}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.RawValues()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// read reads what selects gives.
func (t *table[R]) read(raw [][]byte, row *R) error {
	i := 0
	for _, c := range t.columns {
		if c.get == nil {
			continue
		}
		if err := c.get(raw[i], row); err != nil {
			return fmt.Errorf("%s.%s: %w", t.name, c.name, err)
		}
		i++
	}
	return nil
}

// errNoTable says that a row is of no view.
var errNoTable = errors.New("this store knows no such table")
