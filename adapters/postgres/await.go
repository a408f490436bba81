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
// Whoever waits trusts only what was asked since: a standby that took over may
// lack what the server before it had.
type watch struct {
	mu      sync.Mutex
	cut     domain.Cut
	told    uint64        // the question that was answered with it
	asked   uint64        // the newest question
	unsure  bool          // somebody has come since who trusts no answer yet
	news    chan struct{} // closed and replaced when there is something new
	looking bool          // somebody looks at the database
}

func newWatch(at domain.Cut) watch { return watch{cut: at, news: make(chan struct{})} }

// ask numbers a question for the cut, before it is put.
func (w *watch) ask() (question uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.asked
}

// see takes note of a cut that was read or committed, which nobody changes.
// The answer to a newer question stays.
func (w *watch) see(question uint64, cut domain.Cut) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if question < w.told {
		return
	}
	changed := !cut.Equal(w.cut)
	w.cut, w.told = cut, question
	if changed || w.unsure {
		w.unsure = false
		w.tell()
	}
}

func (w *watch) tell() {
	close(w.news)
	w.news = make(chan struct{})
}

// come begins to wait: only questions that are newer count.
func (w *watch) come() (since uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unsure = true
	return w.asked
}

// now gives the cut, and whether it was asked for since.
func (w *watch) now(since uint64) (cut domain.Cut, fresh bool, news <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut, w.told > since, w.news
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
	since := s.watch.come()
	for {
		cut, fresh, news := s.watch.now(since)
		switch {
		case at.Log != cut.Log || len(at.End) != len(cut.End):
			return fmt.Errorf("%w: it is %s, the views are at %s", domain.ErrForeignCut, at, cut)
		case fresh && at.Within(cut):
			return nil
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
		if err := wait(ctx, pollPause); err != nil {
			return err
		}
	}
}
