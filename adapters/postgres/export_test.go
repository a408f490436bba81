package postgres

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"dendro/projections"
)

// Bare encodes a commit's rows, and gives what sends them as plain upserts: no
// cut is moved, and nothing is counted.
func Bare(changes []projections.Change) (send func(context.Context, *pgxpool.Pool) error, err error) {
	gathered, err := gatherAll(changes)
	if err != nil {
		return nil, err
	}
	type sent struct {
		statement
		args [][]byte
	}
	var all []sent
	for _, g := range gathered {
		g.statements(func(s statement, args [][]byte) {
			if args == nil {
				return // it sweeps up behind what is counted
			}
			switch s {
			case deedsTable.put:
				s = statement{"bare put", deedsTable.upsert(names(deedsTable.key))}
			case deedsTable.remove:
				s = statement{"bare remove", deedsTable.deletion()}
			}
			all = append(all, sent{s, args})
		})
	}
	return func(ctx context.Context, pool *pgxpool.Pool) error {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		batch := &pgconn.Batch{}
		for _, s := range all {
			if err := queue(ctx, conn.Conn(), batch, s.statement, s.args); err != nil {
				return err
			}
		}
		return conn.Conn().PgConn().ExecBatch(ctx, batch).Close()
	}, nil
}

// BareCopy takes a copy of the views' tables, and gives what copies it into
// empty tables like them, with the same indexes, as many tables at a time as a
// build. Nothing is folded, counted or swapped.
func (s *Store) BareCopy(ctx context.Context, b Build) (run func(context.Context) (rows int64, err error), err error) {
	type dump struct {
		table   string
		columns []string
		rows    int64
		encoded bytes.Buffer
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	var dumps []*dump
	for _, f := range b.Folds {
		for _, name := range layoutOf(f.Name()).names() {
			rows, err := conn.Query(ctx, "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum", name)
			if err != nil {
				return nil, err
			}
			d := &dump{table: name}
			if d.columns, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
				return nil, err
			}
			done, err := conn.Conn().PgConn().CopyTo(ctx, &d.encoded, "COPY "+name+" TO STDOUT WITH (FORMAT binary)")
			if err != nil {
				return nil, err
			}
			d.rows = done.RowsAffected()
			dumps = append(dumps, d)
		}
	}
	slices.SortFunc(dumps, func(x, y *dump) int { return cmp.Compare(y.encoded.Len(), x.encoded.Len()) })
	return func(ctx context.Context) (rows int64, err error) {
		w, err := s.openWorkshop(ctx, b)
		if err != nil {
			return 0, err
		}
		defer w.close(ctx)
		if err := w.prepare(ctx); err != nil {
			return 0, err
		}
		var group errgroup.Group
		group.SetLimit(builders)
		for _, d := range dumps {
			rows += d.rows
			group.Go(func() error {
				if err := copyFrom(ctx, w.pool, w.inShadow(d.table), d.columns, bytes.NewReader(d.encoded.Bytes())); err != nil {
					return err
				}
				return w.complete(ctx, d.table)
			})
		}
		return rows, group.Wait()
	}, nil
}

// Repeat makes a call as those of the store are made, without a database.
func Repeat(ctx context.Context, f func(context.Context) error) error {
	return calls{within: callTimeout}.repeat(ctx, f)
}

// MaxAttempts is how often it is made.
const MaxAttempts = maxAttempts
