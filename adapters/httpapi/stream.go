package httpapi

import (
	"net/http"
	"time"
)

const (
	// mostStreams bounds the answers that take as long as their reader likes.
	mostStreams = 32
	// slowest is how long the reader of such an answer may take for a piece.
	slowest = 10 * time.Second
	// pieceSize is how much of a stream is gathered before it goes out.
	pieceSize = 32 << 10
)

// stream turns the request into one whose answer may take long: it leaves its
// slot to others and takes one of the few streams, until done.
func (c *call) stream() (done func(), err error) {
	select {
	case c.s.streams <- struct{}{}:
		c.leave()
		return func() { <-c.s.streams }, nil
	default:
		f := overloaded("too many streams and downloads are open; end one, or come back later", nil)
		f.retry = int(slowest.Seconds())
		return nil, f
	}
}

// patient is the answer of a stream: whoever reads it has the time slowest for
// each piece, however long the whole takes.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

func newPatient(w http.ResponseWriter) *patient {
	return &patient{ResponseWriter: w, control: http.NewResponseController(w)}
}

func (p *patient) extend() {
	_ = p.control.SetWriteDeadline(time.Now().Add(slowest)) // what has no deadlines never blocks
}

// Write implements io.Writer.
func (p *patient) Write(b []byte) (int, error) {
	p.extend()
	return p.ResponseWriter.Write(b)
}

// flush sends what was written.
func (p *patient) flush() error {
	p.extend()
	return p.control.Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (p *patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// finish ends an answer that has begun: one that could not be finished, in a
// way that its reader sees.
func (c *call) finish(err error) error {
	if err == nil {
		return nil
	}
	if c.ctx().Err() == nil {
		c.s.Logger.Warn("an answer broke off", "request", c.w.Header().Get("X-Request-Id"), "route", c.route.Pattern, "error", err.Error())
	}
	panic(http.ErrAbortHandler)
}
