package postgres

import (
	"strings"
	"time"
)

// Rows stand in the order of an instant, in whole microseconds, then an id. A
// place in that order may lie between two microseconds, or name no id: then it
// stands outside of all rows of its instant.

// after takes the rows behind a place.
func (s *selection) after(at, id string, created time.Time, key [16]byte) {
	if key != [16]byte{} && isWhole(created) {
		s.where("("+at+", "+id+") > (?, ?)", created, key)
		return
	}
	s.from(at, created)
}

// before takes the rows in front of a place.
func (s *selection) before(at, id string, created time.Time, key [16]byte) {
	if key != [16]byte{} && isWhole(created) {
		s.where("("+at+", "+id+") < (?, ?)", created, key)
		return
	}
	s.to(at, created)
}

// from takes the rows of an instant, and those behind it.
func (s *selection) from(at string, t time.Time) {
	s.where(at+" >= ?", upToMicros(t))
}

// to takes the rows of an instant, and those in front of it.
func (s *selection) to(at string, t time.Time) { s.where(at+" <= ?", t.Truncate(time.Microsecond)) }

func isWhole(t time.Time) bool { return t.Nanosecond()%1000 == 0 }

// inOrder sorts by columns, all up or all down: as an index is walked.
func inOrder(desc bool, columns ...string) string {
	if !desc {
		return strings.Join(columns, ", ")
	}
	return strings.Join(columns, " DESC, ") + " DESC"
}
