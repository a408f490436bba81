package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"dendro/domain"
	"dendro/projections/moderation"
)

// trail is where the events of a subject stand, a list per partition: there are
// as many entries as events, so an entry is 16 bytes. Within a partition times
// never go back, so the order of Seq is that of time too.
type trail struct{ runs []run }

type run struct {
	partition domain.Partition
	stops     []stop // by seq
}

type stop struct {
	seq    domain.Seq
	micros int64 // of the Unix era: envelopes keep whole microseconds
}

func stopBySeq(p stop, seq domain.Seq) int { return cmp.Compare(p.seq, seq) }

func (f *flagRows) entry(row *moderation.Entry, gone bool) {
	t := f.trails[row.Subject]
	if t == nil {
		if gone {
			return
		}
		t = &trail{}
		f.trails[moderation.Subject(strings.Clone(string(row.Subject)))] = t // it may be part of a longer text
	}
	r := t.run(row.At.Partition)
	if gone {
		if i, found := slices.BinarySearchFunc(r.stops, row.At.Seq, stopBySeq); found {
			r.stops = slices.Delete(r.stops, i, i+1)
		}
		return
	}
	r.put(stop{row.At.Seq, row.Time.UnixMicro()})
}

func (t *trail) run(p domain.Partition) *run {
	i := slices.IndexFunc(t.runs, func(r run) bool { return r.partition == p })
	if i < 0 {
		i = len(t.runs)
		t.runs = append(t.runs, run{partition: p})
	}
	return &t.runs[i]
}

func (r *run) put(p stop) {
	if n := len(r.stops); n == 0 || r.stops[n-1].seq < p.seq {
		r.stops = append(r.stops, p)
		return
	}
	i, found := slices.BinarySearchFunc(r.stops, p.seq, stopBySeq)
	if found {
		r.stops[i] = p
		return
	}
	r.stops = slices.Insert(r.stops, i, p)
}

// newest gives the newest entries, at most so many, oldest first: it goes back
// through all runs at once.
func (t *trail) newest(of moderation.Subject, most int) []*moderation.Entry {
	left := make([]run, len(t.runs)) // each run's stops not taken yet
	copy(left, t.runs)
	var out []*moderation.Entry
	for len(out) < most {
		r := slices.MaxFunc(left, compareLast)
		n := len(r.stops) - 1
		if n < 0 {
			break
		}
		out = append(out, &moderation.Entry{
			Subject: of, At: domain.Position{Partition: r.partition, Seq: r.stops[n].seq}, Time: time.UnixMicro(r.stops[n].micros).UTC(),
		})
		i := slices.IndexFunc(left, func(o run) bool { return o.partition == r.partition })
		left[i].stops = r.stops[:n]
	}
	slices.Reverse(out)
	return out
}

// compareLast orders runs by their last stop, those that have none first.
func compareLast(a, b run) int {
	if len(a.stops) == 0 || len(b.stops) == 0 {
		return cmp.Compare(len(a.stops), len(b.stops))
	}
	return cmp.Or(
		cmp.Compare(a.stops[len(a.stops)-1].micros, b.stops[len(b.stops)-1].micros),
		cmp.Compare(a.partition, b.partition),
	)
}

// History implements moderation.Reader.
func (s *Store) History(_ context.Context, of moderation.Subject, most int) ([]*moderation.Entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.flags.trails[of]
	if t == nil {
		return nil, nil
	}
	return t.newest(of, most), nil
}
