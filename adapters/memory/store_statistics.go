package memory

import (
	"cmp"
	"context"
	"slices"

	"dendro/projections/statistics"
)

// countRows has rows by their keys: rows with a count of 0.
type countRows struct {
	messageCounts map[statistics.Messages]int
	treeCounts    map[statistics.Trees]int
	consentCount  int
}

func newCountRows() countRows {
	return countRows{messageCounts: map[statistics.Messages]int{}, treeCounts: map[statistics.Trees]int{}}
}

func (c *countRows) messages(row *statistics.Messages, gone bool) {
	key := *row
	key.N = 0
	setCount(c.messageCounts, key, row.N, gone)
}

func (c *countRows) trees(row *statistics.Trees, gone bool) {
	key := *row
	key.N = 0
	setCount(c.treeCounts, key, row.N, gone)
}

func setCount[K comparable](counts map[K]int, key K, n int, gone bool) {
	if gone {
		delete(counts, key)
		return
	}
	counts[key] = n
}

func (c *countRows) consents(row *statistics.Consents, gone bool) {
	c.consentCount = row.N
	if gone {
		c.consentCount = 0
	}
}

// Counts implements statistics.Reader.
func (s *Store) Counts(context.Context) (statistics.Counts, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := statistics.Counts{Consents: s.counts.consentCount}
	for key, n := range s.counts.messageCounts {
		if key.N = n; n > 0 {
			out.Messages = append(out.Messages, key)
		}
	}
	for key, n := range s.counts.treeCounts {
		if key.N = n; n > 0 {
			out.Trees = append(out.Trees, key)
		}
	}
	slices.SortFunc(out.Messages, byMessagesKey)
	slices.SortFunc(out.Trees, func(a, b statistics.Trees) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.State, b.State))
	})
	return out, nil
}

func byMessagesKey(a, b statistics.Messages) int {
	return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Role, b.Role), falseFirst(a.Synthetic, b.Synthetic), falseFirst(a.Deleted, b.Deleted))
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
