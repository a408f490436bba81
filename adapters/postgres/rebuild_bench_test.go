package postgres_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/dataset/datasettest"
)

// oasst1 is a log of the size of OASST1: 66,000 trees, most of them little more
// than a prompt, with some 162,000 messages by 13,500 people. Ratings are fewer:
// some 310,000, of 461,000.
func oasst1() *listed {
	grown := datasettest.Shape{Seed: 1, Partitions: 2, Trees: 9_000, Contributors: 6_750, Steps: 44, Words: 30, Rare: 1}
	lone := datasettest.Shape{Seed: 2, Partitions: 2, Trees: 57_500, Contributors: 6_750, Steps: 1, Words: 30, Rare: 1}
	l := &listed{id: domain.Identity{ID: domain.LogID{7}, Partitions: 4}}
	for i, shape := range []datasettest.Shape{grown, lone} {
		for p, events := range datasettest.History(shape) {
			for n := range events {
				events[n].Position.Partition = domain.Partition(2*i + p)
			}
			l.events = append(l.events, events)
		}
	}
	return l
}

// Follow implements domain.Log, to its end.
func (l *listed) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return l.Read(ctx, from, l.end())
}

// newest is the time of the newest event.
func (l *listed) newest() (t time.Time) {
	for _, partition := range l.events {
		for i := range partition {
			if partition[i].Time.After(t) {
				t = partition[i].Time
			}
		}
	}
	return t
}

// size counts what a log holds.
func (l *listed) size() (events, trees, messages, ratings int, posts []tree.MessagePosted) {
	for _, partition := range l.events {
		events += len(partition)
		for i := range partition {
			switch e := partition[i].Payload.(type) {
			case tree.Opened:
				trees++
			case tree.MessagePosted:
				messages++
				posts = append(posts, e)
			case tree.LabelsSubmitted, tree.RankingSubmitted:
				ratings++
			}
		}
	}
	return events, trees, messages, ratings, posts
}

// BenchmarkRebuild builds all views of a log of OASST1's size, beside the bare
// COPY of the same rows, as COPY gave them before, into the same tables with
// the same indexes. The ratio is that of the times: 1 would be as fast as COPY.
func BenchmarkRebuild(b *testing.B) {
	log := oasst1()
	events, trees, messages, ratings, _ := log.size()
	b.Logf("%d events, %d trees, %d messages, %d ratings", events, trees, messages, ratings)
	pool := migrated(b, postgrestest.Shared(b))
	store, err := postgres.NewStore(b.Context(), pool, log.id, projections.ViewsOf(allViews())...)
	if err != nil {
		b.Fatal(err)
	}
	if err := store.RebuildTo(b.Context(), postgres.Build{Log: log, Folds: allViews()}, log.end()); err != nil {
		b.Fatal(err)
	}
	bare, err := store.BareCopy(b.Context(), postgres.Build{Log: log, Folds: allViews()})
	if err != nil {
		b.Fatal(err)
	}
	var copying, building time.Duration
	var rows int64
	for b.Loop() {
		began := time.Now()
		if rows, err = bare(b.Context()); err != nil {
			b.Fatal(err)
		}
		copying += time.Since(began)
		began = time.Now()
		if err := store.RebuildTo(b.Context(), postgres.Build{Log: log, Folds: allViews()}, log.end()); err != nil {
			b.Fatal(err)
		}
		building += time.Since(began)
	}
	n := float64(b.N)
	b.ReportMetric(float64(rows)*n/building.Seconds(), "rebuilt-rows/s")
	b.ReportMetric(float64(rows)*n/copying.Seconds(), "copied-rows/s")
	b.ReportMetric(float64(events)*n/building.Seconds(), "rebuilt-events/s")
	b.ReportMetric(copying.Seconds()/building.Seconds(), "of-COPY")
	b.ReportMetric(float64(rows), "rows")
}
