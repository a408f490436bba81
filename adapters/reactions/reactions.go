package reactions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"

	"dendro/commands"
	"dendro/domain"
)

// Config says which reactions there are, and what they work with.
type Config struct {
	Log    domain.Log   // embedded, it is followed; everywhere, poison is read from it again
	Engine Engine       // required
	Clock  domain.Clock // required
	// Dir keeps positions and poison: a directory "reactions" beside the data.
	// One process at a time works in it.
	Dir      string
	Registry prometheus.Registerer // required
	Logger   *slog.Logger

	// Subscribe gives the messages of a handler. When nil the Log is followed,
	// with positions in Dir; a cluster passes KafkaSubscribers'.
	Subscribe func(handler string) (message.Subscriber, error)
	Topic     string // of Subscribe; any when nil

	// Consequences turns policy and standing on: it gives the commands that an
	// event asks for in other partitions, as of now, like the engine's method of
	// that name. Leave it nil where the engine's own reactor does their work. An
	// engine with NoReactions must be Partial: only then does it wait to have
	// learned of the event.
	Consequences func(ctx context.Context, r domain.Recorded) ([]commands.Command, error)
	// DeleteErased turns withdrawal on.
	DeleteErased bool
	Webhook      *Webhook
	Classifier   *Classifier

	Retry       Retry
	Lanes       int           // messages of a handler at work at once, embedded; default 4
	Again       time.Duration // LogSubscriberConfig.Again
	SaveEvery   time.Duration // LogSubscriberConfig.SaveEvery
	MaxPoisoned int           // per handler; default MaxPoisoned
}

// Retry bounds how often a message is tried before it is poison. The wait
// begins with First and about doubles up to Longest.
type Retry struct {
	Tries   int           // default 8
	First   time.Duration // default 200 ms
	Longest time.Duration // default 30 s
}

// Reactions are handlers and what keeps aside the messages that they could not
// cope with.
type Reactions struct {
	c        Config
	poison   *PoisonStore
	metrics  *meters
	handlers []*handler
	closers  []func() // let go of what handlers keep between messages
}

// New makes the reactions that the configuration asks for. Nothing runs yet.
func New(c Config) (*Reactions, error) {
	if c.Log == nil || c.Engine == nil || c.Clock == nil || c.Registry == nil || c.Dir == "" {
		return nil, errors.New("reactions need a log, an engine, a clock, a registry and a directory")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Retry.Tries = orDefault(c.Retry.Tries, 8)
	c.Retry.First = orDefault(c.Retry.First, 200*time.Millisecond)
	c.Retry.Longest = orDefault(c.Retry.Longest, 30*time.Second)
	x := &Reactions{c: c}
	if err := makeDir(c.Dir); err != nil {
		return nil, err
	}
	var err error
	if x.poison, err = OpenPoison(c.Dir, c.MaxPoisoned); err != nil {
		return nil, err
	}
	if x.metrics, err = newMeters(c.Registry); err != nil {
		return nil, err
	}
	if err := x.addHandlers(); err != nil {
		return nil, err
	}
	for _, h := range x.handlers {
		x.metrics.poisoned(h.name, x.poison.Count(h.name))
		x.metrics.hold(h.name, false)
	}
	return x, nil
}

func (x *Reactions) addHandlers() error {
	if x.c.Consequences != nil {
		x.handlers = append(x.handlers, x.policyHandler(), x.standingHandler())
	}
	if x.c.DeleteErased {
		x.handlers = append(x.handlers, x.withdrawalHandler())
	}
	if x.c.Webhook != nil {
		h, err := x.webhookHandler()
		if err != nil {
			return err
		}
		x.handlers = append(x.handlers, h)
	}
	if x.c.Classifier != nil {
		h, err := x.classifierHandler()
		if err != nil {
			return err
		}
		x.handlers = append(x.handlers, h)
	}
	return nil
}

// Run works until ctx ends: then tries that are under way come to their end,
// within the bound of one try, and positions are saved. It gives why it stopped
// before that: the log or the consumer group cannot be followed any more. It
// may be called once.
func (x *Reactions) Run(ctx context.Context) (err error) {
	if len(x.handlers) == 0 {
		<-ctx.Done()
		return nil
	}
	run, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	subs := map[string]message.Subscriber{}
	for _, h := range x.handlers {
		if subs[h.name], err = x.subscriber(h, stop); err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
	}
	if err := x.route(run, x.handlers, subs); err != nil {
		return err
	}
	switch cause := context.Cause(run); {
	case ctx.Err() != nil:
		return nil
	case cause != nil:
		return cause
	}
	return errors.New("all subscriptions of reactions have ended")
}

func (x *Reactions) subscriber(h *handler, failed func(error)) (message.Subscriber, error) {
	if x.c.Subscribe != nil {
		return x.c.Subscribe(h.name)
	}
	return NewLogSubscriber(LogSubscriberConfig{
		Log: x.c.Log, Positions: FilePositions{x.c.Dir}, Name: h.name, Wants: h.wants,
		Lanes: x.c.Lanes, Again: x.c.Again, SaveEvery: x.c.SaveEvery, Failed: failed, Logger: x.c.Logger,
	}), nil
}

// route runs handlers over subscribers until ctx ends, or these do.
func (x *Reactions) route(ctx context.Context, handlers []*handler, subs map[string]message.Subscriber) error {
	longest := time.Duration(0)
	for _, h := range handlers {
		longest = max(longest, h.within)
	}
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: longest + closeMargin}, quiet(x.c.Logger))
	if err != nil {
		return err
	}
	router.AddSubscriberDecorators(x.metrics.builder.DecorateSubscriber)
	for _, h := range handlers {
		router.AddConsumerHandler(h.name, x.c.Topic, subs[h.name], h.handle).AddMiddleware(x.chain(h)...)
	}
	err = router.Run(ctx)
	for _, release := range x.closers {
		release()
	}
	var closing sync.WaitGroup
	failed := make([]error, len(handlers))
	for i, h := range handlers {
		closing.Go(func() { failed[i] = subs[h.name].Close() })
	}
	closing.Wait()
	return errors.Join(append(failed, err)...)
}

// closeMargin is what closing may take beyond the longest try.
const closeMargin = 5 * time.Second

// Dir gives the directory of the reactions on a data directory.
func Dir(data string) string { return filepath.Join(data, "reactions") }
