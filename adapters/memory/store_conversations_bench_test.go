package memory_test

import (
	"cmp"
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"dendro/adapters/memory"
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
	"dendro/projections/conversations"
	"dendro/projections/dataset/datasettest"
)

var identity = domain.Identity{ID: domain.LogID{9}, Partitions: 2}

// manyEvents is a campaign of 161,000 messages or so.
func manyEvents() (events []domain.Recorded, messages, bytes int) {
	for _, partition := range datasettest.History(datasettest.Shape{
		Seed: 1, Partitions: 4, Trees: 14_500, Contributors: 13_500, Steps: 50, Words: 30, Rare: 1,
	}) {
		events = append(events, partition...)
	}
	for i := range events {
		if e, ok := events[i].Payload.(tree.MessagePosted); ok {
			messages++
			bytes += len(e.Text)
		}
	}
	return events, messages, bytes
}

// viewed folds the events and commits what they change, a runner's batch at a
// time.
func viewed(b *testing.B, events []domain.Recorded) (*memory.Store, *conversations.Fold) {
	b.Helper()
	store, fold := memory.NewStore(identity), conversations.New()
	var changes []projections.Change
	for len(events) > 0 {
		n := min(len(events), 4096)
		clear(changes)
		changes = changes[:0]
		for i := range events[:n] {
			changes = fold.Apply(&events[i], changes)
		}
		events = events[n:]
		if err := store.Commit(context.Background(), changes, identity.Start(), identity.Start()); err != nil {
			b.Fatal(err)
		}
	}
	return store, fold
}

// Events folded and committed per second, and what view and fold keep of a
// message beside its text.
func BenchmarkConversations(b *testing.B) {
	events, messages, _ := manyEvents()
	for b.Loop() {
		viewed(b, events)
	}
	b.ReportMetric(float64(len(events)*b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(len(events)), "events")
	before := held()
	store, fold := viewed(b, events)
	b.ReportMetric((held()-before)/float64(messages), "B/message")
	runtime.KeepAlive(store)
	runtime.KeepAlive(fold)
	runtime.KeepAlive(events)
}

func held() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// A page of 100 messages out of them all.
func BenchmarkMessages(b *testing.B) {
	events, _, _ := manyEvents()
	store, _ := viewed(b, events)
	common, second, rare := wordsOf(events)
	middle := &conversations.Key{Created: events[len(events)/8].Time}
	for name, q := range map[string]conversations.Query{
		"newest":       {Desc: true},
		"middle":       {After: middle},
		"author":       {Authors: []domain.ContributorID{authorOf(events)}},
		"language":     {Language: "pt-br", After: middle, Roots: true},
		"between":      {From: middle.Created, To: middle.Created.Add(time.Hour)},
		"no word":      {Search: "quizzical xylophone", Language: "en"},
		"rare word":    {Search: rare, Desc: true},
		"common word":  {Search: common, Desc: true},
		"common words": {Search: common + " " + second, Language: "en", Desc: true},
	} {
		b.Run(name, func(b *testing.B) {
			q.Max = 100
			for b.Loop() {
				if _, err := store.Messages(context.Background(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// wordsOf gives the two words that are in most messages, and one that is in
// few.
func wordsOf(events []domain.Recorded) (common, second, rare string) {
	count := map[string]int{}
	for i := range events {
		if e, ok := events[i].Payload.(tree.MessagePosted); ok {
			for word := range strings.FieldsFuncSeq(e.Text, func(r rune) bool { return !unicode.IsLetter(r) }) {
				count[word]++
			}
		}
	}
	words := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(count[b]-count[a], strings.Compare(a, b))
	})
	return words[0], words[1], words[len(words)-1]
}

func authorOf(events []domain.Recorded) domain.ContributorID {
	for i := range events {
		if e, ok := events[i].Payload.(tree.MessagePosted); ok {
			return e.Contributor
		}
	}
	return domain.ContributorID{}
}
