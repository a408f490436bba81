package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections/boards"
)

// Tallies implements boards.Reader. All time is counted already; another frame
// costs a look at the deeds in it.
func (s *Store) Tallies(ctx context.Context, since time.Time, only []domain.ContributorID) (out []boards.Tally, err error) {
	var sel selection
	from, group := "SELECT "+totals()+" FROM views.deed_totals", ""
	if since.IsZero() {
		sel.where("n > 0")
	} else {
		from, group = "SELECT "+sums()+" FROM (SELECT 1 AS sign, * FROM views.deeds) signed", " GROUP BY contributor, kind"
		sel.where("counts")
		sel.from("at", since)
	}
	if only != nil {
		sel.where("contributor = ANY(?)", uuids(only))
	}
	sql, args := sel.sql(from, group)
	err = s.repeat(ctx, func(ctx context.Context) error {
		t := tallying{at: map[domain.ContributorID]int{}}
		err := s.query(ctx, sql, args, t.add)
		out = t.all
		return err
	})
	return out, err
}

// totals writes the counts as they stand in the totals.
func totals() string {
	all := make([]string, len(tallyColumns))
	for i, c := range tallyColumns {
		all[i] = c.name
	}
	return "contributor, kind, " + strings.Join(all, ", ")
}

// tallying gathers the tallies of contributors from the counts of their kinds.
type tallying struct {
	at  map[domain.ContributorID]int
	all []boards.Tally
}

// add takes a row in: contributor, kind, and the counts.
func (t *tallying) add(raw [][]byte) error {
	id, kind := domain.ContributorID(raw[0]), int(getInteger(raw[1]))
	if kind < 0 || kind >= boards.Kinds {
		return fmt.Errorf("a deed of kind %d; the database was written by another version", kind)
	}
	i, known := t.at[id]
	if !known {
		i = len(t.all)
		t.at[id] = i
		t.all = append(t.all, boards.Tally{Contributor: id})
	}
	counts := raw[2:]
	next := func() int64 {
		n := int64(binary.BigEndian.Uint64(counts[0]))
		counts = counts[1:]
		return n
	}
	to := &t.all[i]
	to.Counts[kind] = int(next())
	for i := range reward.MarkLabels {
		to.Labels.Marks[i] += int(next())
	}
	for i := range reward.MeanLabels {
		to.Labels.Sums[i] += next()
		to.Labels.Count[i] += int(next())
	}
	return nil
}

// Activities implements boards.Reader.
func (s *Store) Activities(ctx context.Context, owners [][]domain.ContributorID) ([]boards.Activity, error) {
	var accounts []domain.ContributorID
	for _, theirs := range owners {
		accounts = append(accounts, theirs...)
	}
	worked, err := s.workDays(ctx, accounts)
	if err != nil {
		return nil, err
	}
	out := make([]boards.Activity, len(owners))
	for i, theirs := range owners {
		out[i] = worked.activity(theirs)
	}
	return out, nil
}

// workDay is when an account completed the newest task of a UTC day.
type workDay struct{ day, last time.Time }

// workDays are those of accounts, newest first.
type workDays map[domain.ContributorID][]workDay

var workDaysSQL = fmt.Sprintf(`SELECT contributor, date_trunc('day', at, 'UTC') AS day, max(at) FROM views.deeds
	WHERE contributor = ANY($1) AND kind <= %d GROUP BY contributor, day ORDER BY contributor, day DESC`, lastTask)

// lastTask is the last kind of a completed task: they are the first kinds.
const lastTask = boards.Ranking

func (s *Store) workDays(ctx context.Context, accounts []domain.ContributorID) (out workDays, err error) {
	err = s.repeat(ctx, func(ctx context.Context) error {
		out = workDays{}
		return s.query(ctx, workDaysSQL, []any{uuids(accounts)}, func(raw [][]byte) error {
			id := domain.ContributorID(raw[0])
			out[id] = append(out[id], workDay{getTime(raw[1]), getTime(raw[2])})
			return nil
		})
	})
	return out, err
}

// activity is what accounts did together.
func (w workDays) activity(accounts []domain.ContributorID) (a boards.Activity) {
	days := map[time.Time]bool{}
	for _, id := range accounts {
		for _, d := range w[id] {
			days[d.day] = true
			if a.Last.IsZero() || d.last.After(a.Last) {
				a.Last, a.Day = d.last, d.day
			}
		}
	}
	for day := a.Day; days[day]; day = day.AddDate(0, 0, -1) {
		a.Run++
	}
	return a
}
