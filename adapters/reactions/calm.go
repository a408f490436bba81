package reactions

import (
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
)

// quiet is Watermill's view of our logger: what it deems worth telling of its
// own doings is worth debugging to us.
func quiet(l *slog.Logger) watermill.LoggerAdapter {
	return watermill.NewSlogLoggerWithLevelMapping(l, map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug})
}

// errorsEvery is how often one error is told, at most.
const errorsEvery = 5 * time.Second

// calm is a logger that tells errors of one message only now and then, and how
// many it left out since: while a broker is down, a consumer meets hundreds in
// a second.
type calm struct {
	watermill.LoggerAdapter
	*repeats
}

type repeats struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]repeat // by message, of which libraries have few
}

type repeat struct {
	told time.Time
	out  int // left out since
}

func newCalm(l watermill.LoggerAdapter, now func() time.Time) calm {
	return calm{l, &repeats{now: now, of: map[string]repeat{}}}
}

// Error implements watermill.LoggerAdapter.
func (c calm) Error(msg string, err error, fields watermill.LogFields) {
	out, tell := c.next(msg)
	if !tell {
		return
	}
	if out > 0 {
		fields = fields.Add(watermill.LogFields{"left_out": out})
	}
	c.LoggerAdapter.Error(msg, err, fields)
}

// With implements watermill.LoggerAdapter.
func (c calm) With(fields watermill.LogFields) watermill.LoggerAdapter {
	return calm{c.LoggerAdapter.With(fields), c.repeats}
}

// next counts an error; it is told when the last one was long ago.
func (r *repeats) next(msg string) (out int, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was, now := r.of[msg], r.now()
	if !was.told.IsZero() && now.Sub(was.told) < errorsEvery {
		was.out++
		r.of[msg] = was
		return 0, false
	}
	r.of[msg] = repeat{told: now}
	return was.out, true
}
