package domain

import (
	"sync"
	"time"
)

// Clock tells the time. Decisions never ask it themselves: the engine does,
// once per command.
type Clock interface {
	Now() time.Time
}

// ClockFunc lets a function be a Clock, such as time.Now.
type ClockFunc func() time.Time

// Now implements Clock.
func (f ClockFunc) Now() time.Time { return f() }

// ManualClock stands still until it is set: the clock of replays and tests.
// It may be used concurrently.
type ManualClock struct {
	mu  sync.Mutex
	now time.Time
}

// NewManualClock starts at the given instant.
func NewManualClock(at time.Time) *ManualClock { return &ManualClock{now: at} }

// Now implements Clock.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to t, and never back.
func (c *ManualClock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
}

// Advance moves the clock on by d.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 {
		c.now = c.now.Add(d)
	}
}
