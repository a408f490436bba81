// Package conversations is the view of trees, messages, reactions and
// revisions (design §7): what readers of conversations are shown.
//
// The life of a message here: a [Fold] takes the recorded events, in order
// within a partition, and keeps per tree its newest rows with the votes behind
// their counts. Each event gives the rows that it changed, as copies: a row
// once given is never touched again, so that a store may keep the very same
// ones. From them it answers what a [Reader] is asked.
//
// The fold shares no code with the aggregates: it is another reading of the
// same facts. What it says of a tree rests on that tree's stream alone, so it
// does not matter how partitions interleave; mergers of accounts are left to
// those who ask.
package conversations
