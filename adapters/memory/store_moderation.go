package memory

import (
	"context"

	"github.com/tidwall/btree"

	"dendro/domain"
	"dendro/projections/moderation"
)

// flagRows keeps the rows of the queue of reported messages and of the audit
// trail.
type flagRows struct {
	byMessage map[domain.MessageID]*moderation.Flag
	all, open *btree.BTreeG[*moderation.Flag] // see beforeFlag
	trails    map[moderation.Subject]*trail
}

func newFlagRows() flagRows {
	return flagRows{
		byMessage: map[domain.MessageID]*moderation.Flag{},
		all:       btree.NewBTreeGOptions(beforeFlag, btree.Options{NoLocks: true}),
		open:      btree.NewBTreeGOptions(beforeFlag, btree.Options{NoLocks: true}),
		trails:    map[moderation.Subject]*trail{},
	}
}

func beforeFlag(a, b *moderation.Flag) bool {
	if c := a.Created.Compare(b.Created); c != 0 {
		return c < 0
	}
	return a.Message.Compare(b.Message) < 0
}

func (f *flagRows) flag(row *moderation.Flag, gone bool) {
	if old := f.byMessage[row.Message]; old != nil {
		f.all.Delete(old)
		f.open.Delete(old)
	}
	if gone {
		delete(f.byMessage, row.Message)
		return
	}
	f.byMessage[row.Message] = row
	f.all.Set(row)
	if !row.Processed {
		f.open.Set(row)
	}
}

// Flag implements moderation.Reader.
func (s *Store) Flag(_ context.Context, id domain.MessageID) (*moderation.Flag, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.flags.byMessage[id], nil
}

// Flags implements moderation.Reader.
func (s *Store) Flags(_ context.Context, q moderation.FlagQuery) ([]*moderation.Flag, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*moderation.Flag
	s.flags.walk(q, func(f *moderation.Flag) bool {
		switch {
		case q.After != nil && !isFlagAfter(f, q.After):
			return !q.Desc // the key itself, or all that is left
		case q.Before != nil && !isFlagBefore(f, q.Before):
			return q.Desc
		}
		out = append(out, f)
		return len(out) < q.Max
	})
	return out, nil
}

// walk goes from where the query begins, in its direction, as long as take
// says so.
func (f *flagRows) walk(q moderation.FlagQuery, take func(*moderation.Flag) bool) {
	index := f.all
	if q.Open {
		index = f.open
	}
	switch {
	case q.Desc && q.Before != nil:
		from := &moderation.Flag{Created: q.Before.Created, Message: q.Before.Message}
		if from.Message.IsZero() {
			from.Message = greatestID[domain.MessageID]()
		}
		index.Descend(from, take)
	case q.Desc:
		index.Reverse(take)
	case q.After != nil:
		index.Ascend(&moderation.Flag{Created: q.After.Created, Message: q.After.Message}, take)
	default:
		index.Scan(take)
	}
}

func isFlagAfter(f *moderation.Flag, k *moderation.FlagKey) bool {
	c := f.Created.Compare(k.Created)
	return c > 0 || c == 0 && f.Message.Compare(k.Message) > 0
}

func isFlagBefore(f *moderation.Flag, k *moderation.FlagKey) bool {
	c := f.Created.Compare(k.Created)
	return c < 0 || c == 0 && (k.Message.IsZero() || f.Message.Compare(k.Message) < 0)
}

// greatestID is the last id in the order of ids.
func greatestID[ID ~[16]byte]() (id ID) {
	for i := range id {
		id[i] = 0xff
	}
	return id
}
