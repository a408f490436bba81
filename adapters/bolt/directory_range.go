package bolt

import (
	"bytes"

	"dendro/domain/directory"

	"go.etcd.io/bbolt"
)

// nameRange goes through the entries of a name table between two keys.
type nameRange struct {
	cursor   *bbolt.Cursor
	from, to []byte // from inclusive, to exclusive; nil: no end
	desc     bool
}

// rangeOf is where the rows are that stand between the query's keys.
func rangeOf(q directory.Query, c *bbolt.Cursor) nameRange {
	r := nameRange{cursor: c, desc: q.Desc}
	if k := q.After; k != nil && k.ID.IsZero() {
		r.from = append([]byte(k.Name), 0)
	} else if k != nil {
		r.from = append(nameKey(k.Name, k.ID), 0)
	}
	if k := q.Before; k != nil && k.ID.IsZero() {
		r.to = append([]byte(k.Name), 1) // behind all that is the name, 0, and an id
	} else if k != nil {
		r.to = nameKey(k.Name, k.ID)
	}
	return r
}

func (r nameRange) first() (key, value []byte) {
	switch {
	case !r.desc && r.from == nil:
		return r.within(r.cursor.First())
	case !r.desc:
		return r.within(r.cursor.Seek(r.from))
	case r.to == nil:
		return r.within(r.cursor.Last())
	}
	if key, _ := r.cursor.Seek(r.to); key == nil {
		return r.within(r.cursor.Last())
	}
	return r.within(r.cursor.Prev())
}

func (r nameRange) next() (key, value []byte) {
	if r.desc {
		return r.within(r.cursor.Prev())
	}
	return r.within(r.cursor.Next())
}

func (r nameRange) within(key, value []byte) ([]byte, []byte) {
	if bytes.Compare(key, r.from) < 0 || r.to != nil && bytes.Compare(key, r.to) >= 0 {
		return nil, nil
	}
	return key, value
}
