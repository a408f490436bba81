// Package boards is the view behind leaderboard and trollboard: single deeds, each with its time, so that any frame can be counted at any moment (spec: collection §10).
package boards
