package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/adapters/postgres"
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections/boards"
	"dendro/projections/moderation"
)

// moderationQuestions are what moderators ask: every order of the queue, open or
// whole, of a language or all, from the start and further on; and who reported,
// and did, what.
func moderationQuestions(first, middle *tree.MessagePosted) (all []question) {
	add := func(name string, ask func(context.Context, *postgres.Store) error) {
		all = append(all, question{name, ask})
	}
	flags := func(name string, q moderation.FlagQuery) {
		q.Max = 50
		add(name, func(ctx context.Context, s *postgres.Store) error { return failed(s.Flags(ctx, q)) })
	}
	at := time.Date(2023, 2, 8, 0, 0, 0, 0, time.UTC)
	key := &moderation.FlagKey{Reports: 2, Created: at, Message: middle.Message}
	for n := range 1 << 4 {
		q := moderation.FlagQuery{Open: n&1 > 0, Most: n&2 > 0, Desc: n&4 > 0}
		if n&8 > 0 {
			q.Language = first.Language
		}
		flags(fmt.Sprintf("flags, %+v", q), q)
		q.After = key
		if q.Desc {
			q.After, q.Before = nil, key
		}
		flags(fmt.Sprintf("a page of flags, %+v", q), q)
	}
	people := []domain.ContributorID{middle.Contributor, first.Contributor}
	flags("flags of authors", moderation.FlagQuery{Authors: people, Desc: true})
	add("the reports of messages", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Reports(ctx, []domain.MessageID{first.Message, middle.Message}))
	})
	add("the reports by accounts", func(ctx context.Context, s *postgres.Store) error { return failed(s.ReportsBy(ctx, people, 50)) })
	add("an account's deeds", func(ctx context.Context, s *postgres.Store) error {
		q := boards.DeedQuery{By: people, Kinds: []boards.Kind{boards.RedFlag, boards.Marks}, Max: 50}
		return failed(s.Deeds(ctx, q))
	})
	add("a page of an account's deeds", func(ctx context.Context, s *postgres.Store) error {
		q := boards.DeedQuery{By: people, Since: at.AddDate(0, -1, 0), Before: &boards.DeedKey{At: at, Kind: boards.Marks}, Max: 50}
		return failed(s.Deeds(ctx, q))
	})
	return all
}

// fillQueue reports every message, one to seven times; one in sixteen is still open.
func fillQueue(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, "TRUNCATE views.flags, views.reports")
	exec(t, pool, `INSERT INTO views.flags (message, tree, author, created, reported, reports, fewer, processed, language)
		SELECT id, tree, author, created, created, n, -n, right(id::text, 1) <> '0', language
		FROM (SELECT *, 1 + abs(hashtext(id::text)) % 7 AS n FROM views.messages) m`)
	exec(t, pool, `INSERT INTO views.reports (message, number, contributor, at, reason)
		SELECT message, n, author, created, 'bad' FROM views.flags, generate_series(1, reports) n`)
}
