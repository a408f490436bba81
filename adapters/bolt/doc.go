// Package bolt keeps a log in one bbolt file: the embedded log, which needs no
// server.
//
// The life of an append: Writer.Append turns events into canonical records and
// those into one frame per append (frame), off the writing goroutine. The
// committer takes all frames that wait, of any partition, checks that each
// continues its partition under its epoch, chains it to the frame before by its
// checksum, and puts all into one bbolt transaction, synced once before anyone
// is answered (commit). Readers copy frames out chunk by chunk and check them
// again (read).
//
// A flipped byte is named, never passed over. bbolt checks nothing but its meta
// pages, so Open walks the whole file first (pages, check): every page's form,
// every frame's checksum and chain, every partition's end. Of a damaged newest
// meta page bbolt would silently make the commit before; log.head, written
// behind each commit, tells that one is missing (head). A commit that was cut
// off was never acknowledged, and is no damage.
//
// Beside log.db and log.head the directory may hold checkpoints/: a cache of
// folded states, which may be deleted at any time.
package bolt
