package httpapi

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	handler  http.Handler
}

func newMetrics(r *prometheus.Registry, inFlight, lag func() float64) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dendro_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "dendro_http_request_seconds", Help: "Time from request to answer, by route.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}, []string{"method", "route"}),
		handler: promhttp.HandlerFor(r, promhttp.HandlerOpts{}),
	}
	r.MustRegister(m.requests, m.seconds, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dendro_http_requests_in_flight", Help: "Requests at work now.",
	}, inFlight), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dendro_views_lag_events", Help: "Events of the log that the views lack; -1 when that cannot be told.",
	}, lag))
	return m
}

// lagWithin bounds how long a look at the metrics waits for log and views.
const lagWithin = 2 * time.Second

// lag counts the events that the views lack, -1 when that cannot be told.
func (s *Server) lag() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), lagWithin)
	defer cancel()
	at, err := s.Views.Cut(ctx)
	if err != nil {
		return -1
	}
	end, err := s.Log.End(ctx) // asked last: views are never ahead of it
	if err != nil {
		return -1
	}
	return float64(end.Events() - at.Events())
}

// recorder remembers what went out.
type recorder struct {
	http.ResponseWriter
	route  string
	client string
	status int
	bytes  int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// requestID takes over the id that a proxy gave, or makes one.
func (s *Server) requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); requestIDForm.MatchString(id) {
		return id
	}
	var b [12]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return "none"
	}
	return hex.EncodeToString(b[:])
}

// frame is around every request: an id, a log line, figures, and an end to
// panics. What it logs names route and client, and nothing of a person.
func (s *Server) frame(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	id := s.requestID(r)
	rec := &recorder{ResponseWriter: w, route: "none"}
	rec.Header().Set("X-Request-Id", id)
	rec.Header().Set("X-Content-Type-Options", "nosniff")
	defer func() {
		p := recover()
		abort := p == http.ErrAbortHandler
		if p != nil && !abort {
			abort = s.panicked(rec, id, p)
		}
		took, method := time.Since(start), methodLabel(r.Method)
		s.metrics.requests.WithLabelValues(method, rec.route, strconv.Itoa(rec.status)).Inc()
		s.metrics.seconds.WithLabelValues(method, rec.route).Observe(took.Seconds())
		s.Logger.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("request", id), slog.String("method", method),
			slog.String("route", rec.route), slog.String("client", rec.client), slog.Int("status", rec.status),
			slog.Int("bytes", rec.bytes), slog.Int64("took_us", took.Microseconds()))
		if abort {
			panic(http.ErrAbortHandler)
		}
	}()
	s.mux.ServeHTTP(rec, r)
}

// panicked answers for a handler that could not. What it had begun to write
// must break off, or its reader would take it for whole: then abort is true.
// Only what the runtime says of a panic is logged: other values may hold what
// was being handled.
func (s *Server) panicked(rec *recorder, id string, p any) (abort bool) {
	why := fmt.Sprintf("%T", p)
	if known, is := p.(runtime.Error); is {
		why = known.Error()
	}
	s.Logger.Error("a handler panicked", "request", id, "route", rec.route, "panic", why, "stack", string(debug.Stack()))
	if rec.status != 0 {
		return true
	}
	writeRendered(rec, render(explain(errPanicked)))
	return false
}

var errPanicked = errors.New("a handler panicked")

// methodLabel bounds the methods that metrics tell apart: a client may send
// any word.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete:
		return method
	}
	return "other"
}
