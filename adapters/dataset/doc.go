// Package dataset writes datasets to directories, and holds such directories
// against the log again (spec: dataset §§1–3).
//
// The life of an export: every partition of the log is read up to the cut,
// into a fold of its own and into its Merkle root (replay.go); the folds are
// read off as lines under the recipe, which are hashed as they are and
// compressed on all CPUs (gzip.go); a manifest and a card tell what the file
// is (manifest.go, card.go); all of it is written beside the target and takes
// its name at once (place.go). Nothing in the directory depends on a clock,
// the machine or the number of CPUs: the same log, cut, recipe and options
// give the same bytes.
//
// [ResolveAt] turns a time into a cut before that. [Verify] rebuilds what a
// manifest promises, and says what differs.
package dataset
