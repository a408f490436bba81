package postgres

import (
	"bytes"
	"context"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/domain"
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

// BareCopy encodes the rows that a build would copy, and gives what copies them
// into empty tables like the live ones, with the same indexes, two tables at a
// time. Nothing is folded, counted or swapped.
func (s *Store) BareCopy(ctx context.Context, b Build, to domain.Cut) (run func(context.Context) (rows int64, err error), err error) {
	folded := &workshop{Build: b, store: s, at: b.Log.Identity().Start()}
	folded.Progress = func(Stage, int64, int64) {}
	for _, f := range b.Folds {
		folded.views = append(folded.views, layoutOf(f.Name()))
	}
	var piles []*pile
	for _, v := range folded.views {
		for _, t := range v.tables {
			piles = append(piles, &pile{table: t, rows: t.gather()})
		}
	}
	if err := folded.read(ctx, to, piles); err != nil {
		return nil, err
	}
	encoded := make([][]byte, len(piles))
	rows := int64(0)
	for i, p := range piles {
		whole := &copying{}
		if err := p.rows.copyTo(whole); err != nil {
			return nil, err
		}
		encoded[i] = append(append([]byte{}, copyHeader...), whole.buf...)
		encoded[i] = append(encoded[i], copyTrailer...)
		rows += whole.rows
	}
	return func(ctx context.Context) (int64, error) {
		w, err := s.openWorkshop(ctx, b)
		if err != nil {
			return 0, err
		}
		defer w.close(ctx)
		if err := w.prepare(ctx); err != nil {
			return 0, err
		}
		var all sync.WaitGroup
		failed := make(chan error, len(piles))
		next := make(chan int, len(piles))
		for i := range piles {
			next <- i
		}
		close(next)
		for range builders {
			all.Go(func() {
				for i := range next {
					name := piles[i].table.String()
					err := copyFrom(ctx, w.pool, w.inShadow(name), piles[i].table.columnNames(), bytes.NewReader(encoded[i]))
					if err == nil {
						err = w.index(ctx, name)
					}
					failed <- err
				}
			})
		}
		all.Wait()
		close(failed)
		for err := range failed {
			if err != nil {
				return 0, err
			}
		}
		return rows, nil
	}, nil
}

// Repeat makes a call as those of the store are made, without a database.
func Repeat(ctx context.Context, f func(context.Context) error) error {
	return calls{within: callTimeout}.repeat(ctx, f)
}

// MaxAttempts is how often it is made.
const MaxAttempts = maxAttempts
