package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dendro/domain"
)

// Compared is what became of one table in a comparison of live and fresh rows.
type Compared struct {
	View, Table string
	Rows        int64  // of the fresh table
	Missing     int64  // fresh rows that the live table has not
	Surplus     int64  // live rows that the fresh table has not
	Example     string // one of those, as the database writes rows; "" where there is none
}

// Verify builds views from the log beside the live ones, and compares the two at
// one cut, row by row and column by column; commits and questions go on. It
// changes nothing. Views of another revision than the folds' differ, of course.
func (s *Store) Verify(ctx context.Context, b Build) (at domain.Cut, all []Compared, err error) {
	err = s.rebuild(ctx, b, func(w *workshop, ctx context.Context) (err error) {
		if err := w.reachLive(ctx); err != nil {
			return err
		}
		all, err = w.compare(ctx)
		at = w.at
		return err
	})
	return at, all, err
}

// compare looks at live and fresh tables in one snapshot, which it takes while
// nobody commits.
func (w *workshop) compare(ctx context.Context) (all []Compared, err error) {
	look, err := w.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, err
	}
	defer func() { _ = look.Rollback(context.WithoutCancel(ctx)) }()
	err = w.hold(ctx, true, func(pgx.Tx) error {
		_, err := look.Exec(ctx, "SELECT FROM views.position") // takes the snapshot
		return err
	})
	if err != nil {
		return nil, err
	}
	total := int64(len(w.names()))
	for _, v := range w.views {
		for _, name := range v.names() {
			c := Compared{View: v.view, Table: name}
			if err := w.look(ctx, look, &c); err != nil {
				return nil, fmt.Errorf("comparing %s: %w", name, err)
			}
			all = append(all, c)
			w.Progress(Comparing, int64(len(all)), total)
		}
	}
	return all, nil
}

// look compares one table.
func (w *workshop) look(ctx context.Context, tx pgx.Tx, c *Compared) error {
	fresh, live := w.inShadow(c.Table), c.Table
	missing := fmt.Sprintf("(TABLE %s EXCEPT ALL TABLE %s)", fresh, live)
	surplus := fmt.Sprintf("(TABLE %s EXCEPT ALL TABLE %s)", live, fresh)
	err := tx.QueryRow(ctx, "SELECT (SELECT count(*) FROM "+fresh+"), (SELECT count(*) FROM "+missing+" m), (SELECT count(*) FROM "+surplus+" s)").
		Scan(&c.Rows, &c.Missing, &c.Surplus)
	if err != nil || c.Missing+c.Surplus == 0 {
		return err
	}
	if c.Missing == 0 {
		missing = surplus
	}
	return tx.QueryRow(ctx, "SELECT left(r::text, 500) FROM "+missing+" r LIMIT 1").Scan(&c.Example)
}
