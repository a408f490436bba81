package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/domain"
	"dendro/projections"
)

// Build says what is built anew.
type Build struct {
	Log   domain.Log
	Folds []projections.Projection // of the views to build; new, and used up
	// Progress is told how far the work is; nil is nobody.
	Progress func(s Stage, done, total int64)
}

// Stage is what a build is at.
type Stage int

// The stages, in their order.
const (
	Reading    Stage = iota // events of the log
	Copying                 // tables, with their indexes
	CatchingUp              // events that came meanwhile
	Comparing               // tables
)

// String is for people.
func (s Stage) String() string {
	return [...]string{"reading the log", "copying the tables", "catching up", "comparing the tables"}[s]
}

// workshop is a build under way.
type workshop struct {
	Build
	store  *Store
	pool   *pgxpool.Pool // of its own: its statements may take long
	lock   *pgxpool.Conn // holds the lock by which one builds at a time
	shadow string        // the schema of what is built
	views  []*viewLayout
	at     domain.Cut // what is built
}

// workshopLock is the advisory lock of those who build.
const workshopLock = 0x64656e64726f // "dendro"

// What the connections of a workshop may do.
const (
	workshopConns  = 6
	workshopMemory = "256MB" // of one that makes an index
)

// openWorkshop waits until nobody else builds. Close it.
func (s *Store) openWorkshop(ctx context.Context, b Build) (w *workshop, err error) {
	w = &workshop{Build: b, store: s, shadow: newShadow(), at: b.Log.Identity().Start()}
	if w.Progress == nil {
		w.Progress = func(Stage, int64, int64) {}
	}
	config := s.pool.Config().Copy()
	config.MaxConns = workshopConns
	config.ConnConfig.RuntimeParams["statement_timeout"] = "0"
	config.ConnConfig.RuntimeParams["default_transaction_isolation"] = "read committed" // locks do what is to be done
	config.ConnConfig.RuntimeParams["maintenance_work_mem"] = workshopMemory
	config.ConnConfig.RuntimeParams["work_mem"] = workshopMemory
	if w.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	if err := w.enter(ctx); err != nil {
		w.close(ctx)
		return nil, err
	}
	return w, nil
}

// prepare makes empty tables for the folds' views.
func (w *workshop) prepare(ctx context.Context) error {
	for _, f := range w.Folds {
		l := layoutOf(f.Name())
		if l == nil {
			return fmt.Errorf("%w for view %s", errNoTable, f.Name())
		}
		w.views = append(w.views, l)
	}
	if err := w.clear(ctx); err != nil {
		return err
	}
	return w.empty(ctx)
}

// enter waits until nobody else builds.
func (w *workshop) enter(ctx context.Context) (err error) {
	if w.lock, err = w.pool.Acquire(ctx); err != nil {
		return err
	}
	for {
		var mine bool
		if err := w.lock.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(workshopLock)).Scan(&mine); err != nil || mine {
			return err
		}
		if err := wait(ctx, leaseTry); err != nil {
			return err
		}
	}
}

// close removes what was not swapped in. A process that dies, and one without a
// server, leaves it to the next one.
func (w *workshop) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.store.calls.within)
	defer cancel()
	if w.lock != nil {
		_, _ = w.pool.Exec(ctx, "DROP SCHEMA IF EXISTS "+w.shadow+" CASCADE")
		_ = w.lock.Conn().Close(ctx) // and with it the lock
		w.lock.Release()
	}
	w.pool.Close()
}

// names gives the tables that are built, as they are called live.
func (w *workshop) names() (out []string) {
	for _, v := range w.views {
		out = append(out, v.names()...)
	}
	return out
}

// build makes tables with what the log has up to the cut.
func (w *workshop) build(ctx context.Context, to domain.Cut) error {
	if err := w.prepare(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var piles []*pile
	for _, v := range w.views {
		piles = append(piles, v.piles()...)
	}
	defer func() {
		for _, p := range piles {
			p.abandon()
		}
	}()
	for _, p := range piles {
		if p.table.isFinal() {
			p.start(ctx, w)
		}
	}
	if err := w.read(ctx, to, piles); err != nil {
		return err
	}
	return w.fill(ctx, piles)
}

// execer is a connection, or a transaction on it.
type execer interface{ Conn() *pgx.Conn }

// advance applies to the built tables what the log has up to the cut, as live
// commits do. It is done in the transaction, where there is one.
func (w *workshop) advance(ctx context.Context, on execer, to domain.Cut) error {
	var changes []projections.Change
	return w.batches(ctx, to, func(batch []domain.Recorded) error {
		changes = changes[:0]
		for i := range batch {
			for _, f := range w.Folds {
				changes = f.Apply(&batch[i], changes)
			}
		}
		return w.apply(ctx, on, changes)
	})
}

func (w *workshop) apply(ctx context.Context, on execer, changes []projections.Change) error {
	gathered, err := gatherAll(changes)
	if err != nil {
		return err
	}
	batch := &pgconn.Batch{}
	for _, g := range gathered {
		g.statements(func(st statement, args [][]byte) {
			if err == nil {
				err = queue(ctx, on.Conn(), batch, statement{"new " + st.name, w.inShadow(st.sql)}, args)
			}
		})
	}
	if err != nil {
		return err
	}
	return on.Conn().PgConn().ExecBatch(ctx, batch).Close()
}
