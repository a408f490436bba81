package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dendro/domain"
	"dendro/projections"
)

// What advance answers when it does not move the cut.
const (
	movedState = "DV001" // another commit came first; the message is the cut
	doneState  = "DV002" // this very commit was made before
	rulesState = "DV003" // the views are those of other rules; the message names them
)

// advance begins every commit: it locks the cut, and holds back whoever else
// commits.
var advance = statement{"advance", "SELECT views.advance($1, $2, $3, $4)"}

// Commit implements projections.Store. It is one round trip: the cut, which
// must be from, and all changes, in one transaction. Where the answer is lost,
// the commit is sent again under its own id, and the database tells whether it
// was made.
func (s *Store) Commit(ctx context.Context, changes []projections.Change, from, to domain.Cut) error {
	gathered, err := gatherAll(changes)
	if err != nil {
		return err
	}
	var id [16]byte
	rand.Read(id[:]) // never fails
	args := [][]byte{[]byte(from.String()), []byte(to.String()), id[:], []byte(rules(s.views))}
	err = s.calls.repeat(ctx, func(ctx context.Context) error { return s.commit(ctx, args, gathered) })
	switch state(err) {
	case doneState:
		err = nil
	case movedState:
		return fmt.Errorf("%w: it is at %s, the changes continue %s", projections.ErrMoved, said(err), from)
	case rulesState:
		return fmt.Errorf("%w: they are %s, this program's %s", projections.ErrRevised, said(err), rules(s.views))
	}
	if err != nil {
		return fmt.Errorf("views in Postgres, commit from %s: %w", from, err)
	}
	s.watch.see(s.watch.ask(), to.Clone())
	return nil
}

// said is what the server said.
func said(err error) string {
	var answer *pgconn.PgError
	errors.As(err, &answer)
	return answer.Message
}

// gatherAll sorts changes by tables.
func gatherAll(changes []projections.Change) ([]gathering, error) {
	var all []gathering
	for _, v := range layout {
		for _, t := range v.tables {
			all = append(all, t.gather())
		}
	}
	for _, c := range changes {
		if !takeOne(all, c) {
			return nil, fmt.Errorf("%w as %s", errNoTable, c.Row.Table())
		}
	}
	return all, nil
}

func takeOne(all []gathering, c projections.Change) bool {
	for _, g := range all {
		if g.take(c) {
			return true
		}
	}
	return false
}

// commit sends everything at once, which Postgres takes as one transaction.
func (s *Store) commit(ctx context.Context, cuts [][]byte, gathered []gathering) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	batch := &pgconn.Batch{}
	add := func(st statement, args [][]byte) {
		if err == nil {
			err = queue(ctx, conn.Conn(), batch, st, args)
		}
	}
	add(advance, cuts)
	for _, g := range gathered {
		g.statements(add)
	}
	if err != nil {
		return err
	}
	return conn.Conn().PgConn().ExecBatch(ctx, batch).Close()
}

// queue adds a statement to a batch. A connection prepares each once.
func queue(ctx context.Context, conn *pgx.Conn, batch *pgconn.Batch, st statement, args [][]byte) error {
	prepared, err := conn.Prepare(ctx, st.name, st.sql)
	if err != nil {
		return err
	}
	batch.ExecPrepared(prepared.Name, args, []int16{pgx.BinaryFormatCode}, nil)
	return nil
}
