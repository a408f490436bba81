// Package domain holds what every part of Dendro shares: identifiers, the
// event envelope, positions and cuts, the Log and Writer interfaces, the kinds
// of refusal, and the vocabulary of collecting (roles, tasks, tree states,
// labels, emojis).
//
// The life of an event: an aggregate (package tree, pool, contributor or
// campaign) decides a payload; the partition's writer wraps it in an envelope
// (Recorded) at the next position; a Log makes it durable; folds read it back,
// for ever the same. A cut names a prefix of every partition, and is the only
// meaning of "point in time".
//
// The package knows no encoding and does no I/O.
package domain
