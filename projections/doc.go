// Package projections is the read side's frame: folds from events to rows, and
// the runner that feeds them from the log into a store (design §7).
//
// The life of an event here: the Runner reads it from the log in order of its
// partition; every Projection folds it and says which rows it changed; the
// Store takes a batch of changes together with the cut behind it, so that each
// event is applied exactly once. Live following and rebuilding are the same
// code: a rebuild is a run from the start into an empty store.
//
// Each view has a package of its own below this one: its rows, its fold, and
// the Reader interface by which it is asked. Stores know rows and keys and
// nothing of why a row is what it is.
package projections
