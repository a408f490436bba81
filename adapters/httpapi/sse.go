package httpapi

import (
	"bufio"
	"context"
	"net/http"
	"sync"
	"time"

	"dendro/domain"
	"dendro/schemas"
)

const (
	heartbeat   = 15 * time.Second // between signs of life of a stream
	eventsAhead = 64               // that a stream reads before its client takes them
)

// serverSent follows the log for as long as the client listens and the server
// runs, or until the limit. Every event has as its id the cut to go on behind;
// signs of life have it too, for what the filter passed over.
func (c *call) serverSent(f feed) error {
	h := c.w.Header()
	h.Set("Content-Type", eventsType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // or a proxy may wait for more
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method == http.MethodHead {
		return nil
	}
	out := newSender(c.w, f)
	if out.flush() != nil {
		return nil
	}
	ctx, stop := context.WithCancel(c.ctx())
	events := make(chan domain.Recorded, eventsAhead)
	var reader sync.WaitGroup
	reader.Go(func() { c.follow(ctx, f.from, events) })
	defer reader.Wait()
	defer stop()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for more := true; more; {
		select {
		case r, goesOn := <-events:
			more = goesOn && out.event(r) && (len(events) > 0 || out.flush() == nil)
		case <-beat.C:
			more = out.beat()
		case <-c.s.closing:
			more = false
		}
	}
	_ = out.flush() // the client may be what ended it
	return nil
}

// follow passes the log's events on, and closes the channel at the end: the
// client's, or the log's.
func (c *call) follow(ctx context.Context, from domain.Cut, to chan<- domain.Recorded) {
	defer close(to)
	for r, err := range c.s.Log.Follow(ctx, from) {
		if err != nil {
			if ctx.Err() == nil {
				c.s.Logger.Warn("a stream of events broke off", "request", c.w.Header().Get("X-Request-Id"), "error", err.Error())
			}
			return
		}
		select {
		case to <- r:
		case <-ctx.Done():
			return
		}
	}
}

// sender writes server-sent events.
type sender struct {
	feed
	at     domain.Cut // behind what was read
	sent   int
	fresh  bool // something was written and not flushed
	answer *patient
	out    *bufio.Writer
	line   []byte
}

func newSender(w http.ResponseWriter, f feed) *sender {
	p := newPatient(w)
	return &sender{feed: f, at: f.from.Clone(), fresh: true, answer: p, out: bufio.NewWriterSize(p, pieceSize)}
}

// event sends an event if it is asked for; false ends the stream.
func (s *sender) event(r domain.Recorded) bool {
	s.at.End[r.Position.Partition] = r.Position.Seq + 1
	if !s.takes(&r) {
		return true
	}
	line := append(append(s.line[:0], "id: "...), s.at.String()...)
	line = append(append(line, "\nevent: "...), r.Payload.Type()...)
	line, err := schemas.AppendJSON(append(line, "\ndata: "...), r)
	s.line = append(line, "\n\n"...)
	if err == nil {
		_, err = s.out.Write(s.line)
	}
	s.sent++
	s.fresh = true
	return err == nil && s.sent != s.limit
}

// beat sends a sign of life; false when nobody is there.
func (s *sender) beat() bool {
	s.fresh = true
	_, err := s.out.WriteString(": still here\nid: " + s.at.String() + "\n\n")
	return err == nil && s.flush() == nil
}

func (s *sender) flush() error {
	if !s.fresh {
		return nil
	}
	s.fresh = false
	if err := s.out.Flush(); err != nil {
		return err
	}
	return s.answer.flush()
}
