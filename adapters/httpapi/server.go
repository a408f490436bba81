package httpapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/directory"
	"dendro/projections"
	"dendro/projections/agreement"
	"dendro/projections/boards"
	"dendro/projections/contributors"
	"dendro/projections/conversations"
	"dendro/projections/locator"
	"dendro/projections/moderation"
	"dendro/projections/statistics"
)

// Views is a read store with every view in it.
type Views interface {
	projections.Store
	conversations.Reader
	locator.Reader
	contributors.Reader
	boards.Reader
	agreement.Reader
	moderation.Reader
	statistics.Reader
}

// Config is what a Server works with. All fields up to Random are required.
type Config struct {
	Log       domain.Log
	Engine    *commands.Engine
	Views     Views
	Directory directory.Directory
	Clock     domain.Clock
	Random    io.Reader // of ids and keys: crypto/rand.Reader

	// Terms is the version of the terms that tos_acceptance accepts; "1".
	Terms string
	// Exports makes datasets; without it /exports answers that there are none.
	Exports Exports
	// Past answers questions as of earlier cuts; without it there is only the
	// present.
	Past Past
	// Standing tells how the views are kept, by name; without it nobody can ask.
	Standing func(context.Context) ([]ViewStanding, error)
	// Caught tells why the views do not follow the log, nil while they do.
	Caught func() error

	Logger   *slog.Logger         // requests, without personal data; none when nil
	Registry *prometheus.Registry // metrics of the server; its own when nil

	NoRateLimits bool // for development and load tests
	AnyKey       bool // every key, and none, is the trusted client Dev: for development
	Dev          directory.Client

	InFlight int           // requests at work before 503; 512
	MaxBody  int64         // bytes of a request's body; 1 MiB
	Patience time.Duration // how long a request waits for the views; 10 s
}

// Server is the API. Make it with New; it may be used concurrently.
type Server struct {
	Config
	mux     *http.ServeMux
	doors   chan struct{}
	slots   chan struct{}
	streams chan struct{}
	rates   *rates
	answers *answers
	metrics *metrics
	closing chan struct{}

	configuring sync.Mutex // a change of the policy reads it, then writes it
}

// New makes a server.
func New(c Config) (*Server, error) {
	if c.Log == nil || c.Engine == nil || c.Views == nil || c.Directory == nil || c.Clock == nil || c.Random == nil {
		return nil, errors.New("the API needs a log, an engine, views, a directory, a clock and a source of randomness")
	}
	if c.Terms == "" {
		c.Terms = "1"
	}
	if c.Caught == nil {
		c.Caught = func() error { return nil }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	if c.InFlight <= 0 {
		c.InFlight = 512
	}
	if c.MaxBody <= 0 {
		c.MaxBody = 1 << 20
	}
	if c.Patience <= 0 {
		c.Patience = 10 * time.Second
	}
	s := &Server{
		Config: c, mux: http.NewServeMux(),
		doors: make(chan struct{}, doorsPerSlot*c.InFlight), slots: make(chan struct{}, c.InFlight), streams: make(chan struct{}, mostStreams), rates: newRates(c.Clock), answers: newAnswers(),
		closing: make(chan struct{}),
	}
	s.metrics = newMetrics(c.Registry, func() float64 { return float64(len(s.slots)) }, s.lag)
	s.mount()
	return s, nil
}

// Drain ends the streams that would not end by themselves; requests that were
// taken are still answered. Call it once, before shutting the listener down.
func (s *Server) Drain() { close(s.closing) }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.frame(w, r) }
