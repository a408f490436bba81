package memory

import (
	"cmp"
	"context"
	"slices"

	"dendro/projections/conversations"
	"dendro/projections/terms"
)

// search answers a query that has words. When they are common it walks along an
// index in order, where it soon meets enough messages; it gives that up after as
// many steps as there are messages with the rarest word, and gathers those: so
// it takes at most twice as long as the better way.
func (s *Store) search(ctx context.Context, q *conversations.Query, r messageReach, arms []terms.Arm) (out []*conversations.Message, err error) {
	w, steps := s.want(arms)
	if steps <= messageStride {
		steps = 0
	}
	for ; steps > 0; steps -= messageStride {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		more := true
		if out, more = s.walk(q, &r, &w, messageStride, out); !more || len(out) == q.Max {
			return out, nil
		}
	}
	g := gathering{store: s, query: q, reach: r, most: q.Max - len(out)}
	for i := range w.arms {
		if err := g.arm(ctx, &w, i); err != nil {
			return nil, err
		}
	}
	return append(out, g.rows()...), nil
}

func (s *Store) want(arms []terms.Arm) (wanted, int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.conversations.words.want(arms)
}

// gathering looks at the messages that have the rarest word, in no order, and
// keeps the first ones of the query's.
type gathering struct {
	store *Store
	query *conversations.Query
	reach messageReach // narrows when there are enough
	most  int
	found []messageEntry // as they were when they were met
}

func (g *gathering) arm(ctx context.Context, w *wanted, arm int) error {
	for next, more := uint32(0), true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		next, more = g.stride(w, arm, next)
	}
	return nil
}

// stride looks at some messages from a number on, and gives the next, if there
// is more.
func (g *gathering) stride(w *wanted, arm int, from uint32) (next uint32, more bool) {
	g.store.mu.RLock()
	defer g.store.mu.RUnlock()
	x := &g.store.conversations.words
	ids := w.arms[arm]
	list := x.lists[ids[0]].from(from)
	for i, number := range list {
		if i == messageStride {
			return number, true
		}
		e := x.entries[number]
		if w.of[e.reads] == arm && x.hasAll(number, ids[1:]) && g.reach.has(e.place()) && takes(g.query, e.row) {
			g.keep(e)
		}
	}
	return 0, false
}

func (r *messageReach) has(p messagePlace) bool { return !p.before(r.from) && p.before(r.to) }

// gatherRoom is how many messages more than needed are kept before the last of
// them are let go.
const gatherRoom = 1024

func (g *gathering) keep(e *messageEntry) {
	g.found = append(g.found, *e)
	if len(g.found) < g.most+gatherRoom {
		return
	}
	g.cut()
	if last := &g.found[len(g.found)-1]; g.query.Desc {
		g.reach.from = last.place().onward()
	} else {
		g.reach.to = last.place()
	}
}

// cut brings what was found into order, and leaves no more than is asked for.
func (g *gathering) cut() {
	slices.SortFunc(g.found, func(a, b messageEntry) int {
		if g.query.Desc {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(a.at, b.at), a.row.ID.Compare(b.row.ID))
	})
	g.found = g.found[:min(len(g.found), g.most)]
}

func (g *gathering) rows() (out []*conversations.Message) {
	g.cut()
	for _, e := range g.found {
		out = append(out, e.row)
	}
	return out
}
