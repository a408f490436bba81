// Package tree is the aggregate of one conversation tree: its messages, the
// tasks on them, reviews, rankings, emojis and moderation, and the state
// machine of collection §4.
//
// The life of a tree: a task for an initial prompt opens the stream; the
// prompt, handed in, is reviewed; accepted, it waits for the lottery of its
// pool; having won, it grows by replies, each reviewed, to its goal; sibling
// replies are ranked; the rankings are merged, and the tree is ready for
// export. Moderators and automatic rules may leave that road at any point.
//
// Files: events (what is stored), state (what is remembered: no texts, only
// their digests), commands, decide… (from commands to events), settle (the
// conditions that are tested again after every event), work (what the pool is
// told).
package tree
