package reward

import "time"

// Frame is a span of time that a board looks at.
type Frame string

// The frames.
const (
	Day   Frame = "day"   // the last 24 hours
	Week  Frame = "week"  // since midnight UTC 7 days ago
	Month Frame = "month" // since midnight UTC 30 days ago
	Total Frame = "total"
)

// Frames lists them, shortest first.
var Frames = [...]Frame{Day, Week, Month, Total}

// Since gives where the frame begins at the moment now; zero for Total.
func (f Frame) Since(now time.Time) time.Time {
	midnight := now.UTC().Truncate(24 * time.Hour)
	switch f {
	case Day:
		return now.UTC().Add(-24 * time.Hour)
	case Week:
		return midnight.AddDate(0, 0, -7)
	case Month:
		return midnight.AddDate(0, 0, -30)
	}
	return time.Time{}
}
