// Package transfer copies a log into another one, event by event: from the
// embedded file to a cluster and back, or to another number of partitions.
//
// The way of an event: read from its partition of the source (reader), merged
// with those of the other partitions by time (merge), sent to the partition
// that its stream has in the target (homes), appended there in groups (copier),
// and at the end read back and compared (compare).
//
// A copy keeps of each event all but its position and epoch: those are the
// target's, which has claims of its own, so the source's are left behind.
// What the source holds in an older version of its schema, the target holds
// in the current one. The order within a target partition is by time, then by
// partition and seq in the source; it follows from the source alone, so a copy
// that was cut off goes on where it stopped, and a copy made again is the same.
package transfer
