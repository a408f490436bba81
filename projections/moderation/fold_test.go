package moderation_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/moderation"
	"dendro/projections/projectionstest"
)

type place struct {
	subject moderation.Subject
	at      domain.Position
}

func key(r projections.Row) any {
	switch r := r.(type) {
	case *moderation.Entry:
		return place{r.Subject, r.At}
	case *moderation.Report:
		return [2]any{r.Message, r.Number}
	default:
		return r.(*moderation.Flag).Message
	}
}

func msg(n byte) domain.MessageID { return domain.MessageID{15: n} }

var (
	writer    = domain.ByContributor(domain.ContributorID{15: 1})
	moderator = domain.ByModerator("3f")
	oak       = domain.TreeStream(domain.TreeID{15: 1})
)

// The queue: what a message's flag looks like behind these events, an hour
// apart.
func TestFlags(t *testing.T) {
	at := func(n int) time.Time { return projectionstest.Start.Add(time.Duration(n) * time.Hour) }
	reported, resolved := tree.MessageReported{Message: msg(1)}, tree.ReportResolved{Message: msg(1)}
	flag := func(first, newest, reports int, processed bool) *moderation.Flag {
		return &moderation.Flag{
			Message: msg(1), Tree: domain.TreeID{15: 1}, Author: domain.ContributorID{15: 9}, Language: "de",
			Created: at(first), Reported: at(newest), Reports: reports, Processed: processed,
		}
	}
	for name, c := range map[string]struct {
		events []domain.Event
		want   *moderation.Flag
	}{
		"a report":                      {[]domain.Event{reported}, flag(1, 1, 1, false)},
		"more reports":                  {[]domain.Event{reported, reported, reported}, flag(1, 3, 3, false)},
		"worked through":                {[]domain.Event{reported, resolved}, flag(1, 1, 1, true)},
		"twice":                         {[]domain.Event{reported, resolved, resolved}, flag(1, 1, 1, true)},
		"a new report opens it again":   {[]domain.Event{reported, resolved, reported}, flag(1, 3, 2, false)},
		"never reported":                {[]domain.Event{resolved}, nil},
		"only a red flag is no report":  {[]domain.Event{tree.EmojiAdded{Message: msg(1), Emoji: domain.EmojiRedFlag}}, nil},
		"other messages have their own": {[]domain.Event{reported, tree.ReportResolved{Message: msg(2)}}, flag(1, 1, 1, false)},
	} {
		t.Run(name, func(t *testing.T) {
			h := projectionstest.NewHistory(1)
			h.Add(0, 0, oak, writer, tree.Opened{Language: "de"})
			h.Add(0, 0, oak, writer, tree.MessagePosted{Message: msg(1), Contributor: domain.ContributorID{15: 9}})
			for _, e := range c.events {
				h.Add(0, time.Hour, oak, writer, e)
			}
			table := projectionstest.NewTable(t, moderation.New(), key)
			table.Apply(h.OneByOne()...)
			got, _ := table.Rows()[msg(1)].(*moderation.Flag)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A message that came with an import has its author and the tree's language,
// though its own is another.
func TestFlagOfAnImportedMessage(t *testing.T) {
	author := domain.ContributorID{15: 9}
	h := projectionstest.NewHistory(1)
	h.Add(0, 0, oak, domain.ByRule("import"), tree.Imported{
		Language: "pt-BR", Messages: []tree.ImportedMessage{{Message: msg(1), Contributor: author, Language: "pt"}},
	})
	r := h.Add(0, time.Hour, oak, writer, tree.MessageReported{Message: msg(1)})
	table := projectionstest.NewTable(t, moderation.New(), key)
	table.Apply(h.OneByOne()...)
	want := &moderation.Flag{
		Message: msg(1), Tree: domain.TreeID{15: 1}, Author: author, Language: "pt-BR", Created: r.Time, Reported: r.Time, Reports: 1,
	}
	if diff := cmp.Diff(projections.Row(want), table.Rows()[msg(1)]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Each report stands by itself, numbered.
func TestReports(t *testing.T) {
	h := projectionstest.NewHistory(1)
	want := map[any]projections.Row{}
	for n := 1; n <= 3; n++ {
		by := domain.ContributorID{15: byte(n)}
		r := h.Add(0, time.Hour, oak, writer, tree.MessageReported{Message: msg(1), Contributor: by, Reason: "bad"})
		want[[2]any{msg(1), n}] = &moderation.Report{Message: msg(1), Number: n, By: by, At: r.Time, Reason: "bad"}
	}
	table := projectionstest.NewTable(t, moderation.New(), key)
	table.Apply(h.OneByOne()...)
	for k, row := range want {
		if diff := cmp.Diff(row, table.Rows()[k]); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// The trail: under which subjects one event stands.
func TestEntries(t *testing.T) {
	person := domain.ContributorStream(domain.ContributorID{15: 7})
	for name, c := range map[string]struct {
		stream domain.StreamID
		by     domain.Actor
		event  domain.Event
		want   []moderation.Subject
	}{
		"of a tree":        {oak, writer, tree.LotteryWon{}, []moderation.Subject{moderation.OfStream(oak)}},
		"of a contributor": {person, writer, contributor.Updated{}, []moderation.Subject{moderation.OfStream(person)}},
		"of the campaign":  {domain.CampaignStream, domain.ByRule("setup"), campaign.Configured{}, []moderation.Subject{"campaign"}},
		"by a moderator": {
			oak, moderator, tree.MessageDeleted{Message: msg(1)},
			[]moderation.Subject{moderation.OfStream(oak), "moderator/3f"},
		},
		"of a pool":      {domain.PoolID{Language: "en"}.Stream(), moderator, pool.Configured{}, nil},
		"of a partition": {domain.PartitionStream(0), domain.ByRule("log"), domain.Claimed{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := projectionstest.NewHistory(1).Add(0, time.Hour, c.stream, c.by, c.event)
			want := map[any]projections.Row{}
			for _, s := range c.want {
				want[place{s, r.Position}] = &moderation.Entry{Subject: s, At: r.Position, Time: r.Time}
			}
			table := projectionstest.NewTable(t, moderation.New(), key)
			table.Apply(r)
			if diff := cmp.Diff(want, table.Rows()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The rows do not depend on how partitions interleave, and none changes once
// it is given.
func TestInterleavingDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := projectionstest.NewHistory(3)
		for range rapid.IntRange(0, 60).Draw(t, "events") {
			n := rapid.IntRange(1, 6).Draw(t, "tree")
			e := rapid.SampledFrom([]domain.Event{
				tree.MessageReported{Message: msg(byte(n))}, tree.ReportResolved{Message: msg(byte(n))}, tree.LotteryWon{},
			}).Draw(t, "event")
			by := rapid.SampledFrom([]domain.Actor{writer, moderator}).Draw(t, "actor")
			h.Add(domain.Partition(n%3), time.Minute, domain.TreeStream(domain.TreeID{15: byte(n)}), by, e)
		}
		tables := [2]*projectionstest.Table{}
		for i, events := range [][]domain.Recorded{h.OneByOne(), h.Interleaved(t)} {
			tables[i] = projectionstest.NewTable(t, moderation.New(), key)
			tables[i].Apply(events...)
			tables[i].Done()
		}
		if diff := cmp.Diff(tables[0].Rows(), tables[1].Rows()); diff != "" {
			t.Fatalf("-one by one +interleaved:\n%s", diff)
		}
	})
}
