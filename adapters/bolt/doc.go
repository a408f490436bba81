// Package bolt keeps a log in one bbolt file, for one process at a time.
//
// The life of an append:
//
//  1. Writer.Append, in its caller's goroutine, checks the events among
//     themselves and encodes them into frames (framer): canonical records with
//     a checksum around them. A large append is several frames.
//  2. It queues a request and waits. The queue is bounded in number and bytes:
//     ErrOverloaded. A caller that gives up withdraws the request, or learns
//     that it came too late for that: ErrUnknown.
//  3. The committer, one goroutine, takes whatever has queued up, of all
//     partitions. It refuses what a takeover has fenced, or what does not follow
//     the partition's last event, and chains each frame to its partition's last.
//  4. It sets room aside (ErrFull), writes the frames in one bbolt transaction,
//     and syncs the file, once for all.
//  5. It notes the commit in log.head, shows the new end to readers, wakes
//     followers, and answers.
//
// If a write or sync fails, nobody knows what the disk holds: the answer is
// ErrUnknown, and so is every later one until somebody owns a partition again.
// That closes the file, checks it from the disk, and goes on from there.
//
// A takeover is an append of one event by the log itself, through the same queue.
//
// # Starting
//
// Open trusts nothing. Under the file's lock, and before bbolt looks at it, it
// reads every page that the log stands on (checker): meta pages, page heads,
// entries, keys, buckets, and each frame's checksum, place and chain. One
// changed byte anywhere in them is found, and named by its frame. Free pages
// and the unused ends of pages may hold anything.
//
// bbolt syncs twice in a commit, so that a meta page never stands above pages
// that are missing. Here both are synced at once, and the check tells when
// that happened: after a power cut the newest commit may be there in part.
// Open takes it back if the commit before is there whole, and log.head does not
// say that the newest was acknowledged. log.head itself is not synced, so it
// may be too old to say so after a power cut; a session therefore ends with a
// commit of no events, which may be taken back without loss. What is left: a
// power cut with a complete commit, whose bytes then change on the disk before
// the next start, looks like a commit that was cut off.
//
// # Files
//
//	log.db        the log
//	log.db.new    a log that is being created
//	log.head      what was acknowledged last
//	checkpoints/  see CheckpointStore
//	directory.*   see Directory, which is no part of the log
//
// The same identity, clock and appends give the same log.db, byte for byte, as
// long as appends come one after another and nobody reads meanwhile: how
// appends group, and which free pages a reader holds back, is up to timing.
package bolt
