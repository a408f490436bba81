// Package statistics is the view of the campaign's counts: messages by
// language, role, origin and deletion, trees by language and state, and
// contributors that accepted the terms.
//
// An event moves what it tells of from one counter to another; the counters
// that have another value after it are given as rows.
package statistics
