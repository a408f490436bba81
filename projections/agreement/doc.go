// Package agreement is the view of how far contributors judge alike: the sums
// from which domain/agreement computes α.
//
// What counts is what counts as a review of a message (spec: collection §4): of
// its present text, and not of a contributor whose votes are discounted in its
// tree. Whether a message is deleted makes no difference: it was judged.
//
// Accounts stand for themselves; their rows can be added up, size by size, for
// one who owns several.
package agreement
