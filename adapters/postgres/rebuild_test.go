package postgres_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/projections"
	"dendro/projections/conversations"
	"dendro/projections/dataset/datasettest"
)

// listed is a log of events that are there already.
type listed struct {
	domain.Log // for what is not asked for
	id         domain.Identity
	events     [][]domain.Recorded
}

func newListed(trees, people int) *listed {
	shape := datasettest.Shape{Seed: 1, Partitions: 3, Trees: trees, Contributors: people, Steps: 50, Words: 30, Rare: 10}
	return &listed{id: domain.Identity{ID: domain.LogID{7}, Partitions: shape.Partitions}, events: datasettest.History(shape)}
}

func (l *listed) Identity() domain.Identity { return l.id }

func (l *listed) end() domain.Cut {
	cut := l.id.Start()
	for p, events := range l.events {
		cut.End[p] += domain.Seq(len(events))
	}
	return cut
}

func (l *listed) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for p, events := range l.events {
			for _, r := range events[from.End[p]-1 : to.End[p]-1] {
				if ctx.Err() != nil {
					yield(domain.Recorded{}, ctx.Err())
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// commits applies the log bit by bit, taking partitions in turns, until part of
// it is done; each is called behind every commit.
type commits struct {
	testing.TB
	log   *listed
	store *postgres.Store
	folds []projections.Projection
	at    domain.Cut
	dice  *domain.Dice
}

func newCommits(t testing.TB, log *listed, store *postgres.Store, folds []projections.Projection) *commits {
	return &commits{t, log, store, folds, log.id.Start(), domain.NewDice(5)}
}

func (c *commits) next(most int) bool {
	to := c.at.Clone()
	end := c.log.end()
	for p := range to.End {
		to.End[p] = min(to.End[p]+domain.Seq(c.dice.Below(most)), end.End[p])
	}
	var changes []projections.Change
	for r := range c.log.Read(c.Context(), c.at, to) {
		for _, f := range c.folds {
			changes = f.Apply(&r, changes)
		}
	}
	if err := c.store.Commit(c.Context(), changes, c.at, to); err != nil {
		c.Errorf("commit to %s: %v", to, err)
		return false
	}
	c.at = to
	return !to.Equal(end)
}

func openStore(t testing.TB, dsn string, id domain.Identity, views []projections.View) *postgres.Store {
	t.Helper()
	s, err := postgres.NewStore(t.Context(), open(t, dsn), id, views...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// equal fails the test unless live and fresh rows are the same, and some.
func equal(t testing.TB, store *postgres.Store, log domain.Log) domain.Cut {
	t.Helper()
	at, all, err := store.Verify(t.Context(), postgres.Build{Log: log, Folds: allViews()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Missing+c.Surplus > 0 {
			t.Errorf("%s at %s: of %d rows %d are missing, %d are too many: %s", c.Table, at, c.Rows, c.Missing, c.Surplus, c.Example)
		}
	}
	return at
}

// Views are built anew while others commit and ask: what they leave is what
// they would have left alone.
func TestRebuildBesideLiveTraffic(t *testing.T) {
	log := newListed(150, 40)
	store := openStore(t, migratedDSN(t, postgrestest.Shared(t)), log.id, projections.ViewsOf(allViews()))
	live := newCommits(t, log, store, allViews())
	for range 20 {
		live.next(300)
	}
	var all sync.WaitGroup
	done := make(chan struct{})
	all.Go(func() {
		for live.next(60) {
		}
	})
	for range 2 {
		all.Go(func() {
			for asking := true; asking; {
				select {
				case <-done:
					asking = false
				default:
				}
				if _, err := store.Messages(t.Context(), conversations.Query{Desc: true, Max: 20}); err != nil {
					t.Errorf("Messages: %v", err)
					return
				}
				if _, err := store.Counts(t.Context()); err != nil {
					t.Errorf("Counts: %v", err)
					return
				}
			}
		})
	}
	if err := store.Rebuild(t.Context(), postgres.Build{Log: log, Folds: allViews()}); err != nil {
		t.Error(err)
	}
	for _, f := range allViews() {
		if err := store.Rebuild(t.Context(), postgres.Build{Log: log, Folds: []projections.Projection{f}}); err != nil {
			t.Errorf("%s: %v", f.Name(), err)
		}
	}
	close(done)
	all.Wait()
	if at := equal(t, store, log); !at.Equal(log.end()) {
		t.Errorf("the views are at %s, want %s", at, log.end())
	}
}

// Whatever is wrong in a table, a comparison finds.
func TestVerifyFindsWhatIsWrong(t *testing.T) {
	log := newListed(20, 10)
	dsn := migratedDSN(t, postgrestest.Shared(t))
	store := openStore(t, dsn, log.id, projections.ViewsOf(allViews()))
	for live := newCommits(t, log, store, allViews()); live.next(500); {
	}
	equal(t, store, log)
	pool := open(t, dsn)
	for table, harm := range map[string]string{
		"views.messages":       "UPDATE views.messages SET reviews = reviews + 1 WHERE id = (SELECT min(id::text)::uuid FROM views.messages)",
		"views.deeds":          "DELETE FROM views.deeds WHERE ctid = (SELECT min(ctid) FROM views.deeds)",
		"views.deed_totals":    "UPDATE views.deed_totals SET kind_1 = kind_1 + 1 WHERE ctid = (SELECT min(ctid) FROM views.deed_totals)",
		"views.history":        "INSERT INTO views.history VALUES ('tree/x', now(), 0, 99999999)",
		"views.message_counts": "UPDATE views.message_counts SET n = n - 1 WHERE ctid = (SELECT min(ctid) FROM views.message_counts)",
	} {
		exec(t, pool, harm)
		_, all, err := store.Verify(t.Context(), postgres.Build{Log: log, Folds: allViews()})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if wrong := c.Missing+c.Surplus > 0; wrong != (c.Table == table) || wrong && c.Example == "" {
				t.Errorf("after %q: %+v", harm, c)
			}
		}
		if err := store.Rebuild(t.Context(), postgres.Build{Log: log, Folds: allViews()}); err != nil {
			t.Fatal(err)
		}
		equal(t, store, log)
	}
}

// All views can be built as of any cut; who commits goes on from there.
func TestRebuildToACut(t *testing.T) {
	log := newListed(30, 10)
	store := openStore(t, migratedDSN(t, postgrestest.Shared(t)), log.id, projections.ViewsOf(allViews()))
	live := newCommits(t, log, store, allViews())
	for live.next(200) {
	}
	half := log.end()
	for p := range half.End {
		half.End[p] = (half.End[p] + 1) / 2
	}
	if err := store.RebuildTo(t.Context(), postgres.Build{Log: log, Folds: allViews()[:1]}, half); err == nil {
		t.Error("one view was built to a cut of its own")
	}
	if err := store.RebuildTo(t.Context(), postgres.Build{Log: log, Folds: allViews()}, half); err != nil {
		t.Fatal(err)
	}
	if at := equal(t, store, log); !at.Equal(half) {
		t.Errorf("the views are at %s, want %s", at, half)
	}
	if err := store.Commit(t.Context(), nil, log.end(), log.end()); !errors.Is(err, projections.ErrMoved) {
		t.Errorf("a commit that knows of nothing: %v, want ErrMoved", err)
	}
	again := newCommits(t, log, store, allViews())
	for r := range log.Read(t.Context(), log.id.Start(), half) {
		for _, f := range again.folds {
			f.Apply(&r, nil)
		}
	}
	for again.at = half; again.next(200); {
	}
	equal(t, store, log)
}

// revised is a view under other rules.
type revised struct{ projections.Projection }

func (revised) Revision() int { return 1_000_000 }

// A new version of the program builds the views whose rules changed; the old
// one can then commit no more, and finds out that it is old.
func TestARaisedRevision(t *testing.T) {
	log := newListed(20, 10)
	dsn := migratedDSN(t, postgrestest.Shared(t))
	before := openStore(t, dsn, log.id, projections.ViewsOf(allViews()))
	live := newCommits(t, log, before, allViews())
	for range 10 {
		live.next(100)
	}
	folds := func() []projections.Projection {
		all := allViews()
		all[1] = revised{all[1]}
		return all
	}
	after := openStore(t, dsn, log.id, projections.ViewsOf(folds()))
	name := folds()[1].Name()
	if old, err := after.Outdated(t.Context()); err != nil || !slices.Equal(old, []string{name}) {
		t.Errorf("outdated are %v, %v, want %s", old, err, name)
	}
	if err := after.Commit(t.Context(), nil, live.at, log.end()); !errors.Is(err, projections.ErrRevised) {
		t.Errorf("a commit by rules that are not built yet: %v, want ErrRevised", err)
	}
	live.next(100) // the old version goes on
	if err := after.Rebuild(t.Context(), postgres.Build{Log: log, Folds: folds()[1:2]}); err != nil {
		t.Fatal(err)
	}
	if err := before.Commit(t.Context(), nil, live.at, log.end()); !errors.Is(err, projections.ErrRevised) || !strings.Contains(err.Error(), name+"=1000000") {
		t.Errorf("a commit by old rules: %v, want ErrRevised", err)
	}
	if _, err := before.Outdated(t.Context()); !errors.Is(err, postgres.ErrNewer) {
		t.Errorf("the old version sees %v, want ErrNewer", err)
	}
	if old, err := after.Outdated(t.Context()); err != nil || len(old) > 0 {
		t.Errorf("outdated are %v, %v, want none", old, err)
	}
	goesOn := newCommits(t, log, after, folds())
	for r := range log.Read(t.Context(), log.id.Start(), live.at) {
		for _, f := range goesOn.folds {
			f.Apply(&r, nil)
		}
	}
	for goesOn.at = live.at; goesOn.next(200); {
	}
	equal(t, after, log)
}
