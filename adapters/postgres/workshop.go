package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"

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
	piles := w.piles(ctx)
	defer func() {
		for _, p := range piles {
			p.abandon()
		}
	}()
	if err := w.read(ctx, to, piles); err != nil {
		return err
	}
	if err := w.fill(ctx, piles); err != nil {
		return err
	}
	for _, v := range w.views {
		for _, d := range v.derived {
			if err := w.index(ctx, d.name); err != nil {
				return err
			}
			if err := w.exec(ctx, w.inShadow(d.fill)); err != nil {
				return err
			}
		}
	}
	for _, name := range w.names() {
		if err := w.exec(ctx, "ANALYZE "+w.inShadow(name)); err != nil {
			return err
		}
	}
	return nil
}

// pile is the rows of one table on their way there. Those that never change
// are sent while the log is read, the others when all is known.
type pile struct {
	table anyTable
	rows  gathering
	sent  *copying // nil before it began
	ended bool
}

func (w *workshop) piles(ctx context.Context) (all []*pile) {
	for _, v := range w.views {
		for _, t := range v.tables {
			p := &pile{table: t, rows: t.gather()}
			if t.isFinal() {
				p.start(ctx, w)
			}
			all = append(all, p)
		}
	}
	return all
}

func (p *pile) start(ctx context.Context, w *workshop) {
	p.sent = startCopy(ctx, w.pool, w.inShadow(p.table.String()), p.table.columnNames())
}

func (p *pile) abandon() {
	if p.sent != nil && !p.ended {
		p.sent.abandon(context.Canceled)
	}
}

// finish sends what is left, and makes the indexes.
func (p *pile) finish(ctx context.Context, w *workshop) error {
	if p.sent == nil {
		p.start(ctx, w)
	}
	if err := p.rows.copyTo(p.sent); err != nil {
		p.ended = true
		return errors.Join(p.sent.finish(), err)
	}
	p.ended = true
	if err := p.sent.finish(); err != nil {
		return err
	}
	return w.index(ctx, p.table.String())
}

// read folds the log up to the cut.
func (w *workshop) read(ctx context.Context, to domain.Cut, piles []*pile) error {
	total, done := int64(to.Events()), int64(w.at.Events())
	var changes []projections.Change
	var event domain.Recorded
	for e, err := range w.Log.Read(ctx, w.at.Clone(), to) {
		if err != nil {
			return err
		}
		event = e // one place for all of them: Apply lets it escape
		for _, f := range w.Folds {
			changes = f.Apply(&event, changes)
		}
		w.at.End[e.Position.Partition] = e.Position.Seq + 1
		if done++; done%projections.MaxBatch == 0 {
			if err := pileUp(changes, piles); err != nil {
				return err
			}
			changes = changes[:0]
			w.Progress(Reading, done, total)
		}
	}
	w.Progress(Reading, done, total)
	return pileUp(changes, piles)
}

// pileUp puts changes on their piles, and sends what is final.
func pileUp(changes []projections.Change, piles []*pile) error {
	for _, c := range changes {
		if !onto(piles, c) {
			return fmt.Errorf("%w as %s", errNoTable, c.Row.Table())
		}
	}
	for _, p := range piles {
		if p.sent == nil {
			continue
		}
		if err := p.rows.copyTo(p.sent); err != nil {
			p.ended = true
			return errors.Join(p.sent.finish(), err)
		}
	}
	return nil
}

func onto(piles []*pile, c projections.Change) bool {
	for _, p := range piles {
		if p.rows.take(c) {
			return true
		}
	}
	return false
}

// builders is how many tables are filled and indexed at once.
const builders = 2

// fill sends all rows, and makes all indexes.
func (w *workshop) fill(ctx context.Context, piles []*pile) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next := make(chan *pile, len(piles))
	for _, p := range piles {
		next <- p
	}
	close(next)
	var mu sync.Mutex
	var failed error
	done := int64(0)
	var all sync.WaitGroup
	for range builders {
		all.Go(func() {
			for p := range next {
				if ctx.Err() != nil {
					return
				}
				err := p.finish(ctx, w)
				mu.Lock()
				if err != nil && failed == nil {
					failed = fmt.Errorf("%s: %w", p.table, err)
					cancel()
				}
				done++
				w.Progress(Copying, done, int64(len(piles)))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

// execer is a connection, or a transaction on it.
type execer interface{ Conn() *pgx.Conn }

// advance applies to the built tables what the log has up to the cut, as live
// commits do. It is done in the transaction, where there is one.
func (w *workshop) advance(ctx context.Context, on execer, to domain.Cut) error {
	var changes []projections.Change
	n := 0
	var event domain.Recorded
	for e, err := range w.Log.Read(ctx, w.at.Clone(), to) {
		if err != nil {
			return err
		}
		event = e
		for _, f := range w.Folds {
			changes = f.Apply(&event, changes)
		}
		w.at.End[e.Position.Partition] = e.Position.Seq + 1
		if n++; n%projections.MaxBatch == 0 {
			if err := w.apply(ctx, on, changes); err != nil {
				return err
			}
			changes = changes[:0]
		}
	}
	return w.apply(ctx, on, changes)
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
