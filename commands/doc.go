// Package commands runs the write side: it takes commands, lets the aggregates
// decide, makes their events durable, and answers.
//
// The life of a command: Engine.Do finds the partition of its stream (facts),
// and queues it there. The partition's goroutine (writer) takes all that has
// queued up, decides one after another against the state that the one before
// left (state, unit), appends all their events in one durable write, and only
// then answers. What a command causes elsewhere in its partition (a tree ends,
// so the lottery draws, so another tree grows) goes into the same append; what
// it causes in other partitions follows as commands of its own (reactions).
//
// One of several nodes owns some of the partitions, as it is told (Acquire,
// Release). It follows the log for what the others commit (follow), passes
// commands and questions on to their partitions' owners and waits until it
// knows what they answered (pass). Who owns a partition is decided by the log
// alone: an owner that has been succeeded gets no event in, and before it
// answers without one, it asks the log whether it still is the owner.
//
// When an append fails, nothing was answered: the partition's state is thrown
// away and rebuilt from the log, and the batch is decided again. Commands that
// had been written after all are known by their ids, and get the old answer.
package commands
