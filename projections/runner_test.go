package projections_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/domaintest"
	"dendro/domain/tree"
	"dendro/projections"
)

// nth says that an event was the n-th of its partition that a fold saw: it is
// wrong as soon as the fold sees one too few or twice.
type nth struct {
	at domain.Position
	n  int
}

func (*nth) Table() string { return "nth" }

// counter gives each event a row.
type counter map[domain.Partition]int

func (counter) Name() string  { return "counter" }
func (counter) Revision() int { return 1 }
func (c counter) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	c[r.Position.Partition]++
	return append(changes, projections.Put(&nth{r.Position, c[r.Position.Partition]}))
}

// recorder is a store that keeps all that is committed, in order.
type recorder struct {
	mu      sync.Mutex
	cut     domain.Cut
	rows    []nth
	largest int                             // commit, in rows
	before  func(ctx context.Context) error // a commit, when set
}

func (s *recorder) Cut(context.Context) (domain.Cut, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cut.Clone(), nil
}

func (s *recorder) Commit(ctx context.Context, changes []projections.Change, from, to domain.Cut) error {
	if s.before != nil {
		if err := s.before(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.cut.Equal(from):
		return projections.ErrMoved
	case !from.Within(to) || to.Events()-from.Events() != uint64(len(changes)):
		return fmt.Errorf("%d changes lead from %s to %s", len(changes), from, to)
	}
	for _, c := range changes {
		row := c.Row.(*nth)
		if from.Holds(row.at) || !to.Holds(row.at) {
			return fmt.Errorf("event %s is not between %s and %s", row.at, from, to)
		}
		s.rows = append(s.rows, *row)
	}
	s.cut, s.largest = to.Clone(), max(s.largest, len(changes))
	return nil
}

func (s *recorder) Await(context.Context, domain.Cut) error { return nil }

// writing is a log with an owner of each partition.
type writing struct {
	*domaintest.Log
	writers []domain.Writer
	next    []domain.Seq
}

func newWriting(partitions int) *writing {
	w := &writing{Log: domaintest.NewLog(partitions, domain.NewManualClock(time.Unix(1_700_000_000, 0)))}
	for p := range partitions {
		owner, err := w.Own(context.Background(), domain.Partition(p))
		if err != nil {
			panic(err)
		}
		w.writers, w.next = append(w.writers, owner), append(w.next, 2)
	}
	return w
}

// add appends n events to the partition.
func (w *writing) add(p domain.Partition, n int) {
	events := make([]domain.Recorded, n)
	for i := range events {
		events[i] = domain.Recorded{
			Position: domain.Position{Partition: p, Seq: w.next[p]}, Stream: "tree/x", Epoch: 1,
			Time: w.writers[p].Claim().Time, Payload: tree.LotteryWon{},
		}
		w.next[p]++
	}
	if err := w.writers[p].Append(context.Background(), events); err != nil {
		panic(err)
	}
}

// holdsAll tells why the store does not have each event of the log once, in
// order of its partition, or does not stand at the log's end.
func holdsAll(log domain.Log, s *recorder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, _ := log.End(context.Background())
	if !s.cut.Equal(end) {
		return fmt.Errorf("the store is at %s, the log ends at %s", s.cut, end)
	}
	next := log.Identity().Start()
	for _, row := range s.rows {
		p := row.at.Partition
		if row.at.Seq != next.End[p] || row.n != int(row.at.Seq) {
			return fmt.Errorf("event %s came as the fold's event %d of its partition, where %d was next", row.at, row.n, next.End[p])
		}
		next.End[p]++
	}
	if !next.Equal(end) {
		return fmt.Errorf("the rows reach %s, the log ends at %s", next, end)
	}
	return nil
}

// running runs a new runner; stop ends it and gives Run's answer.
func running(log domain.Log, s projections.Store, folds ...projections.Projection) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	answer := make(chan error, 1)
	go func() { answer <- projections.NewRunner(log, s, folds...).Run(ctx) }()
	return func() error {
		cancel()
		return <-answer
	}
}

// Whatever was there, comes while it runs, and however often it is ended and
// begun again with new folds: each event is committed once, and behind it
// every fold has seen all before it.
func TestRunnerCommitsEachEventOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const partitions = 3
		lives := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 40), partitions, 2*partitions), 1, 4).Draw(rt, "lives")
		var failed error
		synctest.Test(t, func(*testing.T) {
			log := newWriting(partitions)
			s := &recorder{cut: log.Identity().Start()}
			for _, appends := range lives {
				log.add(0, 1+appends[0]) // while nobody follows
				stop := running(log, s, counter{})
				for i, n := range appends {
					log.add(domain.Partition(i%partitions), n)
					if n%2 == 0 {
						synctest.Wait()
					}
				}
				synctest.Wait()
				failed = errors.Join(failed, holdsAll(log, s))
				if err := stop(); !errors.Is(err, context.Canceled) {
					failed = errors.Join(failed, fmt.Errorf("Run answers %w", err))
				}
			}
		})
		if failed != nil {
			rt.Fatal(failed)
		}
	})
}

// Several folds see the same events, in one commit, however many it has.
func TestRunnerFeedsAllFolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newWriting(1)
		log.add(0, 3) // behind the claim
		var seen []nth
		store := committed(func(changes []projections.Change) {
			if len(changes)%2 != 0 {
				t.Errorf("%d rows in a commit of two folds", len(changes))
			}
			for _, c := range changes {
				seen = append(seen, *c.Row.(*nth))
			}
		})
		stop := running(log, store, counter{}, counter{})
		synctest.Wait()
		_ = stop()
		var want []nth
		for n := 1; n <= 4; n++ {
			row := nth{domain.Position{Seq: domain.Seq(n)}, n}
			want = append(want, row, row)
		}
		if diff := cmp.Diff(want, seen, cmp.AllowUnexported(nth{})); diff != "" {
			t.Errorf("rows, -want +got:\n%s", diff)
		}
	})
}

type committed func([]projections.Change)

func (committed) Cut(context.Context) (domain.Cut, error) {
	return newWriting(1).Identity().Start(), nil
}
func (c committed) Commit(_ context.Context, changes []projections.Change, _, _ domain.Cut) error {
	c(changes)
	return nil
}
func (committed) Await(context.Context, domain.Cut) error { return nil }

// While the store is slow no more is read than two batches and what is in
// hand, and no commit is larger than a batch.
func TestRunnerIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newWriting(2)
		log.add(0, 3*projections.MaxBatch)
		log.add(1, 2*projections.MaxBatch)
		read := 0
		turn := make(chan struct{})
		s := &recorder{cut: log.Identity().Start(), before: func(context.Context) error { <-turn; return nil }}
		stop := running(spied{log, func() error { read++; return nil }}, s, counter{})
		for range 3 {
			synctest.Wait()
			if most := len(s.rows) + 2*projections.MaxBatch + 1; read > most {
				t.Fatalf("%d events are read when %d are committed, want at most %d", read, len(s.rows), most)
			}
			turn <- struct{}{}
		}
		close(turn)
		synctest.Wait()
		if err := holdsAll(log, s); err != nil {
			t.Error(err)
		}
		if s.largest != projections.MaxBatch {
			t.Errorf("the largest commit has %d events, want %d", s.largest, projections.MaxBatch)
		}
		_ = stop()
	})
}

// spied asks before each event that is followed, and fails with the answer.
type spied struct {
	domain.Log
	before func() error
}

func (l spied) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for r, err := range l.Log.Follow(ctx, from) {
			if err == nil {
				if err = l.before(); err != nil {
					r = domain.Recorded{}
				}
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

var errBroken = errors.New("broken on purpose")

// An error of the log or the store is Run's answer. The bubble ends only when
// Run's goroutines have.
func TestRunnerFails(t *testing.T) {
	after := func(n int) func() error {
		return func() error {
			if n--; n < 0 {
				return errBroken
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		log   func(*writing) domain.Log
		store func(*recorder) projections.Store
		want  error
		rows  int // committed all the same
	}{
		"the log fails while it is followed": {
			func(w *writing) domain.Log { return spied{w, after(7)} }, nil, errBroken, 7,
		},
		"the log leaves an event out": {
			func(w *writing) domain.Log {
				return rewritten{w, func(r *domain.Recorded) bool { return r.Position.Seq != 5 }}
			}, nil,
			projections.ErrBroken, 4,
		},
		"the log gives an event of a partition that is none": {
			func(w *writing) domain.Log {
				return rewritten{w, func(r *domain.Recorded) bool {
					r.Position.Partition += domain.Partition(r.Position.Seq / 3)
					return true
				}}
			}, nil, projections.ErrBroken, 2,
		},
		"the log ends while it is followed": {
			func(w *writing) domain.Log { return ending{w} }, nil, projections.ErrBroken, 11,
		},
		"the store does not say where it is": {
			nil, func(s *recorder) projections.Store { return lost{s} }, errBroken, 0,
		},
		"the store is of another log": {
			nil, func(s *recorder) projections.Store { s.cut.Log = domain.LogID{9}; return s }, domain.ErrForeignCut, 0,
		},
		"the store is ahead of the log": {
			nil, func(s *recorder) projections.Store { s.cut.End[0] = 100; return s }, domain.ErrForeignCut, 0,
		},
		"the store fails to commit": {
			nil, func(s *recorder) projections.Store {
				s.before = func(context.Context) error { return errBroken }
				return s
			}, errBroken, 0,
		},
		"somebody else commits": {
			nil, func(s *recorder) projections.Store {
				s.before = func(context.Context) error { s.cut.End[0]++; return nil }
				return s
			}, projections.ErrMoved, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWriting(1)
				w.add(0, 10)
				s := &recorder{cut: w.Identity().Start()}
				var log domain.Log = w
				var store projections.Store = s
				if c.log != nil {
					log = c.log(w)
				}
				if c.store != nil {
					store = c.store(s)
				}
				if err := projections.NewRunner(log, store, counter{}).Run(t.Context()); !errors.Is(err, c.want) {
					t.Errorf("Run answers %v, want %v", err, c.want)
				}
				if len(s.rows) != c.rows {
					t.Errorf("%d events are committed, want %d", len(s.rows), c.rows)
				}
			})
		})
	}
}

// rewritten changes what is followed, and leaves out where change says no.
type rewritten struct {
	domain.Log
	change func(*domain.Recorded) bool
}

func (l rewritten) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for r, err := range l.Log.Follow(ctx, from) {
			if (err != nil || l.change(&r)) && !yield(r, err) {
				return
			}
		}
	}
}

// ending follows only to the end.
type ending struct{ domain.Log }

func (l ending) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	end, _ := l.End(ctx)
	return l.Read(ctx, from, end)
}

type lost struct{ projections.Store }

func (lost) Cut(context.Context) (domain.Cut, error) { return domain.Cut{}, errBroken }

// A store that stands at a cut has the log folded up to there, and an error on
// that way is Run's answer too.
func TestRunnerFailsToResume(t *testing.T) {
	w := newWriting(1)
	w.add(0, 10)
	s := &recorder{cut: w.Identity().Start()}
	s.cut.End[0] = 5
	if err := projections.NewRunner(unreadable{w}, s, counter{}).Run(t.Context()); !errors.Is(err, errBroken) {
		t.Errorf("Run answers %v", err)
	}
}

type unreadable struct{ domain.Log }

func (unreadable) Read(context.Context, domain.Cut, domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) { yield(domain.Recorded{}, errBroken) }
}

// Run ends with its context, also while the store does not answer and the
// reader waits for room.
func TestRunnerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newWriting(1)
		log.add(0, 3*projections.MaxBatch)
		s := &recorder{cut: log.Identity().Start(), before: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		stop := running(log, s, counter{})
		synctest.Wait()
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("Run answers %v", err)
		}
	})
}
