package conversations_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/projections"
	"dendro/projections/conversations"
)

// key is a row's table and key.
type key struct {
	table  string
	id     [16]byte
	by     domain.ContributorID
	number int
}

func keyOf(row projections.Row) key {
	k := key{table: row.Table()}
	switch row := row.(type) {
	case *conversations.Tree:
		k.id = row.ID
	case *conversations.Message:
		k.id = row.ID
	case *conversations.Reaction:
		k.id, k.by = row.Message, row.By
	case *conversations.Revision:
		k.id, k.number = row.Message, row.Number
	}
	return k
}

func deepCopy(row projections.Row) projections.Row {
	switch row := row.(type) {
	case *conversations.Tree:
		out := *row
		return &out
	case *conversations.Message:
		out := *row
		out.Emojis = slices.Clone(row.Emojis)
		return &out
	case *conversations.Reaction:
		out := *row
		return &out
	case *conversations.Revision:
		out := *row
		return &out
	}
	panic("a row of another view")
}

// tables is a store as simple as can be, which watches what it is given.
type tables struct {
	t     fataler
	rows  map[key]projections.Row
	given []given
}

type given struct{ row, copied projections.Row }

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// folded folds the events and applies what they change.
func folded(t fataler, events ...domain.Recorded) *tables {
	t.Helper()
	into, fold := &tables{t: t, rows: map[key]projections.Row{}}, conversations.New()
	var changes []projections.Change
	for i := range events {
		changes = fold.Apply(&events[i], changes[:0])
		into.apply(&events[i], changes)
	}
	for _, g := range into.given {
		if diff := cmp.Diff(g.copied, g.row); diff != "" {
			t.Fatalf("a row that was given is changed (-then +now):\n%s", diff)
		}
	}
	return into
}

func (s *tables) apply(r *domain.Recorded, changes []projections.Change) {
	s.t.Helper()
	seen := map[key]bool{}
	for _, c := range changes {
		k := keyOf(c.Row)
		before := s.rows[k]
		switch {
		case seen[k]:
			s.t.Fatalf("%T gives %v twice", r.Payload, k)
		case c.Gone && before == nil:
			s.t.Fatalf("%T takes away %v, which is not there", r.Payload, k)
		case !c.Gone && before != nil && cmp.Equal(before, c.Row):
			s.t.Fatalf("%T gives %v as it was", r.Payload, k)
		}
		seen[k] = true
		if c.Gone {
			delete(s.rows, k)
			continue
		}
		s.given = append(s.given, given{c.Row, deepCopy(c.Row)})
		s.rows[k] = deepCopy(c.Row)
	}
}

func (s *tables) message(id domain.MessageID) *conversations.Message {
	m, _ := s.rows[key{table: conversations.TableMessages, id: id}].(*conversations.Message)
	return m
}

func (s *tables) tree(id domain.TreeID) *conversations.Tree {
	t, _ := s.rows[key{table: conversations.TableTrees, id: id}].(*conversations.Tree)
	return t
}

func (s *tables) of(table string) (out []projections.Row) {
	for _, row := range s.rows {
		if row.Table() == table {
			out = append(out, row)
		}
	}
	return out
}

var epoch = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func msg(n byte) domain.MessageID        { return domain.MessageID{0: 1, 15: n} }
func person(n byte) domain.ContributorID { return domain.ContributorID{0: 2, 15: n} }
func task(n byte) domain.TaskID          { return domain.TaskID{0: 3, 15: n} }
func client(n byte) domain.ClientID      { return domain.ClientID{0: 4, 15: n} }
func eventID(n int) domain.EventID       { return domain.EventID{0: 5, 14: byte(n >> 8), 15: byte(n)} }

// recorded puts events into the stream of the tree whose prompt is message 1, a
// minute apart.
func recorded(events ...domain.Event) (out []domain.Recorded) {
	for i, e := range events {
		out = append(out, domain.Recorded{
			ID: eventID(i), Stream: domain.TreeStream(domain.TreeID(msg(1))), Version: domain.Version(i + 1),
			Position: domain.Position{Seq: domain.Seq(i + 1)}, Time: epoch.Add(time.Duration(i) * time.Minute),
			Actor: domain.ByModerator("m"), Payload: e,
		})
	}
	return out
}

// minute is when the n-th of recorded events happened.
func minute(n int) time.Time { return epoch.Add(time.Duration(n) * time.Minute) }

func TestNames(t *testing.T) {
	if f := conversations.New(); f.Name() != "conversations" || f.Revision() != 2 {
		t.Errorf("%s, revision %d", f.Name(), f.Revision())
	}
}
