package remote

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestQuantiles holds the buckets to sorting all samples.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.Int64Range(0, 1<<rapid.IntRange(1, 38).Draw(t, "size")), 1, 200).Draw(t, "microseconds")
		cut := rapid.IntRange(0, len(samples)).Draw(t, "cut")
		percent := rapid.Int64Range(1, 100).Draw(t, "percent")
		var sum, other latencies
		for i, us := range samples {
			into := &sum
			if i >= cut {
				into = &other
			}
			into.add(time.Duration(us) * time.Microsecond)
		}
		sum.merge(&other)
		slices.Sort(samples)
		want := samples[(int64(len(samples))*percent+99)/100-1]
		if got := sum.quantile(percent).Microseconds(); got < want || got > want+want/32 {
			t.Fatalf("%d%% of %v take at most %d µs, not %d", percent, samples, want, got)
		}
	})
	var none latencies
	if none.quantile(50) != 0 {
		t.Error("no samples have a median")
	}
	none.add(1 << 62)
	if none.quantile(50) <= 0 {
		t.Error("what lasts for ages is lost")
	}
}
