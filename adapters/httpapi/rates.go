package httpapi

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"dendro/domain"
)

// limit is so many requests per span (spec: api, rate limits).
type limit struct {
	count int
	per   time.Duration
}

var (
	tasksPerUser   = limit{30, 4 * time.Minute}
	tasksPerClient = limit{10_000, time.Minute} // that name no contributor
	tasksOfKind    = map[domain.TaskKind]limit{
		domain.TaskAssistantReply: {4, 2 * time.Minute},
		domain.TaskPrompterReply:  {8, 2 * time.Minute},
	}
)

// rateKey is whose requests are counted together.
type rateKey struct {
	client domain.ClientID
	user   domain.ContributorID // zero: the client's that name nobody
	kind   domain.TaskKind      // "" for all kinds
}

// rates counts requests: a bucket per key, which fills up again evenly. Keys
// that were quiet for a generation are full again, and so forgotten.
type rates struct {
	clock domain.Clock
	mu    sync.Mutex
	young map[rateKey]*rate.Limiter
	old   map[rateKey]*rate.Limiter
	since time.Time
}

const (
	generation = 5 * time.Minute // longer than any limit's span
	mostKeys   = 200_000         // of a generation: then the next one begins
)

func newRates(clock domain.Clock) *rates {
	return &rates{clock: clock, young: map[rateKey]*rate.Limiter{}, since: clock.Now()}
}

// take counts a request against all of the limits, or against none and tells
// after how many seconds there is room under all of them.
func (r *rates) take(limits map[rateKey]limit) (retry int, ok bool) {
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) > generation || len(r.young) >= mostKeys {
		r.old, r.young, r.since = r.young, map[rateKey]*rate.Limiter{}, now
	}
	var wait time.Duration
	slots := make([]*rate.Reservation, 0, len(limits))
	for key, l := range limits {
		slot := r.bucket(key, l).ReserveN(now, 1)
		wait = max(wait, slot.DelayFrom(now))
		slots = append(slots, slot)
	}
	if wait == 0 {
		return 0, true
	}
	for _, slot := range slots {
		slot.CancelAt(now)
	}
	return int(math.Ceil(wait.Seconds())), false
}

func (r *rates) bucket(key rateKey, l limit) *rate.Limiter {
	bucket := r.young[key]
	if bucket == nil {
		if bucket = r.old[key]; bucket == nil {
			bucket = rate.NewLimiter(rate.Limit(float64(l.count)/l.per.Seconds()), l.count)
		}
		r.young[key] = bucket
	}
	return bucket
}

// slow holds a request for a task to the limits.
func (c *call) slow(who domain.ContributorID, kind domain.TaskKind) error {
	if c.s.NoRateLimits {
		return nil
	}
	key := rateKey{client: c.client.ID, user: who}
	limits := map[rateKey]limit{key: tasksPerUser}
	if who.IsZero() {
		limits[key] = tasksPerClient
	} else if of, limited := tasksOfKind[kind]; limited {
		key.kind = kind
		limits[key] = of
	}
	retry, ok := c.s.rates.take(limits)
	if ok {
		return nil
	}
	return &failure{status: 429, code: codeTooManyRequests, text: "too many requests for tasks; wait as long as Retry-After says", retry: retry}
}
