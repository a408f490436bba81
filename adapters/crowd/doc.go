// Package crowd simulates the people of a campaign: they write, review, rank,
// skip, spam, quarrel, lose answers and moderate, all through commands.Engine.
//
// The life of a round: the clock moves on by a drawn time; some members are
// drawn by how active they are, and each sends at most one command; the
// commands go to the engine together (Engine.DoAll), so each partition gets
// one append; what the members learn from the answers makes their next
// commands. Now and then a moderator acts between two rounds.
//
// Everything is drawn from one seed with whole numbers; nothing depends on the
// wall clock, on timing or on the order of maps. The same seed on the same log
// makes the same events, byte for byte, for an engine whose only caller this
// is, with a clock of its own (Options.Clock) and dice from Dice.
//
// What the crowd knows of its own work it learns from answers alone, and, when
// it goes on with a log, from Options.History. What a former run left half
// done is left to expire.
package crowd
