package postgres_test

import (
	"testing"

	"dendro/adapters/postgres"
	"dendro/adapters/postgres/postgrestest"
)

// BenchmarkCommits applies a campaign, a runner's batch at a time, beside the
// same rows sent as plain upserts, encoded before.
func BenchmarkCommits(b *testing.B) {
	c := newCampaign(1000, 900)
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			store := newStore(b, migrated(b, postgrestest.Shared(b)), identity)
			b.StartTimer()
			c.load(b, store)
		}
		b.ReportMetric(float64(c.events*b.N)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("upserts", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			pool := migrated(b, postgrestest.Shared(b))
			for _, changes := range c.commits {
				send, err := postgres.Bare(changes)
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if err := send(b.Context(), pool); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
			}
			b.StartTimer()
		}
		b.ReportMetric(float64(c.events*b.N)/b.Elapsed().Seconds(), "events/s")
	})
}
