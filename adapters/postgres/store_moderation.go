package postgres

import (
	"context"
	"slices"
	"time"

	"dendro/domain"
	"dendro/projections/moderation"
)

type (
	flag  = moderation.Flag
	entry = moderation.Entry
)

var flagsTable = newTable("flags", []string{"message"},
	uuidOf("message", func(f *flag) *domain.MessageID { return &f.Message }),
	uuidOf("tree", func(f *flag) *domain.TreeID { return &f.Tree }),
	instantOf("created", func(f *flag) *time.Time { return &f.Created }),
	timeOf("reported", func(f *flag) *time.Time { return &f.Reported }),
	integerOf("reports", func(f *flag) *int { return &f.Reports }),
	boolOf("processed", func(f *flag) *bool { return &f.Processed }),
)

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
	if k := q.After; k != nil {
		sel.after("created", "message", k.Created, k.Message)
	}
	if k := q.Before; k != nil {
		sel.before("created", "message", k.Created, k.Message)
	}
	rest, args := sel.sql("", " ORDER BY "+inOrder(q.Desc, "created", "message")+" LIMIT ?", q.Max)
	return rowsOf(ctx, s, flagsTable, rest, args...)
}

// History implements moderation.Reader.
func (s *Store) History(ctx context.Context, of moderation.Subject, most int) ([]*moderation.Entry, error) {
	rows, err := rowsOf(ctx, s, historyTable, " WHERE subject = $1 ORDER BY time DESC, partition DESC, seq DESC LIMIT $2", quote(string(of)), most)
	slices.Reverse(rows)
	return rows, err
}
