package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/tidwall/btree"

	"dendro/domain"
	"dendro/projections/moderation"
)

// flagRows keeps the rows of the queue of reported messages and of the audit
// trail.
type flagRows struct {
	byMessage map[domain.MessageID]*moderation.Flag
	byAuthor  map[domain.ContributorID]*flagIndex
	lanes     map[string]*flagIndex // by language; "" has all
	reports   map[domain.MessageID][]*moderation.Report
	reporters map[domain.ContributorID][]*moderation.Report
	trails    map[moderation.Subject]*trail
}

func newFlagRows() flagRows {
	return flagRows{
		byMessage: map[domain.MessageID]*moderation.Flag{}, byAuthor: map[domain.ContributorID]*flagIndex{}, lanes: map[string]*flagIndex{},
		reports: map[domain.MessageID][]*moderation.Report{}, reporters: map[domain.ContributorID][]*moderation.Report{},
		trails: map[moderation.Subject]*trail{},
	}
}

// flagIndex has flags in both orders, the open ones apart.
type flagIndex struct{ created, createdOpen, most, mostOpen *flagTree }

type flagTree = btree.BTreeG[*moderation.Flag]

func newFlagIndex() *flagIndex {
	tree := func(before func(a, b *moderation.Flag) bool) *flagTree {
		return btree.NewBTreeGOptions(before, btree.Options{NoLocks: true, Degree: 8})
	}
	return &flagIndex{tree(beforeFlag), tree(beforeFlag), tree(beforeMost), tree(beforeMost)}
}

func (x *flagIndex) set(f *moderation.Flag) {
	x.created.Set(f)
	x.most.Set(f)
	if !f.Processed {
		x.createdOpen.Set(f)
		x.mostOpen.Set(f)
	}
}

func (x *flagIndex) delete(f *moderation.Flag) {
	for _, t := range []*flagTree{x.created, x.createdOpen, x.most, x.mostOpen} {
		t.Delete(f)
	}
}

func (x *flagIndex) of(q *moderation.FlagQuery) *flagTree {
	switch {
	case q.Most && q.Open:
		return x.mostOpen
	case q.Most:
		return x.most
	case q.Open:
		return x.createdOpen
	}
	return x.created
}

func compareFlags(a, b *moderation.Flag) int {
	return cmp.Or(a.Created.Compare(b.Created), a.Message.Compare(b.Message))
}

func beforeFlag(a, b *moderation.Flag) bool { return compareFlags(a, b) < 0 }

func beforeMost(a, b *moderation.Flag) bool {
	return cmp.Or(cmp.Compare(b.Reports, a.Reports), compareFlags(a, b)) < 0
}

// indexes are those that a flag stands in.
func (f *flagRows) indexes(row *moderation.Flag) []*flagIndex {
	return []*flagIndex{indexOf(f.lanes, ""), indexOf(f.lanes, "language "+row.Language), indexOf(f.byAuthor, row.Author)}
}

func indexOf[K comparable](all map[K]*flagIndex, key K) *flagIndex {
	x := all[key]
	if x == nil {
		x = newFlagIndex()
		all[key] = x
	}
	return x
}

func (f *flagRows) flag(row *moderation.Flag, gone bool) {
	if old := f.byMessage[row.Message]; old != nil {
		for _, x := range f.indexes(old) {
			x.delete(old)
		}
	}
	if gone {
		delete(f.byMessage, row.Message)
		return
	}
	f.byMessage[row.Message] = row
	for _, x := range f.indexes(row) {
		x.set(row)
	}
}

func (f *flagRows) report(row *moderation.Report, gone bool) {
	of := f.reports[row.Message]
	i, there := slices.BinarySearchFunc(of, row.Number, func(r *moderation.Report, n int) int { return cmp.Compare(r.Number, n) })
	if there {
		old := of[i]
		by := f.reporters[old.By]
		at, _ := slices.BinarySearchFunc(by, old, compareReports)
		f.reporters[old.By] = slices.Delete(by, at, at+1)
	}
	f.reports[row.Message] = placed(of, i, there, row, gone)
	if !gone {
		by := f.reporters[row.By]
		at, _ := slices.BinarySearchFunc(by, row, compareReports)
		f.reporters[row.By] = slices.Insert(by, at, row)
	}
}

// compareReports orders by time, then message, then number.
func compareReports(a, b *moderation.Report) int {
	return cmp.Or(a.At.Compare(b.At), a.Message.Compare(b.Message), cmp.Compare(a.Number, b.Number))
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
	if q.Authors == nil {
		lane := ""
		if q.Language != "" {
			lane = "language " + q.Language
		}
		return flagsIn(s.flags.lanes[lane], q), nil
	}
	var out []*moderation.Flag
	for _, author := range slices.Compact(slices.SortedFunc(slices.Values(q.Authors), domain.ContributorID.Compare)) {
		out = append(out, flagsIn(s.flags.byAuthor[author], q)...)
	}
	before := beforeFlag
	if q.Most {
		before = beforeMost
	}
	slices.SortFunc(out, func(a, b *moderation.Flag) int {
		if before(a, b) != q.Desc {
			return -1
		}
		return 1
	})
	return out[:min(len(out), q.Max)], nil
}

// flagsIn walks an index from where the query begins, in its direction.
func flagsIn(x *flagIndex, q moderation.FlagQuery) (out []*moderation.Flag) {
	if x == nil {
		return nil
	}
	index := x.of(&q)
	take := func(f *moderation.Flag) bool {
		switch {
		case q.After != nil && !isFlagBeyond(&q, f, q.After, 1):
			return !q.Desc // the key itself, or all that is left
		case q.Before != nil && !isFlagBeyond(&q, f, q.Before, -1):
			return q.Desc
		case q.Language != "" && f.Language != q.Language:
			return true
		}
		out = append(out, f)
		return len(out) < q.Max
	}
	switch {
	case q.Desc && q.Before != nil:
		from := flagAt(q.Before)
		if from.Message.IsZero() {
			from.Message = greatestID[domain.MessageID]()
		}
		index.Descend(from, take)
	case q.Desc:
		index.Reverse(take)
	case q.After != nil:
		index.Ascend(flagAt(q.After), take)
	default:
		index.Scan(take)
	}
	return out
}

func flagAt(k *moderation.FlagKey) *moderation.Flag {
	return &moderation.Flag{Reports: k.Reports, Created: k.Created, Message: k.Message}
}

// isFlagBeyond reports whether a flag stands on a side of a key, 1 behind it and
// -1 in front of it; or within what a key without message stands outside of.
func isFlagBeyond(q *moderation.FlagQuery, f *moderation.Flag, k *moderation.FlagKey, side int) bool {
	at := f.Created.Compare(k.Created)
	if q.Most {
		at = cmp.Or(cmp.Compare(k.Reports, f.Reports), at)
	}
	return at == side || at == 0 && (k.Message.IsZero() || f.Message.Compare(k.Message) == side)
}

// Reports implements moderation.Reader.
func (s *Store) Reports(_ context.Context, of []domain.MessageID) (out []*moderation.Report, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range slices.Compact(slices.SortedFunc(slices.Values(of), domain.MessageID.Compare)) {
		out = append(out, s.flags.reports[id]...)
	}
	return out, nil
}

// ReportsBy implements moderation.Reader.
func (s *Store) ReportsBy(_ context.Context, by []domain.ContributorID, most int) (out []*moderation.Report, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range slices.Compact(slices.SortedFunc(slices.Values(by), domain.ContributorID.Compare)) {
		theirs := s.flags.reporters[id]
		out = append(out, theirs[max(0, len(theirs)-most):]...)
	}
	slices.SortFunc(out, func(a, b *moderation.Report) int { return compareReports(b, a) })
	return out[:min(len(out), most)], nil
}

// greatestID is the last id in the order of ids.
func greatestID[ID ~[16]byte]() (id ID) {
	for i := range id {
		id[i] = 0xff
	}
	return id
}
