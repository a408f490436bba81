// Package reenact plays a published messages.jsonl through the live command
// path (spec: dataset §4): contributors write its messages in order of time,
// review, react and rank, and the rules have to arrive where the published
// data did.
//
// The life of a row here: the forest hangs it below its parent, or says why it
// can't be played. Its votes are inferred: which label sets were reviews, which
// were free, and what the acceptance rule makes of them. The plan of its tree
// says which rows count towards the goal, and when those deleted go. Then the
// stage posts it at its time, through a task drawn by the pool; a row that the
// rules leave no room for is noted with the rule. When the last row of a tree
// has been posted its rankings, reactions and deletions follow. At the end the
// log is folded into a dataset, and each row held against the file's.
//
// The engine does not know that it reenacts. What is inferred is what the file
// does not tell: the dice, who voted, and when. Some of what happened shows only
// in its consequences; then the plan does what the rules would have needed: a
// leaf is deleted for a moment where a task had been given out earlier, votes
// are discounted where a decision has too few reviews left, an account is merged
// where one contributor replied twice.
package reenact
