package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"

	"dendro/adapters/bolt"
	"dendro/adapters/crowd"
	"dendro/adapters/memory"
	"dendro/domain"
	"dendro/domain/tree"
	"dendro/projections"
)

// BenchmarkViews builds all views in memory from a log that a crowd made, and
// reads the same log for comparison.
func BenchmarkViews(b *testing.B) {
	dir := os.Getenv("DENDRO_BENCH_DATA") // a larger log, made by `dendro simulate`
	if dir == "" {
		dir = b.TempDir()
		s := simulation{dir: dir, seed: 1, contributors: 200, tasks: 20_000, partitions: simulatePartitions}
		if _, err := s.run(b.Context(), newProgress(nil, "")); err != nil {
			b.Fatal(err)
		}
	}
	log, err := bolt.Open(b.Context(), dir, bolt.Options{Clock: domain.NewManualClock(crowd.Epoch), ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	}()
	end, err := log.End(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	events := float64(end.Events())
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			for _, err := range log.Read(b.Context(), log.Identity().Start(), end) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("build", func(b *testing.B) {
		var store *memory.Store
		var folds []projections.Projection
		before := heap()
		for b.Loop() {
			store, folds = memory.NewStore(log.Identity()), allViews()
			build(b, log, store, folds, end)
		}
		b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		after := heap()
		messages, texts := 0, 0
		for r, err := range log.Read(b.Context(), log.Identity().Start(), end) {
			if err != nil {
				b.Fatal(err)
			}
			if m, ok := r.Payload.(tree.MessagePosted); ok {
				messages, texts = messages+1, texts+len(m.Text)
			}
		}
		b.ReportMetric(float64(after-before-uint64(texts))/float64(messages), "B/message")
		b.ReportMetric(events/float64(messages), "events/message")
		runtime.KeepAlive(store)
		runtime.KeepAlive(folds)
	})
}

// build brings an empty store up to the cut.
func build(b testing.TB, log domain.Log, store *memory.Store, folds []projections.Projection, end domain.Cut) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	runner := projections.NewRunner(log, store, folds...)
	go func() { ended <- runner.Run(ctx) }()
	if err := store.Await(ctx, end); err != nil {
		b.Fatal(err)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		b.Fatal(err)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
