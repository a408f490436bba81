package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

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
