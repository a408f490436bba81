package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dendro/domain"
	"dendro/projections"
)

// Rebuild builds views from the log, beside the live ones, and puts them in
// their places, at the cut that all views have by then. Commits and questions
// go on; while the tables change places they wait, for about as long as a
// commit takes. Until then a failure changes nothing.
//
// A view whose revision rose is built by its new rules: who commits by the old
// ones is told projections.ErrRevised from then on.
func (s *Store) Rebuild(ctx context.Context, b Build) error {
	return s.rebuild(ctx, b, (*workshop).replace)
}

func (w *workshop) replace(ctx context.Context) error {
	if err := w.reachLive(ctx); err != nil {
		return err
	}
	return w.swap(ctx, nil)
}

// reachLive builds up to where the live views are.
func (w *workshop) reachLive(ctx context.Context) error {
	at, err := w.store.Cut(ctx)
	if err == nil {
		err = w.build(ctx, at)
	}
	if err != nil {
		return err
	}
	return w.follow(ctx)
}

// RebuildTo builds all views as they are at a cut of the log, and lets the
// database stand there: who commits then is told projections.ErrMoved, and goes
// on from the cut.
func (s *Store) RebuildTo(ctx context.Context, b Build, to domain.Cut) error {
	if len(b.Folds) != len(s.views) {
		return errors.New("views stand at one cut together: only all of them can be built to another one")
	}
	return s.rebuild(ctx, b, func(w *workshop, ctx context.Context) error { return w.replaceAt(ctx, to) })
}

func (w *workshop) replaceAt(ctx context.Context, to domain.Cut) error {
	if err := w.build(ctx, to); err != nil {
		return err
	}
	return w.swap(ctx, &to)
}

// farBehind is how many events the live views may lack before it is better to
// build them anew than to apply each.
const farBehind = 50_000

// BringUp builds what the database lacks: the views that Outdated names, or,
// when the log is far ahead, all of them, up to its end. Of several processes
// that ask for it one does it. Folds gives new ones.
func (s *Store) BringUp(ctx context.Context, b Build, folds func() []projections.Projection) error {
	return s.rebuild(ctx, b, func(w *workshop, ctx context.Context) error {
		old, err := s.Outdated(ctx)
		if err != nil {
			return err
		}
		at, err := s.Cut(ctx)
		if err != nil {
			return err
		}
		end, err := b.Log.End(ctx)
		if err != nil {
			return err
		}
		w.Folds = folds()
		if end.Events() > at.Events()+farBehind {
			return w.replaceAt(ctx, end)
		}
		w.Folds = slices.DeleteFunc(w.Folds, func(f projections.Projection) bool { return !slices.Contains(old, f.Name()) })
		if len(w.Folds) == 0 {
			return nil
		}
		return w.replace(ctx)
	})
}

func (s *Store) rebuild(ctx context.Context, b Build, do func(*workshop, context.Context) error) error {
	w, err := s.openWorkshop(ctx, b)
	if err == nil {
		defer w.close(ctx)
		err = do(w, ctx)
	}
	if err != nil {
		return fmt.Errorf("building views in Postgres: %w", explain(err))
	}
	return nil
}

// follow applies what was committed meanwhile, until that is little: the rest
// is for those who hold commits back.
func (w *workshop) follow(ctx context.Context) error {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	for {
		live, err := w.store.Cut(ctx)
		if err != nil {
			return err
		}
		behind := int64(live.Events()) - int64(w.at.Events())
		w.Progress(CatchingUp, int64(w.at.Events()), int64(live.Events()))
		switch {
		case !w.at.Within(live):
			return fmt.Errorf("%w: it went back to %s, behind %s; rebuild again", projections.ErrMoved, live, w.at)
		case behind <= projections.MaxBatch:
			return nil
		}
		if err := w.advance(ctx, conn, live); err != nil {
			return err
		}
	}
}

// How long the swap may wait for questions that are under way: those that come
// after wait with it. Then it steps back, and tries again.
const (
	swapWithin   = 2 * time.Second
	swapPause    = 500 * time.Millisecond
	swapAttempts = 60
)

// swap puts the built tables in the places of the live ones, at the live cut,
// or with all views at to.
func (w *workshop) swap(ctx context.Context, to *domain.Cut) error {
	for n := 1; ; n++ {
		err := w.hold(ctx, to == nil, func(tx pgx.Tx) error { return w.swapIn(ctx, tx, to) })
		if code := state(err); n == swapAttempts || code != lockedState && code != "40P01" { // or deadlock
			return err
		}
		if err := wait(ctx, swapPause); err != nil {
			return err
		}
	}
}

// hold does something while nobody commits; before, it may apply what is still
// missing to the built tables. That stays, whatever becomes of the transaction.
func (w *workshop) hold(ctx context.Context, catchUp bool, do func(tx pgx.Tx) error) error {
	other, err := w.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer other.Release()
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		var text string
		if err := tx.QueryRow(ctx, "SELECT cut FROM views.position FOR UPDATE").Scan(&text); err != nil {
			return err
		}
		live, err := domain.ParseCut(text)
		switch {
		case err != nil:
			return err
		case catchUp && !w.at.Within(live):
			return fmt.Errorf("%w: it went back to %s, behind %s; rebuild again", projections.ErrMoved, live, w.at)
		case catchUp:
			if err := w.advance(ctx, other, live); err != nil {
				return err
			}
		}
		return do(tx)
	})
}

func (w *workshop) swapIn(ctx context.Context, tx pgx.Tx, to *domain.Cut) error {
	sql := []string{"SET LOCAL lock_timeout = " + milliseconds(swapWithin)}
	for _, name := range w.names() {
		sql = append(sql, "DROP TABLE "+name, fmt.Sprintf("ALTER TABLE %s SET SCHEMA views", w.inShadow(name)))
	}
	for _, one := range sql {
		if _, err := tx.Exec(ctx, one); err != nil {
			return fmt.Errorf("%s: %w", one, err)
		}
	}
	for _, v := range projections.ViewsOf(w.Folds) {
		if err := built(ctx, tx, v); err != nil {
			return err
		}
	}
	if to == nil {
		return nil
	}
	var commit [16]byte
	rand.Read(commit[:]) // never fails
	_, err := tx.Exec(ctx, "UPDATE views.position SET cut = $1, commit = $2", to.String(), commit)
	return err
}
