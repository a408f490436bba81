package postgres

import (
	"encoding/binary"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// column is one of a table of rows R: how it is called, and how a row's part of
// it is written and read in Postgres' binary format. What is only written, for
// an index's sake, has no get.
type column[R any] struct {
	name string
	kind columnKind
	put  func(b []byte, row *R) []byte  // appends the value behind its length, or absent
	get  func(raw []byte, row *R) error // raw is nil where there is no value
}

// columnKind is a type of Postgres.
type columnKind struct {
	name string
	oid  uint32
}

var (
	uuidKind    = columnKind{"uuid", pgtype.UUIDOID}
	textKind    = columnKind{"text", pgtype.TextOID}
	boolKind    = columnKind{"boolean", pgtype.BoolOID}
	integerKind = columnKind{"integer", pgtype.Int4OID}
	bigintKind  = columnKind{"bigint", pgtype.Int8OID}
	timeKind    = columnKind{"timestamptz", pgtype.TimestamptzOID}
	termsKind   = columnKind{"tsvector", pgtype.TSVectorOID}
)

func uuidOf[R any, K ~[16]byte](name string, field func(*R) *K) column[R] {
	return column[R]{name, uuidKind,
		func(b []byte, row *R) []byte {
			id := [16]byte(*field(row))
			return append(binary.BigEndian.AppendUint32(b, 16), id[:]...)
		},
		func(raw []byte, row *R) error {
			*field(row) = K(raw)
			return nil
		},
	}
}

func textOf[R any, S ~string](name string, field func(*R) *S) column[R] {
	return column[R]{name, textKind,
		func(b []byte, row *R) []byte { return putText(b, quote(string(*field(row)))) },
		func(raw []byte, row *R) error {
			*field(row) = S(unquote(string(raw)))
			return nil
		},
	}
}

// textMade is a text made from a row, for an index.
func textMade[R any](name string, made func(*R) string) column[R] {
	return column[R]{name: name, kind: textKind, put: func(b []byte, row *R) []byte { return putText(b, made(row)) }}
}

func boolOf[R any](name string, field func(*R) *bool) column[R] {
	return column[R]{name, boolKind,
		func(b []byte, row *R) []byte {
			var bit byte
			if *field(row) {
				bit = 1
			}
			return append(binary.BigEndian.AppendUint32(b, 1), bit)
		},
		func(raw []byte, row *R) error {
			*field(row) = raw[0] != 0
			return nil
		},
	}
}

// whole are the numbers that rows have.
type whole interface {
	~int | ~int8 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint64
}

func integerOf[R any, N whole](name string, field func(*R) *N) column[R] {
	return column[R]{name, integerKind,
		func(b []byte, row *R) []byte { return putInteger(b, int32(*field(row))) },
		func(raw []byte, row *R) error {
			*field(row) = N(getInteger(raw))
			return nil
		},
	}
}

func bigintOf[R any, N whole](name string, field func(*R) *N) column[R] {
	return column[R]{name, bigintKind,
		func(b []byte, row *R) []byte { return putBigint(b, int64(*field(row))) },
		func(raw []byte, row *R) error {
			*field(row) = N(binary.BigEndian.Uint64(raw))
			return nil
		},
	}
}

// timeOf is a time of which the zero stands for none.
func timeOf[R any](name string, field func(*R) *time.Time) column[R] {
	instant := instantOf(name, field)
	return column[R]{name, timeKind,
		func(b []byte, row *R) []byte {
			if field(row).IsZero() {
				return putAbsent(b)
			}
			return instant.put(b, row)
		},
		func(raw []byte, row *R) error {
			if raw == nil {
				*field(row) = time.Time{}
				return nil
			}
			return instant.get(raw, row)
		},
	}
}

// instantOf is a time that there always is.
func instantOf[R any](name string, field func(*R) *time.Time) column[R] {
	return column[R]{name, timeKind,
		func(b []byte, row *R) []byte { return putBigint(b, field(row).UnixMicro()-epoch) },
		func(raw []byte, row *R) error {
			*field(row) = getTime(raw)
			return nil
		},
	}
}

// epoch is when Postgres' times begin, in microseconds since 1970.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func putText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

func putInteger(b []byte, n int32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, 4), uint32(n))
}

func getInteger(raw []byte) int32 { return int32(binary.BigEndian.Uint32(raw)) }

func putBigint(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(n))
}

func getTime(raw []byte) time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(raw)) + epoch).UTC()
}

func putAbsent(b []byte) []byte { return binary.BigEndian.AppendUint32(b, ^uint32(0)) }

// array gives the column of some rows as an array of Postgres.
func (c *column[R]) array(rows []*R) []byte {
	b := make([]byte, 0, 20+24*len(rows))
	b = binary.BigEndian.AppendUint32(b, 1) // dimensions
	b = binary.BigEndian.AppendUint32(b, 1) // there may be nulls
	b = binary.BigEndian.AppendUint32(b, c.kind.oid)
	b = binary.BigEndian.AppendUint32(b, uint32(len(rows)))
	b = binary.BigEndian.AppendUint32(b, 1) // where indexes begin
	for _, row := range rows {
		b = c.put(b, row)
	}
	return b
}
