// Package remote is the crowd over HTTP: the people of package crowd work on a
// server's API as frontends do, over many connections at once.
//
// The life of a turn: a connection takes somebody who is free, by how active
// they are; they may look aside first (a reaction, a report, their messages,
// the leaderboard, the moderators' queue); then they ask for a task, acknowledge
// it under a message id of their own, and hand in what it asks for, which is
// one cycle; now and then they decline, or send again what was answered. Then
// they are free again. What each exchange took is counted in buckets, per
// connection, and added up at the end.
//
// The crowd is honest about the server: a request that is sent again must be
// answered as before, a page must not repeat itself, a board must be in order.
// What is not so ends the run, as do answers that no request should get.
//
// The seed decides who takes part. What happens is decided by chance and by
// who comes first; Options.Run makes both new for each run.
package remote
