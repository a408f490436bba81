// Package moderation is the view behind the queue of reported messages and the
// audit trail (spec: collection §11).
//
// A Flag begins with the first report of a message, is processed when a
// moderator resolves it, and open again with the next report. An Entry stands
// for each event of a tree, a contributor or the campaign, under its stream
// and, when a moderator acted, under that moderator too: it holds the place of
// the event only, and who reads a trail reads the events themselves from the
// log. Of a pool only those stand there that put a policy in force; all else
// there, and in partitions, follows from the events of the others.
package moderation
