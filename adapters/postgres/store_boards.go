package postgres

import (
	"fmt"
	"strings"
	"time"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections/boards"
)

type deed = boards.Deed

// deedsTable keeps the totals with its rows: what a commit puts is counted in,
// what stood there before is counted out.
var deedsTable = func() *table[deed] {
	t := newTable("deeds", []string{"subject", "kind", "other"}, append([]column[deed]{
		uuidOf("subject", func(d *deed) *[16]byte { return &d.Subject }),
		uuidOf("other", func(d *deed) *domain.ContributorID { return &d.Other }),
		uuidOf("contributor", func(d *deed) *domain.ContributorID { return &d.By }),
		instantOf("at", func(d *deed) *time.Time { return &d.At }),
		integerOf("kind", func(d *deed) *boards.Kind { return &d.Kind }),
		boolOf("counts", func(d *deed) *bool { return &d.Counts }),
	}, labelColumns()...)...)
	columns, key := strings.Join(names(t.columns), ", "), strings.Join(names(t.key), ", ")
	fresh := fmt.Sprintf("fresh (%s) AS (SELECT * FROM %s)", columns, unnest(t.columns))
	old := fmt.Sprintf("old AS (SELECT %s FROM %s WHERE (%s) IN (SELECT %s FROM fresh))", columns, t.name, key, key)
	put := fmt.Sprintf("put AS (%s)", t.insert("SELECT * FROM fresh", names(t.key)))
	signed := "signed AS (SELECT 1 AS sign, * FROM fresh UNION ALL SELECT -1, * FROM old)"
	t.put.sql = "WITH " + fresh + ", " + old + ", " + put + ", " + signed + countedInto
	t.remove.sql = "WITH old AS (" + t.deletion() + " RETURNING " + columns + "), signed AS (SELECT -1 AS sign, * FROM old)" + countedInto
	t.after = []statement{
		{"sweep totals", "DELETE FROM views.deed_totals WHERE deeds = 0"}, {"sweep days", "DELETE FROM views.deed_days WHERE deeds = 0"},
	}
	return t
}()

// labelColumns are a deed's label set: no marks mean that it has none.
func labelColumns() []column[deed] {
	columns := []column[deed]{{"marks", integerKind,
		func(b []byte, d *deed) []byte {
			if d.Labels == nil {
				return putAbsent(b)
			}
			return putInteger(b, int32(d.Labels.Flags))
		},
		func(raw []byte, d *deed) error {
			if raw != nil {
				set := reward.NoLabels()
				set.Flags = uint8(getInteger(raw))
				d.Labels = &set
			}
			return nil
		},
	}}
	for i, name := range reward.MeanLabels {
		columns = append(columns, column[deed]{name, integerKind, func(b []byte, d *deed) []byte {
			if d.Labels == nil || d.Labels.Values[i] < 0 {
				return putAbsent(b)
			}
			return putInteger(b, d.Labels.Values[i])
		}, func(raw []byte, d *deed) error {
			if raw != nil && d.Labels != nil {
				d.Labels.Values[i] = getInteger(raw)
			}
			return nil
		}})
	}
	return columns
}

// tallyColumns are the counts that a tally is made of, and how each comes about
// from signed deeds: sign is 1 for one that counts, -1 for one that does no
// longer.
var tallyColumns = func() (columns []tallyColumn) {
	for k := range boards.Kinds {
		columns = append(columns, tallyColumn{fmt.Sprint("kind_", k), fmt.Sprintf("sum(sign) FILTER (WHERE kind = %d)", k), false})
	}
	for i := range reward.MarkLabels {
		columns = append(columns, tallyColumn{fmt.Sprint("mark_", i), fmt.Sprintf("sum(sign * (marks >> %d & 1))", i), false})
	}
	for _, name := range reward.MeanLabels {
		columns = append(columns, tallyColumn{name, fmt.Sprintf("sum(sign::bigint * %s)", name), true},
			tallyColumn{name + "_n", fmt.Sprintf("sum(sign) FILTER (WHERE %s IS NOT NULL)", name), false})
	}
	return columns
}()

type tallyColumn struct {
	name, sum string
	wide      bool // a day's may need more than 32 bits
}

// added is the sum of several days. That of narrow columns is exact in 64 bits;
// of wide ones Postgres makes a numeric first, which takes longer.
func (c *tallyColumn) added() string {
	if c.wide {
		return "sum(" + c.name + ")::bigint"
	}
	return "sum(" + c.name + "::int)"
}

// tallied writes the columns, each as the format says, which has its NAME, its
// SUM and what is ADDED of it.
func tallied(format string) string {
	all := make([]string, len(tallyColumns))
	for i, c := range tallyColumns {
		all[i] = strings.NewReplacer("ADDED", c.added(), "NAME", c.name, "SUM", c.sum).Replace(format)
	}
	return strings.Join(all, ", ")
}

// countedInto is the end of a statement that adds signed deeds to the totals,
// and to those of days.
var countedInto = ", totals AS (" + addedTo("views.deed_totals", "contributor", "contributor", "signed") + ") " +
	addedTo("views.deed_days", "day, contributor", dayOfDeed+", contributor", "signed")

const dayOfDeed = "date_trunc('day', at, 'UTC')"

// addedTo adds the deeds that count of a source to the totals by a key.
func addedTo(table, key, values, source string) string {
	return countedIn(table, key, values, source) + fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s", key, tallied("NAME = t.NAME + excluded.NAME"))
}

// countedIn is addedTo for an empty table.
func countedIn(table, key, values, source string) string {
	return fmt.Sprintf("INSERT INTO %s AS t (%s, %s) SELECT %s, %s FROM %s WHERE counts GROUP BY %s",
		table, key, tallied("NAME"), values, tallied("coalesce(SUM, 0)::bigint"), source, values)
}

// fillTotals and fillDays count all deeds that there are.
var (
	fillTotals = countedIn("views.deed_totals", "contributor", "contributor", allDeeds)
	fillDays   = countedIn("views.deed_days", "day, contributor", dayOfDeed+", contributor", allDeeds)
)

const allDeeds = "(SELECT 1 AS sign, * FROM views.deeds) signed"
