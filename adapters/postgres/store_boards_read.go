package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dendro/domain"
	"dendro/projections/boards"
)

// totalsSQL reads what is counted already, frameSQL adds up days and the deeds of
// part of one.
var (
	totalsSQL = "SELECT contributor, " + tallied("NAME") + " FROM views.deed_totals"
	frameSQL  = "SELECT contributor, " + tallied("ADDED") + " FROM (" +
		"SELECT contributor, " + tallied("NAME") + " FROM views.deed_days WHERE day >= $1%[1]s UNION ALL " +
		"SELECT contributor, " + tallied("coalesce(SUM, 0)::bigint AS NAME") + " FROM " + allDeeds + " WHERE counts AND at >= $2 AND at < $1%[1]s GROUP BY contributor" +
		") parts GROUP BY contributor"
)

// Tallies implements boards.Reader. All time is counted already, and so are
// days; of the day that a frame begins in, its deeds are looked at.
func (s *Store) Tallies(ctx context.Context, since time.Time, only []domain.ContributorID) (out []boards.Tally, err error) {
	sql, args := totalsSQL, []any{}
	if !since.IsZero() {
		from := upToMicros(since)
		midnight := from.Truncate(24 * time.Hour)
		if midnight.Before(from) {
			midnight = midnight.AddDate(0, 0, 1)
		}
		ofThese := ""
		if only != nil {
			ofThese = " AND contributor = ANY($3)"
		}
		sql, args = fmt.Sprintf(frameSQL, ofThese), []any{midnight, from}
	} else if only != nil {
		sql += " WHERE contributor = ANY($1)"
	}
	if only != nil {
		args = append(args, uuids(only))
	}
	args = append([]any{pgx.QueryExecModeCacheDescribe}, args...) // how best depends on how long the frame is
	err = s.repeat(ctx, func(ctx context.Context) error {
		out = nil
		return query(ctx, s.pool, sql, args, func(raw [][]byte) error {
			if t := readTally(raw); t.Counts != ([boards.Kinds]int{}) { // nothing counts any longer
				out = append(out, t)
			}
			return nil
		})
	})
	return out, err
}

// upToMicros gives the first whole microsecond from an instant on, in UTC.
func upToMicros(t time.Time) time.Time {
	if !isWhole(t) {
		t = t.Add(time.Microsecond).Truncate(time.Microsecond)
	}
	return t.UTC()
}

// readTally reads a contributor and the tallyColumns.
func readTally(raw [][]byte) (t boards.Tally) {
	t.Contributor = domain.ContributorID(raw[0])
	raw = raw[1:]
	next := func() int64 {
		n := int64(binary.BigEndian.Uint64(raw[0]))
		raw = raw[1:]
		return n
	}
	for i := range t.Counts {
		t.Counts[i] = int(next())
	}
	for i := range t.Labels.Marks {
		t.Labels.Marks[i] = int(next())
	}
	for i := range t.Labels.Sums {
		t.Labels.Sums[i] = next()
		t.Labels.Count[i] = int(next())
	}
	return t
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
		return query(ctx, s.pool, workDaysSQL, []any{uuids(accounts)}, func(raw [][]byte) error {
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

// Deeds implements boards.Reader. Each account's are walked along an index,
// from the newest on.
func (s *Store) Deeds(ctx context.Context, q boards.DeedQuery) ([]*boards.Deed, error) {
	var sel selection
	sel.where("counts")
	if !q.Since.IsZero() {
		sel.from("at", q.Since)
	}
	if q.Kinds != nil {
		kinds := make([]int32, len(q.Kinds))
		for i, k := range q.Kinds {
			kinds[i] = int32(k)
		}
		sel.where("kind = ANY(?)", kinds)
	}
	if k := q.Before; k != nil {
		sel.where("(at, kind, subject, other) < (?, ?, ?, ?)", k.At, int32(k.Kind), k.Subject, [16]byte(k.Other))
	}
	// Each account's newest are found along its part of the index, and the newest
	// of those are given.
	one, args := sel.sql(deedsTable.selects, " AND contributor = account ORDER BY at DESC, kind DESC, subject DESC, other DESC LIMIT ?", q.Max)
	args = append(args, uuids(q.By))
	sql := fmt.Sprintf(`SELECT d.* FROM (SELECT DISTINCT account FROM unnest($%d::uuid[]) account) accounts, LATERAL (%s) d
		ORDER BY at DESC, kind DESC, subject DESC, other DESC LIMIT $%d`, len(args), one, len(args)-1)
	return rowsBy(ctx, s, deedsTable, sql, args...)
}
