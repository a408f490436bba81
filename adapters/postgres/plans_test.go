package postgres_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/projections/conversations"
	"dendro/projections/moderation"
)

// question is something that the API asks the views.
type question struct {
	name string
	ask  func(context.Context, *postgres.Store) error
}

// questions are all that have to do with a part of a large table.
func questions(c *campaign) (all []question) {
	first, middle := c.messages[0], c.messages[len(c.messages)/2]
	add := func(name string, ask func(context.Context, *postgres.Store) error) {
		all = append(all, question{name, ask})
	}
	messages := func(name string, q conversations.Query) {
		q.Max = 50
		add(name, func(ctx context.Context, s *postgres.Store) error { return failed(s.Messages(ctx, q)) })
	}
	word := middle.Text[:len(middle.Text)/2]
	at := &conversations.Key{Created: time.Date(2023, 2, 8, 0, 0, 0, 0, time.UTC), ID: middle.Message}
	messages("newest messages", conversations.Query{Desc: true})
	messages("newest messages, deleted ones too", conversations.Query{Desc: true, Deleted: true})
	messages("a page of messages", conversations.Query{After: at})
	messages("a page of messages, backwards", conversations.Query{Before: at, Desc: true})
	messages("a language's messages", conversations.Query{Language: "pt-BR", Desc: true})
	messages("an author's messages", conversations.Query{Authors: []domain.ContributorID{middle.Contributor}, Desc: true})
	messages("authors' messages", conversations.Query{Authors: []domain.ContributorID{middle.Contributor, first.Contributor}, Deleted: true})
	messages("a client's messages", conversations.Query{Client: middle.Client, Language: "de", Desc: true})
	messages("prompts", conversations.Query{Roots: true, Desc: true})
	messages("a search for a sentence", conversations.Query{Search: word, Desc: true})
	messages("a search for a word", conversations.Query{Search: middle.Text[:5], Language: middle.Language, Desc: true})
	messages("a search for nothing", conversations.Query{Search: "xyzzyplugh", Desc: true})
	add("a message", func(ctx context.Context, s *postgres.Store) error { return failed(s.Message(ctx, middle.Message)) })
	add("a message by its frontend's id", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.MessageByFrontend(ctx, middle.Client, middle.FrontendID))
	})
	add("a tree", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Tree(ctx, domain.TreeID(first.Message)))
	})
	add("a tree's messages", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.TreeMessages(ctx, domain.TreeID(first.Message)))
	})
	add("reactions", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Reactions(ctx, middle.Contributor, []domain.MessageID{first.Message, middle.Message}))
	})
	add("revisions", func(ctx context.Context, s *postgres.Store) error { return failed(s.Revisions(ctx, middle.Message)) })
	add("a task", func(ctx context.Context, s *postgres.Store) error { return failed(s.Task(ctx, middle.Task)) })
	add("a task by its frontend's id", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.TaskByFrontend(ctx, middle.Client, middle.FrontendID))
	})
	add("an account", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Contributor(ctx, middle.Contributor))
	})
	add("some accounts", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Contributors(ctx, []domain.ContributorID{middle.Contributor, first.Contributor}))
	})
	add("an owner", func(ctx context.Context, s *postgres.Store) error { return failed(s.Owner(ctx, middle.Contributor)) })
	add("an owner's accounts", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Accounts(ctx, middle.Contributor))
	})
	all = append(all, moderationQuestions(&first, &middle)...)
	add("a history", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.History(ctx, moderation.OfStream(domain.TreeStream(domain.TreeID(first.Message))), 100))
	})
	add("all accounts' tallies", func(ctx context.Context, s *postgres.Store) error { return failed(s.Tallies(ctx, time.Time{}, nil)) })
	add("an account's tallies of a month", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Tallies(ctx, time.Date(2023, 2, 8, 0, 0, 0, 0, time.UTC), []domain.ContributorID{middle.Contributor}))
	})
	add("an account's activity", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Activities(ctx, [][]domain.ContributorID{{middle.Contributor}}))
	})
	return all
}

func failed[T any](_ T, err error) error { return err }

// No question reads a large table whole, on its first asking as on those when
// Postgres has made up its mind on how to answer it.
func TestQuestionsScanNothing(t *testing.T) {
	pool := open(t, migratedDSN(t, postgrestest.Shared(t))+" pool_max_conns=1")
	store := newStore(t, pool, identity)
	c := newCampaign(400, 400)
	c.load(t, store)
	// Of these the campaign leaves few.
	exec(t, pool, `INSERT INTO views.tasks SELECT gen_random_uuid(), id, id, client, author, created, false, false, 'random', id FROM views.messages`)
	exec(t, pool, `INSERT INTO views.revisions SELECT id, 0, id, created, '', '', '' FROM views.messages ON CONFLICT DO NOTHING`)
	fillQueue(t, pool)
	exec(t, pool, "VACUUM ANALYZE")
	large := []string{
		"views.messages", "views.deeds", "views.trees", "views.tasks", "views.contributors", "views.history", "views.reactions", "views.revisions",
		"views.flags", "views.reports",
	}
	for _, q := range questions(&c) {
		scansNone(t, pool, q.name, func() {
			for range 8 {
				if err := q.ask(t.Context(), store); err != nil {
					t.Errorf("%s: %v", q.name, err)
				}
			}
		}, large...)
	}
}

// BenchmarkQuestions asks at the size of OASST1, and tells the slowest of a
// hundred.
func BenchmarkQuestions(b *testing.B) {
	pool := migrated(b, postgrestest.Shared(b))
	store := newStore(b, pool, identity)
	c := newCampaign(14_500, 13_500)
	c.load(b, store)
	exec(b, pool, "VACUUM ANALYZE")
	all := questions(&c)
	month := func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Tallies(ctx, time.Date(2023, 2, 8, 0, 0, 0, 0, time.UTC), nil))
	}
	all = append(all, question{"all accounts' tallies of a month", month},
		question{"all trees", func(ctx context.Context, s *postgres.Store) error { return failed(s.Trees(ctx, false)) }})
	for _, q := range all {
		b.Run(q.name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if err := q.ask(b.Context(), store); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
	b.Logf("%d events, %d messages", c.events, len(c.messages))
}
