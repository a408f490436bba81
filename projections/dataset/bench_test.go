package dataset_test

import (
	"runtime"
	"testing"

	"dendro/domain"
	"dendro/projections/dataset"
	"dendro/projections/dataset/datasettest"
)

func bigHistory() (all []domain.Recorded) {
	for _, events := range datasettest.History(datasettest.Shape{
		Seed: 1, Partitions: 1, Trees: 2000, Contributors: 500, Steps: 60, Words: 60, Rare: 1,
	}) {
		all = append(all, events...)
	}
	return all
}

var benchRecipe = dataset.Recipe{Variant: dataset.All, Format: dataset.Trees}

// Events folded per second, and what a fold keeps, beside what the events hold.
func BenchmarkFold(b *testing.B) {
	events := bigHistory()
	for b.Loop() {
		folded(events)
	}
	b.ReportMetric(float64(len(events)*b.N)/b.Elapsed().Seconds(), "events/s")
	messages := 0
	for _, r := range events {
		if r.Payload.Type() == "message.posted" {
			messages++
		}
	}
	b.ReportMetric(heldBy(events)/float64(messages), "B/message")
}

func heldBy(events []domain.Recorded) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	f := folded(events)
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(f)
	runtime.KeepAlive(events)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}

// Bytes of canonical lines made per second.
func BenchmarkWrite(b *testing.B) {
	fold := folded(bigHistory())
	var bytes int64
	for b.Loop() {
		bytes = 0
		if _, err := dataset.Read(benchRecipe, fold).Write(func(line []byte) error { bytes += int64(len(line)); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(bytes)
}
