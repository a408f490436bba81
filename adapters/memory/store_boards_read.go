package memory

import (
	"context"
	"math"
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
	wanted := s.deeds.wanted(only)
	out := make([]boards.Tally, 0, len(wanted))
	for _, n := range wanted {
		if t := &counted[n]; t.Counts != ([boards.Kinds]int{}) {
			out = append(out, *t)
			out[len(out)-1].Contributor = s.deeds.totals[n].Contributor
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
		d.sum(counted, d.days[first:], 1, from, math.MaxInt64)
		return counted
	}
	counted := slices.Clone(d.totals)
	d.sum(counted, d.days[:min(first+1, len(d.days))], -1, math.MinInt64, from)
	return counted
}

// sum adds, or takes off, the deeds of the days that lie in from ≤ at < to.
func (d *deedRows) sum(counted []boards.Tally, days []deedDay, sign int, from, to int64) {
	for i := range days {
		whole := dayStart(days[i].day) >= from && dayStart(days[i].day+1) <= to
		for _, e := range days[i].deeds {
			if e.counts && (whole || d.within(e, from, to)) {
				d.tally(&counted[e.by], e, sign)
			}
		}
	}
}

func (d *deedRows) within(e dayDeed, from, to int64) bool {
	at := d.deeds.at(e.n).at
	return from <= at && at < to
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
	a.Day = time.UnixMicro(dayStart(newest.day)).UTC()
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

// Deeds implements boards.Reader. It looks at the days of the deeds that it
// takes, and at none older than that.
func (s *Store) Deeds(_ context.Context, q boards.DeedQuery) ([]*boards.Deed, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	by := map[uint32]bool{}
	for _, id := range q.By {
		if n, known := s.deeds.accounts[id]; known {
			by[n] = true
		}
	}
	var out []*boards.Deed
	for i := len(s.deeds.days) - 1; i >= 0 && len(by) > 0 && len(out) < q.Max; i-- {
		x := &s.deeds.days[i]
		if !q.Since.IsZero() && dayStart(x.day+1) <= q.Since.UnixMicro() {
			break
		}
		if q.Before != nil && dayStart(x.day) > q.Before.At.UnixMicro() {
			continue
		}
		out = append(out, s.deeds.of(x, by, &q)...)
	}
	return out[:min(len(out), q.Max)], nil
}

// of gives a day's deeds that the query takes, the newest first.
func (d *deedRows) of(x *deedDay, by map[uint32]bool, q *boards.DeedQuery) (out []*boards.Deed) {
	for _, e := range x.deeds {
		if !e.counts || !by[e.by] || q.Kinds != nil && !slices.Contains(q.Kinds, e.kind) {
			continue
		}
		row := d.row(e)
		if !row.At.Before(q.Since) && (q.Before == nil || row.Key().Compare(*q.Before) < 0) {
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b *boards.Deed) int { return b.Key().Compare(a.Key()) })
	return out
}

// row gives a deed as it was put.
func (d *deedRows) row(e dayDeed) *boards.Deed {
	x := d.deeds.at(e.n)
	row := &boards.Deed{
		Kind: e.kind, Subject: d.ids[x.of], Other: d.totals[x.other].Contributor, By: d.totals[e.by].Contributor,
		At: time.UnixMicro(x.at).UTC(), Counts: e.counts,
	}
	if e.labels != 0 {
		set := d.labels.sets[e.labels]
		row.Labels = &set
	}
	return row
}
