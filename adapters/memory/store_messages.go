package memory

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"dendro/domain"
	"dendro/projections/conversations"
	"dendro/projections/terms"
)

// messageStride bounds the messages looked at while the store is locked.
const messageStride = 2048

// messagePlace is a message's in the order of creation time, then id.
type messagePlace struct {
	at int64 // microseconds, which times are whole ones of
	id domain.MessageID
}

func (p messagePlace) before(o messagePlace) bool {
	return p.at < o.at || p.at == o.at && p.id.Compare(o.id) < 0
}

// onward is the place next to p, behind it.
func (p messagePlace) onward() messagePlace {
	for i := len(p.id) - 1; i >= 0; i-- {
		if p.id[i]++; p.id[i] != 0 {
			return p
		}
	}
	p.at++
	return p
}

// messageReach is the range of places that are from from on and before to.
type messageReach struct{ from, to messagePlace }

// messageReachOf gives the places that a query's times and keys let in.
func messageReachOf(q *conversations.Query) messageReach {
	r := messageReach{from: messagePlace{at: math.MinInt64}, to: messagePlace{at: math.MaxInt64}}
	if !q.From.IsZero() {
		r.startAt(firstFrom(q.From))
	}
	if !q.To.IsZero() {
		r.endAt(firstBehind(q.To))
	}
	if k := q.After; k != nil {
		if p, exact := messageKeyPlace(k); exact {
			r.startAt(p.onward())
		} else {
			r.startAt(firstFrom(k.Created))
		}
	}
	if k := q.Before; k != nil {
		if p, exact := messageKeyPlace(k); exact {
			r.endAt(p)
		} else {
			r.endAt(firstBehind(k.Created))
		}
	}
	return r
}

func (r *messageReach) startAt(p messagePlace) {
	if r.from.before(p) {
		r.from = p
	}
}

func (r *messageReach) endAt(p messagePlace) {
	if p.before(r.to) {
		r.to = p
	}
}

// messageKeyPlace gives the place that a key names, and whether a message can
// stand there.
func messageKeyPlace(k *conversations.Key) (messagePlace, bool) {
	return messagePlace{k.Created.UnixMicro(), k.ID}, whole(k.Created) && !k.ID.IsZero()
}

func whole(t time.Time) bool { return t.Nanosecond()%1000 == 0 }

// firstFrom is the first place that is not before t.
func firstFrom(t time.Time) messagePlace {
	if whole(t) {
		return messagePlace{at: t.UnixMicro()}
	}
	return firstBehind(t)
}

// firstBehind is the first place after t.
func firstBehind(t time.Time) messagePlace { return messagePlace{at: t.UnixMicro() + 1} }

// Messages implements conversations.Reader. It walks along the index that has
// the fewest messages to look at. A long walk lets commits in between: each
// message is then given as it was when the walk came by.
func (s *Store) Messages(ctx context.Context, q conversations.Query) ([]*conversations.Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := messageReachOf(&q)
	arms := new(terms.Analyzer).ArmsIn(q.Language, q.Search)
	q.Language = strings.ToLower(q.Language)
	if len(arms) > 0 {
		return s.search(ctx, &q, r, arms)
	}
	var out []*conversations.Message
	for more := true; more && len(out) < q.Max; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out, more = s.walk(&q, &r, nil, messageStride, out)
	}
	return out, nil
}

// walk goes on for some steps, adds the messages that the query takes and that
// have the words, up to its Max, and leaves in r what is still ahead, if there
// is more.
func (s *Store) walk(q *conversations.Query, r *messageReach, w *wanted, steps int, out []*conversations.Message) ([]*conversations.Message, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	lanes := merged(s.conversations.narrowest(q), *r, q.Desc)
	for range steps {
		e := lanes.next()
		if e == nil {
			return out, false
		}
		if q.Desc {
			r.to = e.place()
		} else {
			r.from = e.place().onward()
		}
		if takes(q, e.row) && s.conversations.words.has(e, w) {
			out = append(out, e.row)
		}
		if len(out) == q.Max {
			break
		}
	}
	return out, true
}

// narrowest gives the indexes with the fewest messages among which all are that
// the query takes. Its language is in lower case here.
func (c *conversationRows) narrowest(q *conversations.Query) []*messageIndex {
	best := []*messageIndex{c.all}
	fewest := c.all.Len()
	offer := func(some ...*messageIndex) {
		n := 0
		some = slices.DeleteFunc(some, func(i *messageIndex) bool { return i == nil })
		for _, i := range some {
			n += i.Len()
		}
		if n < fewest {
			best, fewest = some, n
		}
	}
	if q.Language != "" {
		offer(c.in[q.Language])
	}
	if !q.Client.IsZero() {
		f := c.of[q.Client]
		if f == nil {
			return nil
		}
		offer(f.messageIndex)
	}
	if q.Authors != nil {
		var theirs []*messageIndex
		for _, a := range q.Authors {
			theirs = append(theirs, c.by[a])
		}
		offer(theirs...)
	}
	return best
}

// takes tests all but place and words.
func takes(q *conversations.Query, m *conversations.Message) bool {
	switch {
	case m.Deleted && !q.Deleted,
		q.Roots && !m.Parent.IsZero(),
		!q.Client.IsZero() && m.Client != q.Client,
		q.Language != "" && strings.ToLower(m.Language) != q.Language,
		q.Authors != nil && !slices.Contains(q.Authors, m.Author):
		return false
	}
	return true
}
