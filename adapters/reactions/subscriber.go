package reactions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"dendro/domain"
)

// LogSubscriberConfig sets a LogSubscriber up.
type LogSubscriberConfig struct {
	Log       domain.Log
	Positions Positions
	Name      string                      // whose position it is
	Wants     func(domain.EventType) bool // events that become messages; the rest is passed over

	// Lanes is how many messages are out at once; a partition has one lane, so
	// its events are done one after another. Default 4.
	Lanes int
	// Queue is how many events wait in a lane before reading stops. Default 64.
	Queue int
	// Again is the wait before a message that was refused is delivered again.
	// Default 1 s.
	Again time.Duration
	// SaveEvery is how often the position is made durable. What was done since
	// is done again after a crash. Default 1 s.
	SaveEvery time.Duration

	// Failed is told why the log cannot be followed any more; the subscription
	// has ended then.
	Failed func(error)
	Logger *slog.Logger
}

// LogSubscriber is a message.Subscriber over a domain.Log: it delivers the
// wanted events at least once, each partition's in the order of the log, from
// behind the position kept under its name; where there is none, from the start.
// It serves one subscription.
type LogSubscriber struct {
	c LogSubscriberConfig

	mu     sync.Mutex
	taken  bool
	cancel context.CancelFunc
	ended  chan struct{}
}

var _ message.Subscriber = (*LogSubscriber)(nil)

// NewLogSubscriber makes a subscriber.
func NewLogSubscriber(c LogSubscriberConfig) *LogSubscriber {
	c.Lanes = orDefault(c.Lanes, 4)
	c.Queue = orDefault(c.Queue, 64)
	c.Again = orDefault(c.Again, time.Second)
	c.SaveEvery = orDefault(c.SaveEvery, time.Second)
	if c.Failed == nil {
		c.Failed = func(error) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &LogSubscriber{c: c}
}

func orDefault[N int | time.Duration](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

// Subscribe implements message.Subscriber. The channel is closed when ctx ends
// or Close is called, once the messages that are out are answered and the
// position is saved. There is one topic, the log.
func (s *LogSubscriber) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken {
		return nil, errors.New("a log subscriber serves one subscription, and has had it")
	}
	from, err := s.start(ctx)
	if err != nil {
		return nil, fmt.Errorf("the position of %s: %w", s.c.Name, err)
	}
	s.taken, s.ended = true, make(chan struct{})
	ctx, s.cancel = context.WithCancel(ctx)
	out := make(chan *message.Message)
	go func() {
		defer close(s.ended)
		defer close(out)
		s.run(ctx, from, out)
	}()
	return out, nil
}

// Close implements message.Subscriber: it ends the subscription and waits.
func (s *LogSubscriber) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.taken {
		s.taken = true
		return nil
	}
	if s.cancel != nil {
		s.cancel()
		<-s.ended
	}
	return nil
}

func (s *LogSubscriber) start(ctx context.Context) (domain.Cut, error) {
	at, found, err := s.c.Positions.Load(s.c.Name)
	if err != nil || !found {
		return s.c.Log.Identity().Start(), err
	}
	end, err := s.c.Log.End(ctx)
	if err != nil {
		return at, err
	}
	return at, at.Check(s.c.Log.Identity(), end)
}

// run follows the log until ctx ends, or the log fails.
func (s *LogSubscriber) run(ctx context.Context, from domain.Cut, out chan<- *message.Message) {
	p := newProgress(from)
	var saver, lanes sync.WaitGroup
	done := make(chan struct{})
	saver.Go(func() { s.keepSaved(p, from, done) })
	queues := make([]chan domain.Recorded, s.c.Lanes)
	for i := range queues {
		queues[i] = make(chan domain.Recorded, s.c.Queue)
		lanes.Go(func() { s.lane(ctx, p, queues[i], out) })
	}
	err := s.follow(ctx, p, from, queues)
	for _, q := range queues {
		close(q)
	}
	lanes.Wait()
	close(done)
	saver.Wait()
	if err != nil {
		s.c.Failed(fmt.Errorf("%s cannot follow the log: %w", s.c.Name, err))
	}
}

// follow hands what is wanted to the lanes.
func (s *LogSubscriber) follow(ctx context.Context, p *progress, from domain.Cut, queues []chan domain.Recorded) error {
	for r, err := range s.c.Log.Follow(ctx, from) {
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		wanted := s.c.Wants(r.Payload.Type())
		p.see(r.Position, wanted)
		if !wanted {
			continue
		}
		select {
		case queues[int(r.Position.Partition)%len(queues)] <- r:
		case <-ctx.Done():
			return nil
		}
	}
	return errors.New("its events came to an end")
}

// lane delivers events one after another.
func (s *LogSubscriber) lane(ctx context.Context, p *progress, queue <-chan domain.Recorded, out chan<- *message.Message) {
	for r := range queue {
		if s.deliver(ctx, &r, out) {
			p.done(r.Position)
		}
	}
}

// deliver sends the event's message until it is taken; false when ctx ends
// first. It waits for the answer to what is out even then.
func (s *LogSubscriber) deliver(ctx context.Context, r *domain.Recorded, out chan<- *message.Message) bool {
	for ctx.Err() == nil {
		msg := newMessage(r)
		of, cancel := context.WithCancel(ctx)
		msg.SetContext(of)
		select {
		case out <- msg:
		case <-ctx.Done():
			cancel()
			return false
		}
		select {
		case <-msg.Acked():
			cancel()
			return true
		case <-msg.Nacked():
			cancel()
		}
		pause(ctx, s.c.Again)
	}
	return false
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// keepSaved saves the position from time to time, and at the end. What cannot
// be saved is tried again; a position that stays behind only means that more is
// done again.
func (s *LogSubscriber) keepSaved(p *progress, saved domain.Cut, done <-chan struct{}) {
	save := func() {
		at := p.now()
		if at.Equal(saved) {
			return
		}
		if err := s.c.Positions.Save(s.c.Name, at); err != nil {
			s.c.Logger.Error("the position of a reaction cannot be saved", "handler", s.c.Name, "error", err)
			return
		}
		saved = at
	}
	tick := time.NewTicker(s.c.SaveEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			save()
		case <-done:
			save()
			return
		}
	}
}
