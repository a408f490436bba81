package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"dendro/schemas"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/go-cmp/cmp"
)

// contract is schemas/openapi.yaml, ready to hold exchanges to.
type contract struct {
	doc        *openapi3.T
	operations []*operation // by path, then method
	mux        *http.ServeMux
}

// operation is one method of one path.
type operation struct {
	*openapi3.Operation
	Method, Path string
	item         *openapi3.PathItem
}

func (o *operation) String() string { return o.Method + " " + o.Path }

// theContract loads the document, once for all tests.
func theContract(t testing.TB) *contract {
	t.Helper()
	c, err := loadContract()
	if err != nil {
		t.Fatal("schemas/openapi.yaml: ", err)
	}
	return c
}

var loadContract = sync.OnceValues(func() (*contract, error) { return readContract(schemas.OpenAPI()) })

func readContract(text []byte) (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	c := &contract{doc: doc, mux: http.NewServeMux()}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			c.operations = append(c.operations, &operation{op, method, path, item})
		}
	}
	slices.SortFunc(c.operations, func(a, b *operation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	for _, op := range c.operations {
		pattern := op.Method + " " + op.Path
		if strings.HasSuffix(pattern, "/") {
			pattern += "{$}"
		}
		c.mux.Handle(pattern, op)
	}
	return c, nil
}

// match is what the contract's router finds for a request.
type match struct {
	httptest.ResponseRecorder
	op     *operation
	params map[string]string
}

// ServeHTTP notes that the operation is the one that was asked for.
func (o *operation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := w.(*match)
	m.op, m.params = o, map[string]string{}
	for _, list := range []openapi3.Parameters{o.item.Parameters, o.Parameters} {
		for _, p := range list {
			if p.Value.In == openapi3.ParameterInPath {
				m.params[p.Value.Name] = r.PathValue(p.Value.Name)
			}
		}
	}
}

// find gives the operation that a request asks for, by the rules of net/http's
// own router, which the server uses too; nil when there is none.
func (c *contract) find(r *http.Request) (*operation, map[string]string) {
	var m match
	c.mux.ServeHTTP(&m, r.Clone(context.Background()))
	return m.op, m.params
}

// reporter is what a contract tells departures to: a testing.TB, or a test of
// the contract itself.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// client gives a client whose every exchange must keep the contract. It follows
// no redirects, so that they are seen.
func (c *contract) client(t reporter, via http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     &held{c, t, via},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// serve sends one request straight to a handler, under the contract.
func (c *contract) serve(t reporter, h http.Handler, r *http.Request) *http.Response {
	t.Helper()
	res, err := (&held{c, t, direct{h}}).RoundTrip(r)
	if err != nil {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return res
}

// direct is a handler as a transport.
type direct struct{ http.Handler }

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// held is a transport that reports every exchange that departs from the
// contract.
type held struct {
	*contract
	t   reporter
	via http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The body of a stream is looked at
// when it has been read or is closed, any other one at once.
func (h *held) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := r.Clone(r.Context())
	body, err := takeBody(asked)
	if err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	sent.Body = asked.Body
	res, err := h.via.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	judge := func(answer []byte) {
		h.t.Helper()
		asked.Body = io.NopCloser(bytes.NewReader(body))
		if err := h.departure(asked, res, answer); err != nil {
			h.t.Errorf("%s %s: answer %d departs from the contract: %v\nsent: %s\ngot: %s", r.Method, r.URL.RequestURI(), res.StatusCode, err, clip(body), clip(answer))
		}
	}
	if _, streams := items[mediaType(res.Header)]; streams {
		res.Body = &stream{ReadCloser: res.Body, judge: judge}
		return res, nil
	}
	answer, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	judge(answer)
	return res, nil
}

// takeBody reads a request's body and puts it back.
func takeBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// stream keeps what is read of a body, and has it judged once it ends.
type stream struct {
	io.ReadCloser
	seen  bytes.Buffer
	judge func([]byte)
	once  sync.Once
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.seen.Write(p[:n])
	if err != nil {
		s.end()
	}
	return n, err
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.end()
	return s.ReadCloser.Close()
}

func (s *stream) end() { s.once.Do(func() { s.judge(s.seen.Bytes()) }) }

// tolerated marks a request that the document does not describe and the server
// takes all the same, such as a time without a zone.
func tolerated(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), toleratedKey{}, true))
}

type toleratedKey struct{}

// departure tells how an exchange departs from the contract. A request need not
// be one that the document describes, but then it must not succeed.
func (c *contract) departure(r *http.Request, res *http.Response, answer []byte) error {
	op, params := c.find(r)
	if op == nil {
		return c.undocumented(r, res)
	}
	asked := c.input(op, params, r)
	if err := wrongAnswer(asked, res, answer); err != nil {
		return err
	}
	if res.StatusCode >= 300 || r.Context().Value(toleratedKey{}) != nil {
		return nil
	}
	if err := malformed(asked); err != nil {
		return fmt.Errorf("it is a success, but the request was malformed: %w", err)
	}
	return nil
}

func (c *contract) input(op *operation, params map[string]string, r *http.Request) *openapi3filter.RequestValidationInput {
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Options: strict(),
		Route: &routers.Route{Spec: c.doc, Path: op.Path, PathItem: op.item, Method: op.Method, Operation: op.Operation},
	}
}

// malformed tells how a request is not one that the document describes.
func malformed(asked *openapi3filter.RequestValidationInput) error {
	body, err := takeBody(asked.Request)
	switch {
	case err != nil:
		return err
	case asked.Route.Operation.RequestBody != nil && len(body) > 0 && !json.Valid(body): // more may follow behind a value
		return errors.New("the body is no JSON")
	}
	return openapi3filter.ValidateRequest(asked.Request.Context(), asked)
}

// undocumented holds the answers to what the document knows nothing of. The
// redirect of a slash leads to something that it knows; the one that cleans a
// path is net/http's, and may lead anywhere.
func (c *contract) undocumented(r *http.Request, res *http.Response) error {
	switch res.StatusCode {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return nil
	case http.StatusTemporaryRedirect, http.StatusMovedPermanently:
		to, err := r.URL.Parse(res.Header.Get("Location"))
		if err != nil {
			return err
		}
		there := r.Clone(r.Context())
		there.URL = to
		clean := strings.TrimSuffix(r.URL.Path, "/") == strings.TrimSuffix(path.Clean(r.URL.Path), "/")
		if op, _ := c.find(there); op == nil && clean {
			return fmt.Errorf("it redirects to %s, which the document does not know", to)
		}
		return nil
	}
	return errors.New("the document has no such operation")
}

// wrongAnswer tells what of status, headers and body the operation does not
// document.
func wrongAnswer(asked *openapi3filter.RequestValidationInput, res *http.Response, answer []byte) error {
	known := asked.Route.Operation.Responses.Status(res.StatusCode)
	if known == nil {
		return errors.New("the operation documents no such status")
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: asked, Status: res.StatusCode, Header: res.Header, Options: strict(),
	}
	in.SetBodyBytes(answer)
	kind := mediaType(res.Header)
	split, streams := items[kind]
	in.Options.ExcludeResponseBody = kind != "application/json" || res.StatusCode == http.StatusPartialContent || asked.Request.Method == http.MethodHead
	if !in.Options.ExcludeResponseBody && !json.Valid(answer) {
		return errors.New("its body is no JSON") // the validator looks no further than the first value
	}
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		return err
	}
	content := known.Value.Content
	switch media := content.Get(kind); {
	case asked.Request.Method == http.MethodHead:
		return nil
	case len(content) == 0 && len(answer) > 0:
		return errors.New("it has a body, and the document none")
	case len(content) == 0:
		return nil
	case media == nil:
		return fmt.Errorf("its media type is %q, which is not documented", kind)
	case streams:
		return wrongItems(media.Schema.Value.Items.Value, split(answer))
	}
	return nil
}

func wrongItems(schema *openapi3.Schema, texts [][]byte) error {
	for i, text := range texts {
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
		if err := schema.VisitJSON(value, openapi3.VisitAsResponse(), openapi3.SetSchemaErrorMessageCustomizer(brief)); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	return nil
}

// items cuts the bodies of streams into the whole items that they hold.
var items = map[string]func([]byte) [][]byte{
	"application/x-ndjson": func(body []byte) [][]byte {
		lines := bytes.Split(body, []byte("\n"))
		return lines[:len(lines)-1]
	},
	"text/event-stream": func(body []byte) (all [][]byte) {
		blocks := bytes.Split(body, []byte("\n\n"))
		for _, block := range blocks[:len(blocks)-1] {
			var data []byte
			for line := range bytes.Lines(block) {
				if part, ok := bytes.CutPrefix(line, []byte("data:")); ok {
					data = append(data, part...)
				}
			}
			if data != nil { // a comment keeps the connection alive, and is no item
				all = append(all, data)
			}
		}
		return all
	},
}

func mediaType(h http.Header) string {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

func strict() *openapi3filter.Options {
	o := &openapi3filter.Options{
		IncludeResponseStatus: true, MultiError: true, SkipSettingDefaults: true,
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
	o.WithCustomSchemaErrorFunc(brief)
	return o
}

// brief says where a value departs from its schema and how, without printing
// both.
func brief(err *openapi3.SchemaError) string {
	text := fmt.Sprintf("/%s: %s", strings.Join(err.JSONPointer(), "/"), err.Reason)
	if err.Origin != nil {
		text += " (" + err.Origin.Error() + ")"
	}
	return text
}

func clip(b []byte) string {
	const most = 2000
	if len(b) > most {
		return fmt.Sprintf("%s… (%d bytes)", b[:most], len(b))
	}
	return string(b)
}

// endpoint is a method and a path, such as /api/v1/messages/{message_id}.
type endpoint = struct{ Method, Path string }

// routesOf lists the document's operations below a path, sorted.
func routesOf(doc *openapi3.T, base string) []endpoint {
	all := []endpoint{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if strings.HasPrefix(path, base) {
				all = append(all, endpoint{method, path})
			}
		}
	}
	sortEndpoints(all)
	return all
}

// routesDiffer tells what the document has below a path that is not served
// (-), and what is served that it does not have (+); "" when nothing.
func routesDiffer(doc *openapi3.T, base string, served []endpoint) string {
	served = slices.Clone(served)
	sortEndpoints(served)
	return cmp.Diff(routesOf(doc, base), served)
}

func sortEndpoints(all []endpoint) {
	slices.SortFunc(all, func(a, b endpoint) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
}
