package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dendro/adapters/adaptertest"
	"dendro/adapters/memory"
	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/domain/reward"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/boards"
	"dendro/projections/boards/boardstest"
	"dendro/projections/conversations"
	"dendro/projections/moderation"
)

// twoStores are given the same commits and asked the same questions.
type twoStores struct {
	*testing.T
	*domain.Dice
	memory, postgres adaptertest.Store
	at               domain.Cut
	now              time.Time
	tasks            []domain.TaskID
	messages         []tree.MessagePosted
	people           []domain.ContributorID
	streams          []domain.StreamID
}

func newTwoStores(t *testing.T, id domain.Identity) *twoStores {
	pool, err := postgres.Open(t.Context(), postgrestest.New(t).Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := postgres.Migrate(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	store, err := postgres.NewStore(t.Context(), pool, id)
	if err != nil {
		t.Fatal(err)
	}
	return &twoStores{T: t, Dice: domain.NewDice(1), memory: memory.NewStore(id), postgres: store, at: id.Start()}
}

// The memory store and Postgres answer every question alike, at every cut of a
// campaign that a crowd made.
func TestStoresAgree(t *testing.T) {
	log := crowdLog(t, 7, 30, 2500)
	s, folds := newTwoStores(t, log.Identity()), allViews()
	var changes []projections.Change
	to := s.at.Clone()
	batch := 1
	commit := func() {
		s.commit(changes, to)
		changes = changes[:0]
		s.compare()
		batch = 1 + s.Below(2000)
	}
	eachEvent(t, log, func(r domain.Recorded) {
		s.note(&r)
		for _, f := range folds {
			changes = f.Apply(&r, changes)
		}
		to.End[r.Position.Partition]++
		if batch--; batch == 0 {
			commit()
		}
	})
	commit()
	t.Logf("%d events, %d messages", s.at.Events(), len(s.messages))
}

func (s *twoStores) commit(changes []projections.Change, to domain.Cut) {
	s.Helper()
	for _, store := range []adaptertest.Store{s.memory, s.postgres} {
		if err := store.Commit(s.Context(), changes, s.at, to); err != nil {
			s.Fatal(err)
		}
	}
	s.at = to.Clone()
}

// note remembers what can be asked about.
func (s *twoStores) note(r *domain.Recorded) {
	if r.Time.After(s.now) {
		s.now = r.Time
	}
	if r.Version == 1 {
		s.streams = append(s.streams, r.Stream)
		if id, ok := r.Stream.Contributor(); ok {
			s.people = append(s.people, id)
		}
	}
	switch e := r.Payload.(type) {
	case tree.TaskAssigned:
		s.tasks = append(s.tasks, e.Task)
	case tree.MessagePosted:
		s.messages = append(s.messages, e)
	}
}

// same asks both.
func same[T any](s *twoStores, what string, ask func(context.Context, adaptertest.Store) (T, error)) {
	s.Helper()
	want, err := ask(s.Context(), s.memory)
	if err != nil {
		s.Fatalf("%s in memory: %v", what, err)
	}
	got, err := ask(s.Context(), s.postgres)
	if err != nil {
		s.Fatalf("%s in Postgres: %v", what, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Fatalf("%s at %s (-memory +Postgres):\n%s", what, s.at, diff)
	}
}

type (
	ctx   = context.Context
	store = adaptertest.Store
)

// compare asks for everything there is, and then for single things.
func (s *twoStores) compare() {
	s.Helper()
	for _, active := range []bool{false, true} {
		same(s, "trees", func(c ctx, v store) ([]*conversations.Tree, error) { return v.Trees(c, active) })
	}
	same(s, "accounts", func(c ctx, v store) (any, error) { return v.Contributors(c, nil) })
	same(s, "agreement", func(c ctx, v store) (any, error) {
		raters, all, err := v.Agreement(c, nil)
		return []any{raters, all}, err
	})
	same(s, "counts", func(c ctx, v store) (any, error) { return v.Counts(c) })
	for _, q := range []moderation.FlagQuery{{}, {Most: true, Open: true}, {Language: "en", Desc: true}, {Authors: s.people}} {
		q.Max = 1 << 20
		same(s, "flags", func(c ctx, v store) (any, error) { return v.Flags(c, q) })
	}
	s.flagPages()
	same(s, "reports", func(c ctx, v store) (any, error) { return v.ReportsBy(c, s.people, 1<<20) })
	for _, frame := range reward.Frames {
		same(s, "tallies", func(c ctx, v store) (any, error) {
			got, err := v.Tallies(c, frame.Since(s.now), nil)
			return boardstest.Sorted(got), err
		})
	}
	owners := make([][]domain.ContributorID, len(s.people))
	for i, id := range s.people {
		owners[i] = []domain.ContributorID{id, s.people[0]}
		same(s, "owner", func(c ctx, v store) (any, error) { return v.Owner(c, id) })
		same(s, "accounts of an owner", func(c ctx, v store) (any, error) { return v.Accounts(c, id) })
	}
	same(s, "deeds", func(c ctx, v store) (any, error) { return v.Deeds(c, boards.DeedQuery{By: s.people, Max: 1 << 20}) })
	same(s, "activities", func(c ctx, v store) (any, error) { return v.Activities(c, owners) })
	for range 40 {
		s.compareOne()
	}
}

// flagPages walks each order of the flags by pages of any size: they come to
// what one answer gives, in either store.
func (s *twoStores) flagPages() {
	s.Helper()
	for n := range 1 << 3 {
		whole := moderation.FlagQuery{Most: n&1 > 0, Desc: n&2 > 0, Open: n&4 > 0, Max: 1 << 20}
		same(s, "flags by pages", func(c ctx, v store) (any, error) {
			want, err := v.Flags(c, whole)
			if err != nil {
				return nil, err
			}
			q, got := whole, []*moderation.Flag{}
			for q.Max = 1 + len(want)/7; ; {
				page, err := v.Flags(c, q)
				if err != nil {
					return nil, err
				}
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
				last := page[len(page)-1]
				key := &moderation.FlagKey{Reports: last.Reports, Created: last.Created, Message: last.Message}
				if q.Desc {
					q.Before = key
				} else {
					q.After = key
				}
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				return nil, fmt.Errorf("%+v: -whole +pages:\n%s", whole, diff)
			}
			return got, nil
		})
	}
}

func (s *twoStores) compareOne() {
	s.Helper()
	if len(s.messages) == 0 {
		return
	}
	m := s.messages[s.Below(len(s.messages))]
	task := s.tasks[s.Below(len(s.tasks))]
	stream := s.streams[s.Below(len(s.streams))]
	who := s.people[s.Below(len(s.people))]
	most := 1 + s.Below(50)
	same(s, "task", func(c ctx, v store) (any, error) { return v.Task(c, task) })
	same(s, "task by frontend", func(c ctx, v store) (any, error) { return v.TaskByFrontend(c, m.Client, m.FrontendID) })
	same(s, "message", func(c ctx, v store) (any, error) { return v.Message(c, m.Message) })
	same(s, "message by frontend", func(c ctx, v store) (any, error) { return v.MessageByFrontend(c, m.Client, m.FrontendID) })
	same(s, "revisions", func(c ctx, v store) (any, error) { return v.Revisions(c, m.Message) })
	same(s, "reactions", func(c ctx, v store) (any, error) { return v.Reactions(c, who, []domain.MessageID{m.Message, m.Parent}) })
	same(s, "flag", func(c ctx, v store) (any, error) { return v.Flag(c, m.Message) })
	same(s, "history", func(c ctx, v store) (any, error) { return v.History(c, moderation.OfStream(stream), most) })
	if id, ok := stream.Tree(); ok {
		same(s, "tree", func(c ctx, v store) (any, error) { return v.Tree(c, id) })
		same(s, "messages of a tree", func(c ctx, v store) (any, error) { return v.TreeMessages(c, id) })
	}
	q := s.query(m, who)
	same(s, fmt.Sprintf("messages %+v", q), func(c ctx, v store) (any, error) { return v.Messages(c, q) })
}

func (s *twoStores) query(m tree.MessagePosted, who domain.ContributorID) conversations.Query {
	q := conversations.Query{Roots: s.Below(4) == 0, Deleted: s.Below(2) == 0, Desc: s.Below(2) == 0, Max: 1 + s.Below(100)}
	if s.Below(3) == 0 {
		q.Authors = []domain.ContributorID{who, m.Contributor}
	}
	if s.Below(3) == 0 {
		q.Language = strings.ToUpper(m.Language)
	}
	if words := strings.Fields(m.Text); len(words) > 0 && s.Below(2) == 0 {
		q.Search = words[s.Below(len(words))] + " " + words[s.Below(len(words))]
	}
	if s.Below(3) == 0 {
		q.To = s.now.Add(-time.Duration(s.Below(72)) * time.Hour)
	}
	return q
}
