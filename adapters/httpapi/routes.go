package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dendro/domain"
)

// base is where the API stands.
const base = "/api/v1"

// Route is one operation of the API.
type Route struct {
	Method  string
	Pattern string // as in the document: /api/v1/messages/{message_id}
	access  access
	present bool // it tells of the present only
	handle  func(*call) (reply, error)
}

// onlyNow is a route without a past.
func onlyNow(r Route) Route {
	r.present = true
	return r
}

func (r *Route) writes() bool { return r.Method != http.MethodGet }

// Routes lists the operations below the base path, for whoever holds them to
// the document.
func Routes() []Route {
	all := slices.Concat(taskRoutes, labelRoutes, messageRoutes, frontendMessageRoutes, userRoutes, frontendUserRoutes,
		scoreRoutes, statRoutes, adminRoutes, auditRoutes, campaignRoutes, exportRoutes, viewRoutes, agreementRoutes, moderationRoutes, purgeRoutes)
	out := make([]Route, len(all))
	for i, r := range all {
		r.Pattern = base + r.Pattern
		out[i] = r
	}
	return out
}

func get(pattern string, a access, h func(*call) (reply, error)) Route {
	return Route{Method: http.MethodGet, Pattern: pattern, access: a, handle: h}
}

func post(pattern string, a access, h func(*call) (reply, error)) Route {
	return Route{Method: http.MethodPost, Pattern: pattern, access: a, handle: h}
}

func put(pattern string, a access, h func(*call) (reply, error)) Route {
	return Route{Method: http.MethodPut, Pattern: pattern, access: a, handle: h}
}

func del(pattern string, a access, h func(*call) (reply, error)) Route {
	return Route{Method: http.MethodDelete, Pattern: pattern, access: a, handle: h}
}

// with hands a handler the thing that the path names.
func with[T any](find func(*call) (T, error), handle func(*call, T) (reply, error)) func(*call) (reply, error) {
	return func(c *call) (reply, error) {
		thing, err := find(c)
		if err != nil {
			return reply{}, err
		}
		return handle(c, thing)
	}
}

// mount builds the router. The form of a path with or without its trailing
// slash, whichever a route does not have, redirects to the route's.
func (s *Server) mount() {
	for _, r := range Routes() {
		exact, other := r.Pattern, r.Pattern+"/{$}"
		if strings.HasSuffix(r.Pattern, "/") {
			exact, other = r.Pattern+"{$}", strings.TrimSuffix(r.Pattern, "/")
		}
		s.mux.HandleFunc(r.Method+" "+exact, func(w http.ResponseWriter, req *http.Request) { s.serve(&r, w, req) })
		s.mux.HandleFunc(r.Method+" "+other, redirectSlash)
	}
	for path, h := range map[string]http.Handler{
		"/healthz": http.HandlerFunc(s.healthz), "/readyz": http.HandlerFunc(s.readyz), "/metrics": s.metrics.handler,
	} {
		s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			onRoute(w, path)
			h.ServeHTTP(w, r)
		})
	}
	s.mux.HandleFunc("/", s.nowhere)
}

// nowhere answers where no route is, or none for the method.
func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPost, http.MethodPut} {
		if _, pattern := s.mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); pattern != "/" {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		writeJSON(w, http.StatusNotFound, map[string]string{"detail": "Not Found"})
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	writeJSON(w, http.StatusMethodNotAllowed, map[string]string{"detail": "Method Not Allowed"})
}

func redirectSlash(w http.ResponseWriter, r *http.Request) {
	to := *r.URL
	if path, slashed := strings.CutSuffix(to.Path, "/"); slashed {
		to.Path, to.RawPath = path, strings.TrimSuffix(to.RawPath, "/")
	} else {
		to.Path += "/"
		if to.RawPath != "" {
			to.RawPath += "/"
		}
	}
	// Only the path: a client that comes through a proxy keeps its host.
	to.Scheme, to.Host, to.User = "", "", nil
	w.Header().Set("Location", to.RequestURI())
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// onRoute notes for log and metrics which route answers.
func onRoute(w http.ResponseWriter, pattern string) {
	if rec, ok := w.(*recorder); ok {
		rec.route = pattern
	}
}

// serve bounds a request, runs its handler and writes the answer.
func (s *Server) serve(route *Route, w http.ResponseWriter, r *http.Request) {
	onRoute(w, route.Pattern)
	c := &call{s: s, w: w, r: r, route: route, views: s.Views}
	c.params = params{query: r.URL.Query(), path: r.PathValue, problems: &c.problems}
	if out := c.open(); out != nil {
		writeRendered(w, out)
		return
	}
	leave, ok := enter(s.slots)
	if !ok {
		writeRendered(w, render(errCrowded))
		return
	}
	defer leave()
	c.leave, c.now = leave, s.Clock.Now()
	if out := c.run(); out != nil {
		writeRendered(w, out)
	}
}

// doorsPerSlot is how many requests may be on their way in for each that may be
// at work: a client that is slow to send its body keeps nobody from working.
const doorsPerSlot = 4

var errCrowded = overloaded("too many requests are at work; try again in a moment", nil)

// enter takes a place; leave gives it back, once.
func enter(places chan struct{}) (leave func(), ok bool) {
	select {
	case places <- struct{}{}:
		return sync.OnceFunc(func() { <-places }), true
	default:
		return nil, false
	}
}

// open lets a request in and reads its body; nil when it may go on.
func (c *call) open() *rendered {
	leave, ok := enter(c.s.doors)
	if !ok {
		return render(errCrowded)
	}
	defer leave()
	if err := c.admit(); err != nil {
		return c.failed(err)
	}
	if rec, ok := c.w.(*recorder); ok && !c.client.ID.IsZero() {
		rec.client = c.client.ID.String()
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, c.s.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return c.failed(failWith(http.StatusRequestEntityTooLarge, codeOther, "the body is larger than %d bytes", large.Limit))
	case err != nil:
		return c.failed(fail(codeOther, "the body could not be read to its end"))
	}
	c.raw = raw
	return nil
}

// run gives the answer, nil when the handler wrote it itself.
func (c *call) run() *rendered {
	key := c.r.Header.Get(idempotencyHeader)
	if !c.route.writes() || key == "" {
		c.command = domain.CommandID(c.s.newID(c.now))
		return c.answer()
	}
	if len(key) > maxIdempotencyKey {
		c.problems.add([]any{"header", idempotencyHeader}, typeLong, "this is too long", map[string]any{"limit_value": maxIdempotencyKey})
		return c.failed(c.valid())
	}
	id := keyOf(c.client.ID[:], []byte(key), []byte(c.r.Method), []byte(c.r.URL.RequestURI()), []byte(c.r.Header.Get(userHeader)), c.raw)
	c.command = id.command()
	out, err := c.s.answers.once(c.ctx(), id, c.answer)
	if err != nil {
		return c.failed(err)
	}
	return out
}

// answer runs the handler.
func (c *call) answer() *rendered {
	var got reply
	err := error(nil)
	if err = c.enterPast(); err == nil && !c.route.writes() && c.past == nil {
		err = c.awaitAsked()
	}
	if err == nil {
		got, err = c.route.handle(c)
	}
	if err == nil {
		err = c.settle()
	}
	if err != nil {
		return c.failed(err)
	}
	if got.written {
		return nil
	}
	out := &rendered{status: got.status, position: c.s.position(c.positions)}
	if c.past != nil {
		out.asOf = c.past.Cut.String()
	}
	if !got.none {
		if out.body, err = json.Marshal(got.body); err != nil {
			return c.failed(err)
		}
		out.kind = jsonType
	}
	return out
}

// failed renders an error, and logs what is the server's own fault.
func (c *call) failed(err error) *rendered {
	var bad *invalid
	if errors.As(err, &bad) {
		return renderJSON(http.StatusUnprocessableEntity, map[string]any{"detail": bad.details})
	}
	f := explain(err)
	if f.cause != nil && c.ctx().Err() == nil {
		c.s.Logger.Error("a request failed", "request", c.w.Header().Get("X-Request-Id"), "route", c.route.Pattern, "error", f.cause.Error())
	}
	out := render(f)
	out.position = c.s.position(c.positions)
	return out
}

const jsonType = "application/json"

func render(f *failure) *rendered {
	out := renderJSON(f.status, map[string]any{"message": f.text, "error_code": f.code})
	out.retry = f.retry
	return out
}

func renderJSON(status int, body any) *rendered {
	b, err := json.Marshal(body)
	if err != nil { // nothing that comes here can fail to be JSON
		status, b = http.StatusInternalServerError, []byte(`{"message":"the answer could not be written","error_code":0}`)
	}
	return &rendered{status: status, kind: jsonType, body: b}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	writeRendered(w, renderJSON(status, body))
}

func writeRendered(w http.ResponseWriter, out *rendered) {
	h := w.Header()
	if out.kind != "" {
		h.Set("Content-Type", out.kind)
	}
	if out.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(out.retry))
	}
	if out.asOf != "" {
		h.Set(asOfHeader, out.asOf)
	}
	if out.position != "" {
		h.Set(positionHeader, out.position)
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body) // whoever asked may be gone; what was done stays done
}

// newID makes an id of now.
func (s *Server) newID(now time.Time) [16]byte {
	var entropy [10]byte
	if _, err := io.ReadFull(s.Random, entropy[:]); err != nil {
		panic("the source of randomness failed: " + err.Error())
	}
	return domain.NewID(now, entropy)
}
