package memory

import (
	"context"
	"slices"
	"time"

	"dendro/domain"
	"dendro/projections/boards"
)

// Tallies implements boards.Reader. All time is at hand; another frame costs a
// look at the deeds in it, or at those before it where they are fewer.
func (s *Store) Tallies(_ context.Context, since time.Time, only []domain.ContributorID) ([]boards.Tally, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	counted := s.deeds.totals
	if !since.IsZero() {
		counted = s.deeds.since(since)
	}
	out := []boards.Tally{}
	for _, n := range s.deeds.wanted(only) {
		if t := counted[n]; t.Counts != ([boards.Kinds]int{}) {
			t.Contributor = s.deeds.totals[n].Contributor
			out = append(out, t)
		}
	}
	return out, nil
}

// wanted gives the accounts asked for, each once.
func (d *deedRows) wanted(only []domain.ContributorID) (numbers []uint32) {
	if only == nil {
		for n := range d.totals {
			numbers = append(numbers, uint32(n))
		}
		return numbers
	}
	for _, id := range only {
		if n, known := d.accounts[id]; known {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// since counts, by account, the deeds of the time from since on.
func (d *deedRows) since(since time.Time) []boards.Tally {
	from := since.UnixMicro()
	if time.UnixMicro(from).Before(since) {
		from++ // whole microseconds are all that deeds have
	}
	first, _ := d.day(dayOf(from))
	after, before := 0, 0
	for i := range d.days {
		if i < first {
			before += len(d.days[i].deeds)
		} else {
			after += len(d.days[i].deeds)
		}
	}
	if after <= before {
		counted := make([]boards.Tally, len(d.totals))
		d.sum(d.days[first:], counted, 1, func(at int64) bool { return at >= from })
		return counted
	}
	counted := slices.Clone(d.totals)
	if first < len(d.days) {
		first++ // the day of since counts in part
	}
	d.sum(d.days[:first], counted, -1, func(at int64) bool { return at < from })
	return counted
}

// sum adds, or takes off, the deeds of the days that fit.
func (d *deedRows) sum(days []deedDay, counted []boards.Tally, sign int, fits func(at int64) bool) {
	for i := range days {
		for _, n := range days[i].deeds {
			if x := d.deeds.at(n); x.counts && fits(x.at) {
				tallyUp(&counted[x.by], x, sign)
			}
		}
	}
}

// Activities implements boards.Reader.
func (s *Store) Activities(_ context.Context, owners [][]domain.ContributorID) ([]boards.Activity, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]boards.Activity, len(owners))
	for i, accounts := range owners {
		out[i] = s.deeds.activity(accounts)
	}
	return out, nil
}

func (d *deedRows) activity(accounts []domain.ContributorID) (a boards.Activity) {
	var work [][]workDay // of the accounts that have any
	var newest workDay
	for _, id := range accounts {
		n, known := d.accounts[id]
		if !known || len(d.work[n]) == 0 {
			continue
		}
		days := d.work[n]
		if end := days[len(days)-1]; len(work) == 0 || end.last > newest.last {
			newest = end
		}
		work = append(work, days)
	}
	if len(work) == 0 {
		return a
	}
	a.Last = time.UnixMicro(newest.last).UTC()
	a.Day = time.UnixMicro(int64(newest.day) * dayLength).UTC()
	for day := newest.day; anyWorkOn(work, day); day-- {
		a.Run++
	}
	return a
}

func anyWorkOn(work [][]workDay, day int32) bool {
	return slices.ContainsFunc(work, func(days []workDay) bool {
		_, there := workOn(days, day)
		return there
	})
}
