package httpapi

import (
	"testing"
	"time"

	"dendro/domain"

	"pgregory.net/rapid"
)

// exactBucket is a bucket in whole numbers: a request costs as many nanoseconds
// as the limit spans, and each nanosecond that passes gives count of them.
type exactBucket struct {
	limit
	level int64
}

func (b *exactBucket) full() int64 { return int64(b.count) * int64(b.per) }

func (b *exactBucket) pass(d time.Duration) { b.level = min(b.full(), b.level+int64(b.count)*int64(d)) }

// wait gives the seconds until there is room.
func (b *exactBucket) wait() int {
	lack := max(0, int64(b.per)-b.level)
	second := int64(b.count) * int64(time.Second)
	return int((lack + second - 1) / second)
}

// TestRatesAreExact holds the limiter to buckets in whole numbers, over any
// times and mixtures of limits, and each refusal to its word.
func TestRatesAreExact(t *testing.T) {
	known := []limit{tasksPerUser, tasksPerClient, {4, 2 * time.Minute}, {8, 2 * time.Minute}}
	rapid.Check(t, func(t *rapid.T) {
		clock := domain.NewManualClock(time.Unix(1_700_000_000, 0))
		r := newRates(clock)
		model := map[rateKey]*exactBucket{}
		for i, l := range known {
			b := &exactBucket{limit: l}
			b.level = b.full()
			model[rateKey{client: domain.ClientID{byte(i)}}] = b
		}
		pass := func(d time.Duration) {
			clock.Advance(d)
			for _, b := range model {
				b.pass(d)
			}
		}
		for range rapid.IntRange(1, 150).Draw(t, "requests") {
			pass(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 7, 8, 15, 29, 30, 301, 700}).Draw(t, "seconds")) * time.Second)
			want, limits := 0, map[rateKey]limit{}
			for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(known)-1), 1, 3, rapid.ID).Draw(t, "limits") {
				key := rateKey{client: domain.ClientID{byte(i)}}
				limits[key] = known[i]
				want = max(want, model[key].wait())
			}
			retry, ok := r.take(limits)
			if retry != want || ok != (want == 0) {
				t.Fatalf("take gives %d s, %v; want %d s", retry, ok, want)
			}
			if !ok && rapid.Bool().Draw(t, "comes again") {
				pass(time.Duration(retry) * time.Second)
				if again, ok := r.take(limits); !ok {
					t.Fatalf("after %d s it is refused for %d s", retry, again)
				}
			} else if !ok {
				continue
			}
			for key := range limits {
				model[key].level -= int64(model[key].per)
			}
		}
	})
}

// TestRatesForgetTheQuiet: keys that were quiet are forgotten, and those that
// come all the time are not.
func TestRatesForgetTheQuiet(t *testing.T) {
	clock := domain.NewManualClock(time.Unix(1_700_000_000, 0))
	r := newRates(clock)
	one := func(n int) map[rateKey]limit {
		return map[rateKey]limit{{client: domain.ClientID{byte(n), byte(n >> 8), byte(n >> 16)}}: {1, 30 * time.Second}}
	}
	for n := range mostKeys + 1000 {
		r.take(one(n))
	}
	if got := len(r.young) + len(r.old); got > 2*mostKeys {
		t.Errorf("%d keys are kept", got)
	}
	if _, ok := r.take(one(mostKeys - 1)); ok {
		t.Error("a key that was just used up was forgotten with its generation")
	}
	for range 3 {
		clock.Advance(generation + 1)
		r.take(one(0))
	}
	if len(r.young) != 1 || len(r.old) != 1 {
		t.Errorf("after a while %d keys are young and %d old, want the one that came", len(r.young), len(r.old))
	}
}
