// Package pool is the aggregate of one language's work: how many trees are in
// which state, which tasks are open and who may take them, the lottery among
// waiting prompts, and the imported backlog.
//
// A pool is told about its trees (Observe) and about the tasks and texts in
// them (Reserve, Release, Wrote, Won); it answers which task comes next
// (Offer) and decides what its language needs (Decide): a draw, a backlog
// tree. It never looks at all trees: open work stands in indexes (shelf) whose
// order depends on what is in them alone, not on how it came there, so a
// rebuilt pool draws as the old one would have.
//
// Unlike a tree's, a pool's state is changed in place: its owner is the one
// goroutine that writes the partition.
package pool
