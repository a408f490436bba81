package projections

import (
	"context"
	"errors"

	"dendro/domain"
)

// Row is one row of a view: a pointer to a struct that nobody changes after a
// projection gave it. Its key is part of it; the view's package names it.
type Row interface {
	// Table names the view's table that the row stands in.
	Table() string
}

// Change puts a row in the place of the one with its key, or, when Gone, takes
// away the row with that key: then only the key's fields of Row are set.
type Change struct {
	Row  Row
	Gone bool
}

// Put and Remove make changes.
func Put(r Row) Change { return Change{Row: r} }

// Remove makes the change that takes the row with r's key away.
func Remove(r Row) Change { return Change{Row: r, Gone: true} }

// Projection is a pure fold: the rows depend on the events folded so far and
// on nothing else, and not on how partitions interleave. One projection takes
// the events of all partitions, each partition's in order of Seq. Not for
// concurrent use.
type Projection interface {
	// Name names the view, Revision its rules: whoever changes what is put,
	// raises it, and stores are then built anew.
	Name() string
	Revision() int
	// Apply folds one event and appends what it changes to changes. It keeps
	// parts of the event, which nobody changes, but not r.
	Apply(r *domain.Recorded, changes []Change) []Change
}

// Store keeps the rows of views and the cut that they stand for. All methods
// may be called concurrently; there is one committer at a time.
type Store interface {
	// Cut is how far the rows have come.
	Cut(ctx context.Context) (domain.Cut, error)

	// Commit applies the changes in their order and moves the cut from from to
	// to, all or nothing. When the cut is not from it answers ErrMoved and
	// changes nothing: somebody else commits too. It keeps rows, but neither
	// changes nor the cuts.
	Commit(ctx context.Context, changes []Change, from, to domain.Cut) error

	// Await returns once the cut holds all of at; with ctx's error when ctx ends
	// first. A cut that is not of the store's log is ErrForeignCut.
	Await(ctx context.Context, at domain.Cut) error
}

// ErrMoved is Commit's answer when the store is not where the committer
// thought.
var ErrMoved = errors.New("the store's cut is another than the one that the changes continue")

// ErrRevised is Commit's answer when the store's rows were made by other rules
// than the committer's: another version of the program has built them anew.
var ErrRevised = errors.New("the store's views follow the rules of another version of the program")

// View names a view and the rules that its rows are made by.
type View struct {
	Name     string
	Revision int
}

// ViewsOf gives the views that folds make.
func ViewsOf(folds []Projection) []View {
	out := make([]View, len(folds))
	for i, f := range folds {
		out[i] = View{f.Name(), f.Revision()}
	}
	return out
}
