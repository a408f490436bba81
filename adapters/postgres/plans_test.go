package postgres_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections"
	"dendro/projections/conversations"
	"dendro/projections/moderation"
)

// question is something that the API asks the views.
type question struct {
	name string
	ask  func(context.Context, *postgres.Store) error
}

// apart are two words: every message has one of them, none both. Nothing that
// Postgres knows tells it so.
const apart = "aaaa bbbb"

// setApart gives the messages those words.
func setApart(t testing.TB, pool *pgxpool.Pool) {
	exec(t, pool, `UPDATE views.messages SET terms = terms || CASE WHEN hashtext(id::text) > 0 THEN 'aaaa'::tsvector ELSE 'bbbb' END`)
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
	words := c.words()
	often, seldom := words[0]+" "+words[1], words[len(words)-1]
	messages("a search for a word", conversations.Query{Search: strings.Fields(middle.Text)[0], Language: middle.Language, Desc: true})
	messages("a search for a common word", conversations.Query{Search: words[0], Desc: true})
	messages("a search for common words", conversations.Query{Search: often, Language: "en"})
	messages("a search for common words, page", conversations.Query{Search: often, Before: at, Desc: true})
	messages("a search for a rare word", conversations.Query{Search: seldom, Desc: true})
	messages("a search for a rare and a common word", conversations.Query{Search: words[0] + " " + seldom, After: at})
	messages("a search for nothing", conversations.Query{Search: "xyzzyplugh", Desc: true})
	messages("a search for nothing and a common word", conversations.Query{Search: "xyzzyplugh " + words[0], Language: "en", Roots: true})
	messages("a search for words that do not meet", conversations.Query{Search: apart, Desc: true})
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
		return failed(s.Tallies(ctx, reward.Month.Since(c.newest), []domain.ContributorID{middle.Contributor}))
	})
	for _, frame := range []reward.Frame{reward.Day, reward.Week, reward.Month} {
		add("all accounts' tallies of a "+string(frame), func(ctx context.Context, s *postgres.Store) error {
			return failed(s.Tallies(ctx, frame.Since(c.newest), nil))
		})
	}
	add("messages by id", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.MessagesByID(ctx, []domain.MessageID{first.Message, middle.Message}))
	})
	add("trees by id", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.TreesByID(ctx, []domain.TreeID{domain.TreeID(first.Message)}))
	})
	add("an account's agreement", func(ctx context.Context, s *postgres.Store) error {
		_, _, err := s.Agreement(ctx, []domain.ContributorID{middle.Contributor})
		return err
	})
	add("mergers", func(ctx context.Context, s *postgres.Store) error { return failed(s.Mergers(ctx)) })
	add("an account's activity", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Activities(ctx, [][]domain.ContributorID{{middle.Contributor}}))
	})
	return all
}

// words gives the words of all messages, the most common first.
func (c *campaign) words() []string {
	count := map[string]int{}
	for i := range c.messages {
		for word := range strings.FieldsFuncSeq(c.messages[i].Text, func(r rune) bool { return !unicode.IsLetter(r) }) {
			count[word]++
		}
	}
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(count[b]-count[a], strings.Compare(a, b)) })
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
	setApart(t, pool)
	exec(t, pool, "VACUUM ANALYZE")
	large := []string{
		"views.messages", "views.deeds", "views.trees", "views.tasks", "views.contributors", "views.history", "views.reactions", "views.revisions",
		"views.flags", "views.reports", "views.agreement_raters",
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

// asked remembers what goes to the server, while it listens.
type asked struct {
	listens bool
	all     []pgx.TraceQueryStartData
}

// TraceQueryStart implements pgx.QueryTracer.
func (a *asked) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if first, _, _ := strings.Cut(q.SQL, " "); a.listens && (first == "SELECT" || first == "WITH") { // not what is around them
		a.all = append(a.all, q)
	}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*asked) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// plan asks once more, and tells how the server answers.
func (a *asked) plan(b *testing.B, pool *pgxpool.Pool, store *postgres.Store, q question) string {
	b.Helper()
	a.listens, a.all = true, nil
	err := q.ask(b.Context(), store)
	if a.listens = false; err != nil {
		b.Fatal(err)
	}
	var plans []string
	for _, q := range a.all {
		args := slices.DeleteFunc(slices.Clone(q.Args), func(arg any) bool {
			switch arg.(type) {
			case pgx.QueryResultFormats, pgx.QueryExecMode:
				return true
			}
			return false
		})
		rows, err := pool.Query(b.Context(), "EXPLAIN (COSTS OFF) "+q.SQL, args...)
		if err != nil {
			b.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			b.Fatal(err)
		}
		plans = append(plans, strings.Join(lines, "\n"))
	}
	return strings.Join(plans, "\n")
}

// BenchmarkQuestions asks at the size of OASST1, tells the median and the
// slowest of a hundred, and with -v the plans of the five that take longest.
func BenchmarkQuestions(b *testing.B) {
	log := oasst1()
	events, trees, messages, ratings, posts := log.size()
	b.Logf("%d events, %d trees, %d messages, %d ratings", events, trees, messages, ratings)
	server := &asked{}
	pool := migrated(b, postgrestest.Shared(b))
	config := pool.Config().Copy()
	config.ConnConfig.Tracer = server
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	store, err := postgres.NewStore(b.Context(), pool, log.id, projections.ViewsOf(allViews())...)
	if err != nil {
		b.Fatal(err)
	}
	if err := store.RebuildTo(b.Context(), postgres.Build{Log: log, Folds: allViews()}, log.end()); err != nil {
		b.Fatal(err)
	}
	setApart(b, pool)
	exec(b, pool, "VACUUM ANALYZE")
	ask := questions(&campaign{messages: posts, newest: log.newest()})
	ask = append(ask, question{"all trees", func(ctx context.Context, s *postgres.Store) error { return failed(s.Trees(ctx, false)) }},
		question{"everybody's agreement", func(ctx context.Context, s *postgres.Store) error {
			_, _, err := s.Agreement(ctx, nil)
			return err
		}})
	everybody := map[domain.ContributorID]bool{}
	for i := range posts {
		everybody[posts[i].Contributor] = true
	}
	ask = append(ask, question{"all accounts of a board", func(ctx context.Context, s *postgres.Store) error {
		return failed(s.Contributors(ctx, slices.Collect(maps.Keys(everybody))))
	}})
	type slow struct {
		name string
		took time.Duration
		plan string
	}
	var all []slow
	for _, q := range ask {
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
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			all = append(all, slow{q.name, took[len(took)/2], server.plan(b, pool, store, q)})
		})
	}
	slices.SortFunc(all, func(x, y slow) int { return int(y.took - x.took) })
	for _, s := range all[:min(5, len(all))] {
		b.Logf("%s, %s:\n%s", s.name, s.took, s.plan)
	}
}
