package projectionstest

import (
	"reflect"

	"github.com/google/go-cmp/cmp"

	"dendro/domain"
	"dendro/projections"
)

// TB is what a Table needs of a test, be it testing's or rapid's.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Table folds events and keeps the rows as a store would. It fails the test
// when a change changes nothing, and in Done when a row changed after it was
// given.
type Table struct {
	t     TB
	fold  projections.Projection
	key   func(projections.Row) any
	rows  map[any]projections.Row
	given []given
}

type given struct{ row, then projections.Row }

// NewTable makes the empty table of a new fold. Key gives what tells rows
// apart, as a value that can be a key of maps.
func NewTable(t TB, fold projections.Projection, key func(projections.Row) any) *Table {
	return &Table{t: t, fold: fold, key: key, rows: map[any]projections.Row{}}
}

// Apply folds the events and applies what they change.
func (x *Table) Apply(events ...domain.Recorded) {
	x.t.Helper()
	for i := range events {
		for _, c := range x.fold.Apply(&events[i], nil) {
			x.change(&events[i], c)
		}
	}
}

func (x *Table) change(r *domain.Recorded, c projections.Change) {
	x.t.Helper()
	key := x.key(c.Row)
	had, known := x.rows[key]
	switch {
	case c.Gone && !known:
		x.t.Fatalf("event %s takes away a row that is not there: %+v", r.Position, c.Row)
	case c.Gone:
		delete(x.rows, key)
	case known && cmp.Equal(had, c.Row):
		x.t.Fatalf("event %s puts a row that is there already: %+v", r.Position, c.Row)
	default:
		x.rows[key] = c.Row
		x.given = append(x.given, given{c.Row, shallow(c.Row)})
	}
}

// shallow copies the struct that a row points to.
func shallow(row projections.Row) projections.Row {
	v := reflect.New(reflect.TypeOf(row).Elem())
	v.Elem().Set(reflect.ValueOf(row).Elem())
	return v.Interface().(projections.Row)
}

// Rows is what the table holds now.
func (x *Table) Rows() map[any]projections.Row { return x.rows }

// Done checks that no row changed after it was given.
func (x *Table) Done() {
	x.t.Helper()
	for _, g := range x.given {
		if diff := cmp.Diff(g.then, g.row); diff != "" {
			x.t.Fatalf("a row changed after it was given (-then +now):\n%s", diff)
		}
	}
}
