// Package reward holds the rules of points, levels, streaks and the troll score
// (spec: collection §10).
//
// A board is made in three steps, of which this package is the arithmetic:
// what somebody did within a [Frame] is counted, the counts make a score
// ([Points] for work, [Trolling] for what others said of it), and a score of
// work makes a [Level]. Everything is counted in whole numbers; label values
// are in billionths.
package reward
