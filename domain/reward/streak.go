package reward

import "time"

// DayOf gives the UTC day that an instant falls on, by its midnight.
func DayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Streak gives the days of a streak at the moment now: run counts consecutive
// UTC days, the newest of which is last, that each had a completed task. A
// streak lives through the day after, and ends with it.
func Streak(last time.Time, run int, now time.Time) int {
	if DayOf(last).AddDate(0, 0, 1).Before(DayOf(now)) {
		return 0
	}
	return run
}
