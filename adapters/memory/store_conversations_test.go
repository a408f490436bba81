package memory_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/adapters/memory"
	"dendro/domain"
	"dendro/projections"
	"dendro/projections/conversations"
)

var (
	identity = domain.Identity{ID: domain.LogID{9}, Partitions: 2}
	noon     = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
)

// shelf is a store and, beside it, the messages that it should have.
type shelf struct {
	t interface {
		Helper()
		Fatalf(string, ...any)
	}
	*domain.Dice
	store  *memory.Store
	rows   map[domain.MessageID]*conversations.Message
	spread int // how many instants there are
}

// put commits without moving the cut.
func (s *shelf) put(changes ...projections.Change) {
	s.t.Helper()
	if err := s.store.Commit(context.Background(), changes, identity.Start(), identity.Start()); err != nil {
		s.t.Fatalf("%v", err)
	}
}

func oneOf[T any](d *domain.Dice, list ...T) T { return list[d.Below(len(list))] }

// message makes up a message of few values, so that many share them.
func (s *shelf) message() *conversations.Message {
	m := &conversations.Message{
		Tree: domain.TreeID{1: byte(s.Below(9))}, Author: s.author(), Client: domain.ClientID{3: byte(s.Below(3))},
		Language: oneOf(s.Dice, "en", "EN", "pt-BR", "pt-br"), Created: s.instant(), Deleted: s.Below(4) == 0,
		Text: fmt.Sprint(s.word(), ", ", s.word(), "! ", s.word()), FrontendID: oneOf(s.Dice, "", fmt.Sprint(s.Below(40))),
	}
	for i := range 2 { // a few bytes of id, at both ends
		m.ID[15*i] = byte(1 + s.Below(250))
	}
	m.ID[7] = byte(s.Below(256))
	if s.Below(3) > 0 {
		m.Parent = domain.MessageID{1}
	}
	return m
}

func (s *shelf) author() domain.ContributorID { return domain.ContributorID{2: byte(s.Below(5))} }

func (s *shelf) instant() time.Time {
	return noon.Add(time.Duration(s.Below(s.spread)) * time.Microsecond)
}

func (s *shelf) word() string {
	return oneOf(s.Dice, "tree", "Tree", "TREES", "Straße", "ÄRGER", "ärger", "日本", "日本語", "हिन्दी", "a1", "B")
}

// fill puts in messages in any order, changes some, and takes some away.
func (s *shelf) fill(n int) {
	for range n {
		m := s.message()
		if s.rows[m.ID] == nil {
			s.rows[m.ID] = m
			s.put(projections.Put(m))
		}
	}
	for _, m := range s.sorted() {
		switch s.Below(6) {
		case 0:
			delete(s.rows, m.ID)
			s.put(projections.Remove(&conversations.Message{ID: m.ID}))
		case 1:
			changed := *m
			changed.Text, changed.Deleted = s.word(), !m.Deleted
			s.rows[m.ID] = &changed
			s.put(projections.Put(&changed))
		}
	}
}

func inOrder(a, b *conversations.Message) int {
	if c := a.Created.Compare(b.Created); c != 0 {
		return c
	}
	return a.ID.Compare(b.ID)
}

func (s *shelf) sorted() (out []*conversations.Message) {
	for _, m := range s.rows {
		out = append(out, m)
	}
	slices.SortFunc(out, inOrder)
	return out
}

// query makes one up; each field limits now and then.
func (s *shelf) query() conversations.Query {
	q := conversations.Query{
		Language: oneOf(s.Dice, "", "en", "PT-br", "xx"), Roots: s.Below(3) == 0, Deleted: s.Below(2) == 0,
		Search: oneOf(s.Dice, "", "", s.word(), s.word()+" "+s.word(), "...", "nothing"), Desc: s.Below(2) == 0, Max: 1 + s.Below(20),
	}
	if s.Below(4) == 0 {
		q.Client = domain.ClientID{3: byte(s.Below(4))}
	}
	for range s.Below(2) * s.Below(4) {
		q.Authors = append(q.Authors, oneOf(s.Dice, s.author(), domain.ContributorID{9}))
	}
	if s.Below(20) == 0 {
		q.Authors = []domain.ContributorID{}
	}
	if s.Below(4) == 0 {
		q.From = s.fraction()
	}
	if s.Below(4) == 0 {
		q.To = s.fraction()
	}
	if s.Below(3) == 0 {
		q.After = s.key()
	}
	if s.Below(3) == 0 {
		q.Before = s.key()
	}
	return q
}

// fraction is an instant, or close to one.
func (s *shelf) fraction() time.Time {
	return s.instant().Add(time.Duration(oneOf(s.Dice, 0, 0, 1, -1)) * time.Nanosecond)
}

func (s *shelf) key() *conversations.Key {
	switch all := s.sorted(); {
	case len(all) > 0 && s.Below(2) == 0:
		return keyOf(oneOf(s.Dice, all...))
	case s.Below(2) == 0:
		m := s.message()
		return &conversations.Key{Created: s.fraction(), ID: oneOf(s.Dice, m.ID, domain.MessageID{15: 1}, allOnes)}
	}
	return &conversations.Key{Created: s.fraction()}
}

var allOnes = func() (id domain.MessageID) {
	for i := range id {
		id[i] = 0xff
	}
	return id
}()

func keyOf(m *conversations.Message) *conversations.Key {
	return &conversations.Key{Created: m.Created, ID: m.ID}
}

// filtered answers a query by looking at all messages.
func filtered(all []*conversations.Message, q conversations.Query) (out []*conversations.Message) {
	for _, m := range all {
		if fits(m, q) {
			out = append(out, m)
		}
	}
	if q.Desc {
		slices.Reverse(out)
	}
	return out[:min(len(out), q.Max)]
}

func fits(m *conversations.Message, q conversations.Query) bool {
	for _, word := range strings.FieldsFunc(q.Search, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) }) {
		if !strings.Contains(strings.ToLower(m.Text), strings.ToLower(word)) {
			return false
		}
	}
	return (q.Authors == nil || slices.Contains(q.Authors, m.Author)) &&
		(q.Client.IsZero() || q.Client == m.Client) &&
		(q.Language == "" || strings.EqualFold(q.Language, m.Language)) &&
		(!q.Roots || m.Parent.IsZero()) && (q.Deleted || !m.Deleted) &&
		(q.From.IsZero() || !m.Created.Before(q.From)) && (q.To.IsZero() || !m.Created.After(q.To)) &&
		(q.After == nil || beyond(m, q.After, 1)) && (q.Before == nil || beyond(m, q.Before, -1))
}

// beyond reports whether the message is on that side of the key.
func beyond(m *conversations.Message, k *conversations.Key, side int) bool {
	if c := m.Created.Compare(k.Created); c != 0 {
		return c == side
	}
	return k.ID.IsZero() || m.ID.Compare(k.ID)*side > 0
}

func (s *shelf) ask(q conversations.Query) []*conversations.Message {
	s.t.Helper()
	got, err := s.store.Messages(context.Background(), q)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	return got
}

func (s *shelf) compare(q conversations.Query) {
	s.t.Helper()
	if diff := cmp.Diff(filtered(s.sorted(), q), s.ask(q)); diff != "" {
		s.t.Fatalf("%+v\n(-filtered and sorted +store):\n%s", q, diff)
	}
}

// pages walks through a query in pages, from one end to the other and back, and
// must meet each message once.
func (s *shelf) pages(q conversations.Query) {
	s.t.Helper()
	for _, desc := range []bool{false, true} {
		q.Desc = desc
		all := q
		all.Max = len(s.rows) + 1
		var met []*conversations.Message
		for step := q; ; {
			page := s.ask(step)
			if met = append(met, page...); len(page) == 0 {
				break
			}
			if last := keyOf(page[len(page)-1]); desc {
				step.Before = last
			} else {
				step.After = last
			}
		}
		if diff := cmp.Diff(filtered(s.sorted(), all), met); diff != "" {
			s.t.Fatalf("pages of %+v\n(-all +met):\n%s", q, diff)
		}
	}
}

func newShelf(t interface {
	Helper()
	Fatalf(string, ...any)
}, seed uint64, spread int) *shelf {
	return &shelf{
		t: t, Dice: domain.NewDice(seed), store: memory.NewStore(identity), spread: spread,
		rows: map[domain.MessageID]*conversations.Message{},
	}
}

func TestMessagesAreThoseFilteredAndSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newShelf(t, rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 30).Draw(t, "instants"))
		s.fill(rapid.IntRange(0, 60).Draw(t, "messages"))
		for range 20 {
			s.compare(s.query())
		}
		s.pages(s.query())
	})
}

// With many messages, walks stop on their way to let commits in between.
func TestLongWalks(t *testing.T) {
	s := newShelf(t, 1, 4000)
	s.fill(9000)
	for range 60 {
		q := s.query()
		q.Max *= 200
		s.compare(q)
	}
	q := s.query()
	q.Max = 700
	s.pages(q)
}

func TestLongWalksEndWithTheirContext(t *testing.T) {
	s := newShelf(t, 1, 4000)
	s.fill(100)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.store.Messages(ctx, conversations.Query{Search: "nothing", Max: 1}); err != context.Canceled {
		t.Errorf("a walk without time gave %v", err)
	}
}

func TestMessageLookups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		s := newShelf(t, rapid.Uint64().Draw(t, "seed"), 9)
		s.fill(rapid.IntRange(0, 60).Draw(t, "messages"))
		trees := map[domain.TreeID][]*conversations.Message{}
		first := map[string]*conversations.Message{}
		for _, m := range s.sorted() {
			trees[m.Tree] = append(trees[m.Tree], m)
			if name := m.Client.String() + m.FrontendID; m.FrontendID != "" && first[name] == nil {
				first[name] = m
			}
			if got, err := s.store.Message(ctx, m.ID); got != m || err != nil {
				t.Fatalf("message %s is %v, %v", m.ID, got, err)
			}
		}
		for n := range byte(9) {
			id := domain.TreeID{1: n}
			if got, err := s.store.TreeMessages(ctx, id); err != nil || !slices.Equal(got, trees[id]) {
				t.Fatalf("tree %d has %v, %v", n, got, err)
			}
		}
		for c := range byte(4) {
			for n := range 41 {
				client, name := domain.ClientID{3: c}, fmt.Sprint(n)
				if got, err := s.store.MessageByFrontend(ctx, client, name); err != nil || got != first[client.String()+name] {
					t.Fatalf("client %d's message %s is %v, %v; want %v", c, name, got, err, first[client.String()+name])
				}
			}
		}
		if got, err := s.store.Message(ctx, domain.MessageID{99}); got != nil || err != nil {
			t.Fatalf("no message is %v, %v", got, err)
		}
	})
}

func TestTrees(t *testing.T) {
	ctx := context.Background()
	s := newShelf(t, 1, 1)
	row := func(n byte, state domain.TreeState) *conversations.Tree {
		return &conversations.Tree{ID: domain.TreeID{n}, State: state}
	}
	a, b, c := row(1, domain.Growing), row(2, domain.ReadyForExport), row(3, domain.Ranking)
	ended := row(3, domain.HaltedByModerator)
	for _, step := range []struct {
		change      projections.Change
		all, active []*conversations.Tree
	}{
		{projections.Put(c), []*conversations.Tree{c}, []*conversations.Tree{c}},
		{projections.Put(b), []*conversations.Tree{b, c}, []*conversations.Tree{c}},
		{projections.Put(a), []*conversations.Tree{a, b, c}, []*conversations.Tree{a, c}},
		{projections.Put(ended), []*conversations.Tree{a, b, ended}, []*conversations.Tree{a}},
		{projections.Remove(row(1, "")), []*conversations.Tree{b, ended}, []*conversations.Tree{}},
	} {
		s.put(step.change)
		for _, want := range []struct {
			active bool
			trees  []*conversations.Tree
		}{{false, step.all}, {true, step.active}} {
			got, err := s.store.Trees(ctx, want.active)
			if err != nil || !slices.Equal(got, want.trees) {
				t.Fatalf("trees, only active: %t: %v, %v", want.active, got, err)
			}
		}
	}
	if got, err := s.store.Tree(ctx, b.ID); got != b || err != nil {
		t.Errorf("tree 2 is %v, %v", got, err)
	}
	if got, err := s.store.Tree(ctx, a.ID); got != nil || err != nil {
		t.Errorf("a tree that is gone is %v, %v", got, err)
	}
}

func TestReactionsAndRevisions(t *testing.T) {
	ctx := context.Background()
	s := newShelf(t, 1, 1)
	one, two := domain.MessageID{1}, domain.MessageID{2}
	ann, bob := domain.ContributorID{1}, domain.ContributorID{2}
	s.put(
		projections.Put(&conversations.Reaction{Message: one, By: bob, Emojis: 4}),
		projections.Put(&conversations.Reaction{Message: one, By: ann, Emojis: 1}),
		projections.Put(&conversations.Reaction{Message: two, By: ann, Emojis: 2}),
		projections.Put(&conversations.Reaction{Message: one, By: ann, Emojis: 3}),
		projections.Remove(&conversations.Reaction{Message: two, By: ann}),
		projections.Remove(&conversations.Reaction{Message: two, By: bob}),
	)
	for by, want := range map[domain.ContributorID][]uint16{ann: {0, 3, 0}, bob: {0, 4, 0}, {3}: {0, 0, 0}} {
		if got, err := s.store.Reactions(ctx, by, []domain.MessageID{two, one, {9}}); err != nil || !slices.Equal(got, want) {
			t.Errorf("reactions by %s: %v, %v; want %v", by, got, err, want)
		}
	}
	first, second := &conversations.Revision{Message: one, Text: "a"}, &conversations.Revision{Message: one, Number: 1, Text: "b"}
	s.put(projections.Put(second), projections.Put(first))
	got, err := s.store.Revisions(ctx, one)
	if err != nil || !slices.Equal(got, []*conversations.Revision{first, second}) {
		t.Errorf("revisions: %v, %v", got, err)
	}
	s.put(projections.Put(&conversations.Revision{Message: one, Number: 1, Text: "c"}))
	if got[1] != second {
		t.Error("what a reader was given changed under its hands")
	}
	if got, err := s.store.Revisions(ctx, two); len(got) > 0 || err != nil {
		t.Errorf("revisions of a message that has none: %v, %v", got, err)
	}
}
