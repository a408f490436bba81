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

// take counts a request, or tells after how many seconds the next is free.
func (r *rates) take(key rateKey, l limit) (retry int, ok bool) {
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) > generation || len(r.young) >= mostKeys {
		r.old, r.young, r.since = r.young, map[rateKey]*rate.Limiter{}, now
	}
	bucket := r.young[key]
	if bucket == nil {
		if bucket = r.old[key]; bucket == nil {
			bucket = rate.NewLimiter(rate.Limit(float64(l.count)/l.per.Seconds()), l.count)
		}
		r.young[key] = bucket
	}
	slot := bucket.ReserveN(now, 1)
	wait := slot.DelayFrom(now)
	if wait == 0 {
		return 0, true
	}
	slot.CancelAt(now)
	return int(math.Ceil(wait.Seconds())), false
}

// slow holds a request for a task to the limits.
func (c *call) slow(who domain.ContributorID, kind domain.TaskKind) error {
	if c.s.NoRateLimits {
		return nil
	}
	key, l := rateKey{client: c.client.ID, user: who}, tasksPerUser
	if who.IsZero() {
		l = tasksPerClient
	}
	retry, ok := c.s.rates.take(key, l)
	if of, limited := tasksOfKind[kind]; ok && limited && !who.IsZero() {
		key.kind = kind
		retry, ok = c.s.rates.take(key, of)
	}
	if ok {
		return nil
	}
	return &failure{status: 429, code: codeTooManyRequests, text: "too many requests for tasks; wait as long as Retry-After says", retry: retry}
}
