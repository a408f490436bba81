package postgres

import (
	"context"
	"encoding"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dendro/domain"
	"dendro/projections/agreement"
)

type (
	rater     = agreement.Rater
	everybody = agreement.Everybody
)

// Sums are kept as numbers with spaces between, label after label: nothing but
// the fold looks into them.
var ratersTable = newTable("agreement_raters", []string{"contributor", "size"},
	uuidOf("contributor", func(r *rater) *domain.ContributorID { return &r.Contributor }),
	integerOf("size", func(r *rater) *int { return &r.Size }),
	numbersOf("sums", func(r *rater) []number {
		var all []number
		for i := range r.Sums {
			all = append(all, (*narrow)(&r.Sums[i].Values), (*narrow)(&r.Sums[i].Apart))
		}
		return all
	}),
)

var everybodyTable = newTable("agreement_everybody", []string{"size"},
	integerOf("size", func(e *everybody) *int { return &e.Size }),
	numbersOf("sums", func(e *everybody) []number {
		var all []number
		for i := range e.Spreads {
			s := &e.Spreads[i]
			all = append(all, (*narrow)(&s.Values), (*narrow)(&s.Total), &s.Squares, &s.Apart)
		}
		return all
	}),
)

// number is one of several in a text.
type number interface {
	encoding.TextAppender
	encoding.TextUnmarshaler
}

// narrow is a number of 64 bits.
type narrow int64

func (n *narrow) AppendText(dst []byte) ([]byte, error) {
	return strconv.AppendInt(dst, int64(*n), 10), nil
}

func (n *narrow) UnmarshalText(text []byte) error {
	got, err := strconv.ParseInt(string(text), 10, 64)
	*n = narrow(got)
	return err
}

// numbersOf keeps several numbers, which can always be written, as one text.
func numbersOf[R any](name string, fields func(*R) []number) column[R] {
	return column[R]{name, textKind,
		func(b []byte, row *R) []byte {
			var text []byte
			for i, n := range fields(row) {
				if i > 0 {
					text = append(text, ' ')
				}
				text, _ = n.AppendText(text)
			}
			return putText(b, string(text))
		},
		func(raw []byte, row *R) error {
			numbers, into := strings.Fields(string(raw)), fields(row)
			if len(numbers) != len(into) {
				return fmt.Errorf("%d numbers, not %d; dendro rebuild puts that right", len(numbers), len(into))
			}
			for i, text := range numbers {
				if err := into[i].UnmarshalText([]byte(text)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// Agreement implements agreement.Reader.
func (s *Store) Agreement(ctx context.Context, of []domain.ContributorID) (raters []*agreement.Rater, all []*agreement.Everybody, err error) {
	var sel selection
	if of != nil {
		sel.where("contributor = ANY(?)", uuids(of))
	}
	sql, args := sel.sql(ratersTable.selects, " ORDER BY contributor, size")
	err = s.repeat(ctx, func(ctx context.Context) error {
		raters, all = nil, nil
		return s.atOneCut(ctx, func(tx pgx.Tx) (err error) {
			if raters, err = rowsFrom(ctx, tx, ratersTable, sql, args...); err != nil {
				return err
			}
			all, err = rowsFrom(ctx, tx, everybodyTable, everybodyTable.selects+" ORDER BY size")
			return err
		})
	})
	return raters, all, err
}

// atOneCut lets several statements look at the same cut.
func (s *Store) atOneCut(ctx context.Context, look func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, look)
}
