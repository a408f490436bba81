package postgres

import (
	"cmp"
	"context"
	"slices"

	"dendro/domain"
	"dendro/projections/statistics"
)

type (
	messageCount = statistics.Messages
	treeCount    = statistics.Trees
	consentCount = statistics.Consents
)

var messageCountsTable = newTable("message_counts", []string{"language", "role", "synthetic", "deleted"},
	textOf("language", func(m *messageCount) *string { return &m.Language }),
	textOf("role", func(m *messageCount) *domain.Role { return &m.Role }),
	boolOf("synthetic", func(m *messageCount) *bool { return &m.Synthetic }),
	boolOf("deleted", func(m *messageCount) *bool { return &m.Deleted }),
	bigintOf("n", func(m *messageCount) *int { return &m.N }),
)

var treeCountsTable = newTable("tree_counts", []string{"language", "state"},
	textOf("language", func(t *treeCount) *string { return &t.Language }),
	textOf("state", func(t *treeCount) *domain.TreeState { return &t.State }),
	bigintOf("n", func(t *treeCount) *int { return &t.N }),
)

var consentsTable = newTable("consents", []string{"one"},
	column[consentCount]{"one", boolKind, func(b []byte, _ *consentCount) []byte { return append(b, 0, 0, 0, 1, 1) }, nil},
	bigintOf("n", func(c *consentCount) *int { return &c.N }),
)

// Counts implements statistics.Reader. One statement gives all three tables, so
// that they are of one cut; they are small.
func (s *Store) Counts(ctx context.Context) (out statistics.Counts, err error) {
	const all = `
		SELECT 'm', language, role, synthetic, deleted, n FROM views.message_counts WHERE n > 0
		UNION ALL SELECT 't', language, state, false, false, n FROM views.tree_counts WHERE n > 0
		UNION ALL SELECT 'c', '', '', false, false, n FROM views.consents`
	err = s.repeat(ctx, func(ctx context.Context) error {
		out = statistics.Counts{}
		return query(ctx, s.pool, all, nil, func(raw [][]byte) error { return addCount(&out, raw[0][0], raw[1:]) })
	})
	slices.SortFunc(out.Messages, compareMessageCounts)
	slices.SortFunc(out.Trees, func(a, b treeCount) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.State, b.State))
	})
	return out, err
}

func addCount(to *statistics.Counts, table byte, raw [][]byte) error {
	var m messageCount
	if err := messageCountsTable.read(raw, &m); err != nil {
		return err
	}
	switch table {
	case 'm':
		to.Messages = append(to.Messages, m)
	case 't':
		to.Trees = append(to.Trees, treeCount{Language: m.Language, State: domain.TreeState(m.Role), N: m.N})
	default:
		to.Consents = m.N
	}
	return nil
}

func compareMessageCounts(a, b messageCount) int {
	bit := func(x bool) int {
		if x {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Role, b.Role),
		bit(a.Synthetic)-bit(b.Synthetic), bit(a.Deleted)-bit(b.Deleted))
}
