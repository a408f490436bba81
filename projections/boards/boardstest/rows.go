package boardstest

import (
	"fmt"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections"
	"dendro/projections/boards"
)

// Rows is the plainest store: it counts by looking at every row.
type Rows map[Key]boards.Deed

// Key is a deed's key.
type Key struct {
	Kind    boards.Kind
	Subject [16]byte
	Other   domain.ContributorID
}

// Apply takes changes in. It fails on one that changes nothing, and on a row
// that is not as rows.go says.
func (rows Rows) Apply(changes []projections.Change) error {
	for _, c := range changes {
		d := *c.Row.(*boards.Deed)
		k := Key{d.Kind, d.Subject, d.Other}
		old, there := rows[k]
		switch {
		case c.Gone && !there:
			return fmt.Errorf("a row that was not there is taken away: %+v", d)
		case c.Gone && d.Kind.Task():
			return fmt.Errorf("a completed task is taken away: %+v", d)
		case c.Gone:
			delete(rows, k)
			continue
		case there && same(old, d):
			return fmt.Errorf("a row is put that was there: %+v", d)
		case d.By.IsZero(), !d.Counts && !d.Kind.Task(), d.At.Location() != time.UTC, (d.Labels != nil) != (d.Kind >= boards.Marks):
			return fmt.Errorf("a row is not as it should be: %+v", d)
		}
		rows[k] = d
	}
	return nil
}

func same(a, b boards.Deed) bool {
	labels := a.Labels == b.Labels || a.Labels != nil && b.Labels != nil && *a.Labels == *b.Labels
	a.Labels, b.Labels = nil, nil
	return labels && a == b
}

// Tallies counts as boards.Reader does, sorted by contributor.
func (rows Rows) Tallies(since time.Time, only []domain.ContributorID) []boards.Tally {
	var c Counted
	for _, d := range rows {
		if d.Counts && (only == nil || slices.Contains(only, d.By)) {
			c = append(c, counted{d.Kind, d.By, d.At, d.Labels})
		}
	}
	return c.Since(since)
}

// Activity counts as boards.Reader does, for one owner.
func (rows Rows) Activity(accounts []domain.ContributorID) (a boards.Activity) {
	days := map[time.Time]bool{}
	for _, d := range rows {
		if d.Kind.Task() && slices.Contains(accounts, d.By) {
			days[reward.DayOf(d.At)] = true
			if d.At.After(a.Last) {
				a.Last, a.Day = d.At, reward.DayOf(d.At)
			}
		}
	}
	for day := a.Day; days[day]; day = day.AddDate(0, 0, -1) {
		a.Run++
	}
	return a
}
