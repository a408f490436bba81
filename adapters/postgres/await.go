package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"dendro/domain"
)

// pollPause is how long those who await another process's commits wait between
// two looks. One looks for all.
const pollPause = 5 * time.Millisecond

// watch knows the cut that was seen last, and wakes those who wait for another.
type watch struct {
	mu      sync.Mutex
	cut     domain.Cut
	news    chan struct{} // closed and replaced when there is something new
	looking bool          // somebody looks at the database
}

func newWatch(at domain.Cut) watch { return watch{cut: at, news: make(chan struct{})} }

// see takes note of a cut that was read or committed, which nobody changes.
// One that was overtaken on its way does no harm: who waits looks again.
func (w *watch) see(cut domain.Cut) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !cut.Equal(w.cut) {
		w.cut = cut
		w.tell()
	}
}

func (w *watch) tell() {
	close(w.news)
	w.news = make(chan struct{})
}

func (w *watch) now() (cut domain.Cut, news <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut, w.news
}

// begin reports whether the caller is to look at the database for all who wait;
// then it says when it ends.
func (w *watch) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := !w.looking
	w.looking = true
	return mine
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looking = false
	w.tell()
}

// Await implements projections.Store. Commits of this process wake those who
// wait; for those of others one of them looks.
func (s *Store) Await(ctx context.Context, at domain.Cut) error {
	for {
		cut, news := s.watch.now()
		switch {
		case at.Within(cut):
			return nil
		case at.Log != cut.Log || len(at.End) != len(cut.End):
			return fmt.Errorf("%w: it is %s, the views are at %s", domain.ErrForeignCut, at, cut)
		case s.watch.begin():
			if err := s.look(ctx, at); err != nil {
				return err
			}
			continue
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look reads the cut again and again, until it holds what is awaited.
func (s *Store) look(ctx context.Context, at domain.Cut) error {
	defer s.watch.end()
	for {
		cut, err := s.Cut(ctx)
		if err != nil || at.Within(cut) {
			return err
		}
		select {
		case <-time.After(pollPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
