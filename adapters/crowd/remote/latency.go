package remote

import (
	"math/bits"
	"time"
)

// latencies counts durations in buckets that are at most 1/32 wide, so that
// any number of them takes the same room. The zero value is empty.
type latencies struct {
	counts [buckets]int64
	n      int64
	max    time.Duration
}

const (
	// Below 2^(fine+1) microseconds each has a bucket of its own; above, each
	// power of two has 2^fine.
	fine    = 5
	octaves = 40 // up to 2^40 microseconds, which is twelve days
	buckets = (octaves - fine + 1) << fine
)

func bucketOf(us uint64) int {
	shift := max(bits.Len64(us)-1-fine, 0)
	return min(shift<<fine+int(us>>shift), buckets-1)
}

// topOf is the most microseconds that fall into a bucket.
func topOf(bucket int) uint64 {
	shift := max(bucket>>fine-1, 0)
	return uint64(bucket-shift<<fine+1)<<shift - 1
}

func (l *latencies) add(d time.Duration) {
	l.counts[bucketOf(uint64(max(d.Microseconds(), 0)))]++
	l.n++
	l.max = max(l.max, d)
}

func (l *latencies) merge(o *latencies) {
	for i, n := range o.counts {
		l.counts[i] += n
	}
	l.n += o.n
	l.max = max(l.max, o.max)
}

// quantile gives the least duration that percent of all do not exceed, at most
// 1/32 too much; 0 when there are none.
func (l *latencies) quantile(percent int64) time.Duration {
	if l.n == 0 {
		return 0
	}
	left := (l.n*percent + 99) / 100
	for i, n := range l.counts {
		if left -= n; left <= 0 {
			return min(time.Duration(topOf(i))*time.Microsecond, l.max)
		}
	}
	return l.max
}

// Latency sums up what exchanges took, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

func (l *latencies) sum() Latency {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return Latency{P50: ms(l.quantile(50)), P99: ms(l.quantile(99)), Max: ms(l.max)}
}
