package reactions

import (
	"context"
	"errors"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"dendro/domain"
)

// handler is one reaction.
type handler struct {
	name    string
	follows []domain.EventType
	within  time.Duration // bounds one try
	do      func(ctx context.Context, r *domain.Recorded) error
}

func (h *handler) wants(t domain.EventType) bool {
	for _, f := range h.follows {
		if f == t {
			return true
		}
	}
	return false
}

// handle does what the message asks for. On Kafka all events arrive here.
func (h *handler) handle(msg *message.Message) error {
	if msg.Metadata[metaBroken] == "" && !h.wants(domain.EventType(msg.Metadata[metaType])) {
		return nil
	}
	r, err := eventOf(msg)
	if err != nil {
		return err
	}
	return h.do(msg.Context(), &r)
}

// chain is what a message passes through on its way to the handler.
func (x *Reactions) chain(h *handler) []message.HandlerMiddleware {
	retry := middleware.Retry{
		MaxRetries: x.c.Retry.Tries - 1, InitialInterval: x.c.Retry.First, MaxInterval: x.c.Retry.Longest,
		Multiplier: retryGrowth, RandomizationFactor: retrySpread, ResetContextOnRetry: true,
		ShouldRetry: func(p middleware.RetryParams) bool { return !isPermanent(p.Err) },
	}
	return []message.HandlerMiddleware{
		x.poisoning(h), retry.Middleware, within(h.within), x.metrics.tries, middleware.Recoverer,
	}
}

// The wait between tries grows by this factor. Watermill asks for the next wait
// twice per try, so it is the root of the growth that is seen.
const (
	retryGrowth = 1.5
	retrySpread = 0.2
)

// tries counts what a message took.
type tries struct {
	n     int
	first time.Time
}

type triesKey struct{}

// within bounds one try. It lets go of the message's context, which ends at
// once when the router closes: a try that is under way may come to its end, and
// no further one begins.
func within(d time.Duration) message.HandlerMiddleware {
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(msg.Context()), d)
			defer cancel()
			if t, ok := ctx.Value(triesKey{}).(*tries); ok {
				t.n++
			}
			msg.SetContext(ctx)
			return next(msg)
		}
	}
}

// poisoning keeps messages aside that failed for good, and forgets those that
// went well after all. A handler without room to do so does nothing.
func (x *Reactions) poisoning(h *handler) message.HandlerMiddleware {
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			at, err := positionOf(msg)
			if err != nil {
				return nil, err // a subscriber that sets no position is a mistake of ours
			}
			id := poisonID(h.name, at)
			if err := x.room(h, id); err != nil {
				return nil, err
			}
			ctx := msg.Context()
			t := &tries{first: domain.Instant(x.c.Clock.Now())}
			msg.SetContext(context.WithValue(ctx, triesKey{}, t))
			_, err = next(msg)
			switch {
			case err == nil:
				return nil, x.forget(h, id)
			case isBusy(err) || ctx.Err() != nil:
				return nil, err
			}
			return nil, x.keep(h, msg, Poisoned{
				ID: id, Handler: h.name, Partition: at.Partition, Seq: at.Seq,
				Event: clip(msg.Metadata[metaID], 100), Type: clip(msg.Metadata[metaType], 100),
				Error: oneLine(err.Error(), maxPoisonError), Attempts: t.n, First: t.first, Last: domain.Instant(x.c.Clock.Now()),
			})
		}
	}
}

const maxPoisonError = 500 // bytes

func (x *Reactions) room(h *handler, id string) error {
	err := x.poison.Room(h.name, id)
	x.metrics.hold(h.name, errors.Is(err, ErrPoisonFull))
	return err
}

func (x *Reactions) forget(h *handler, id string) error {
	err := x.poison.Remove(id)
	x.metrics.poisoned(h.name, x.poison.Count(h.name))
	return err
}

func (x *Reactions) keep(h *handler, msg *message.Message, p Poisoned) error {
	err := x.poison.Put(p)
	x.metrics.poisoned(h.name, x.poison.Count(h.name))
	if err == nil {
		x.c.Logger.Error("a reaction failed and is kept aside", "poison", p.ID, "type", p.Type,
			"correlation_id", middleware.MessageCorrelationID(msg), "causation_id", msg.Metadata[metaCausation],
			"attempts", p.Attempts, "error", p.Error)
	}
	return err
}
