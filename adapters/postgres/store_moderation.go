package postgres

import (
	"context"
	"slices"
	"time"

	"dendro/domain"
	"dendro/projections/moderation"
)

type (
	flag   = moderation.Flag
	report = moderation.Report
	entry  = moderation.Entry
)

// flagsTable also has the reports turned round, so that the order of most
// reports first is walked upwards like any other.
var flagsTable = newTable("flags", []string{"message"},
	uuidOf("message", func(f *flag) *domain.MessageID { return &f.Message }),
	uuidOf("tree", func(f *flag) *domain.TreeID { return &f.Tree }),
	uuidOf("author", func(f *flag) *domain.ContributorID { return &f.Author }),
	instantOf("created", func(f *flag) *time.Time { return &f.Created }),
	timeOf("reported", func(f *flag) *time.Time { return &f.Reported }),
	integerOf("reports", func(f *flag) *int { return &f.Reports }),
	column[flag]{"fewer", integerKind, func(b []byte, f *flag) []byte { return putInteger(b, int32(-f.Reports)) }, nil},
	boolOf("processed", func(f *flag) *bool { return &f.Processed }),
	textOf("language", func(f *flag) *string { return &f.Language }),
)

var reportsTable = func() *table[report] {
	t := newTable("reports", []string{"message", "number"},
		uuidOf("message", func(r *report) *domain.MessageID { return &r.Message }),
		integerOf("number", func(r *report) *int { return &r.Number }),
		uuidOf("contributor", func(r *report) *domain.ContributorID { return &r.By }),
		instantOf("at", func(r *report) *time.Time { return &r.At }),
		textOf("reason", func(r *report) *string { return &r.Reason }),
	)
	t.final = true
	return t
}()

// historyTable has its time in the unique index, where it makes the order; it
// follows from the key.
var historyTable = func() *table[entry] {
	t := newTable("history", []string{"subject", "partition", "seq"},
		textOf("subject", func(e *entry) *moderation.Subject { return &e.Subject }),
		instantOf("time", func(e *entry) *time.Time { return &e.Time }),
		integerOf("partition", func(e *entry) *domain.Partition { return &e.At.Partition }),
		bigintOf("seq", func(e *entry) *domain.Seq { return &e.At.Seq }),
	)
	t.put.sql = t.upsert(names(t.columns))
	t.final = true
	return t
}()

// Flag implements moderation.Reader.
func (s *Store) Flag(ctx context.Context, id domain.MessageID) (*moderation.Flag, error) {
	return rowOf(ctx, s, flagsTable, " WHERE message = $1", [16]byte(id))
}

// Flags implements moderation.Reader.
func (s *Store) Flags(ctx context.Context, q moderation.FlagQuery) ([]*moderation.Flag, error) {
	var sel selection
	if q.Open {
		sel.where("NOT processed")
	}
	if q.Language != "" {
		sel.where("language = ?", quote(q.Language))
	}
	if q.Authors != nil {
		sel.where("author = ANY(?)", uuids(q.Authors))
	}
	order := []string{"created", "message"}
	if q.Most {
		order = []string{"fewer", "created", "message"}
	}
	sel.flagsBeyond(&q)
	rest, args := sel.sql("", " ORDER BY "+inOrder(q.Desc, order...)+" LIMIT ?", q.Max)
	return rowsOf(ctx, s, flagsTable, rest, args...)
}

// flagsBeyond takes the flags between the query's keys.
func (s *selection) flagsBeyond(q *moderation.FlagQuery) {
	if k := q.After; k != nil && q.Most {
		s.mostBeyond(k, ">")
	} else if k != nil {
		s.after("created", "message", k.Created, k.Message)
	}
	if k := q.Before; k != nil && q.Most {
		s.mostBeyond(k, "<")
	} else if k != nil {
		s.before("created", "message", k.Created, k.Message)
	}
}

// mostBeyond compares with a bigint, since a key may count what no row can.
func (s *selection) mostBeyond(k *moderation.FlagKey, side string) {
	if k.Message.IsZero() {
		s.where("(fewer, created) "+side+"= (?::bigint, ?)", -int64(k.Reports), k.Created)
		return
	}
	s.where("(fewer, created, message) "+side+" (?::bigint, ?, ?)", -int64(k.Reports), k.Created, [16]byte(k.Message))
}

// Reports implements moderation.Reader.
func (s *Store) Reports(ctx context.Context, of []domain.MessageID) ([]*moderation.Report, error) {
	return rowsOf(ctx, s, reportsTable, " WHERE message = ANY($1) ORDER BY message, number", uuids(of))
}

// ReportsBy implements moderation.Reader.
func (s *Store) ReportsBy(ctx context.Context, by []domain.ContributorID, most int) ([]*moderation.Report, error) {
	return rowsOf(ctx, s, reportsTable, " WHERE contributor = ANY($1) ORDER BY at DESC, message DESC, number DESC LIMIT $2", uuids(by), most)
}

// History implements moderation.Reader.
func (s *Store) History(ctx context.Context, of moderation.Subject, most int) ([]*moderation.Entry, error) {
	rows, err := rowsOf(ctx, s, historyTable, " WHERE subject = $1 ORDER BY time DESC, partition DESC, seq DESC LIMIT $2", quote(string(of)), most)
	slices.Reverse(rows)
	return rows, err
}
