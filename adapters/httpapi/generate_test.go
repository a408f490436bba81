package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// pool holds values that mean something to the server that is tried, by the
// name of the parameter, member or header that they can stand for; those of
// "X-API-Key" and "Authorization" open its doors.
type pool map[string][]string

// generate makes a request that the document describes. The same dice make the
// same request.
func generate(dice *rand.Rand, op *operation, ids pool) *http.Request {
	return newDraft(dice, op, ids).request()
}

// draft is a request in parts, so that they can be spoilt.
type draft struct {
	op     *operation
	path   map[string]string
	query  url.Values
	header http.Header
	schema *openapi3.Schema // of the body; nil: the operation takes none
	body   any
	raw    []byte // goes out instead of body, unless nil
}

func newDraft(dice *rand.Rand, op *operation, ids pool) *draft {
	d := &draft{op: op, path: map[string]string{}, query: url.Values{}, header: http.Header{}}
	v := values{dice, ids}
	for _, p := range op.parameters() {
		if !p.Required && !v.wanted(p.Name, p.Schema.Value) {
			continue
		}
		text := v.parameter(p)
		switch p.In {
		case openapi3.ParameterInPath:
			d.path[p.Name] = text
		case openapi3.ParameterInQuery:
			d.query.Set(p.Name, text)
		case openapi3.ParameterInHeader:
			d.header.Set(p.Name, text)
		}
	}
	for _, name := range []string{"X-API-Key", "Authorization"} {
		if all := ids[name]; len(all) > 0 {
			d.header.Set(name, all[dice.IntN(len(all))])
		}
	}
	if op.RequestBody != nil {
		d.schema = op.RequestBody.Value.Content.Get("application/json").Schema.Value
		d.header.Set("Content-Type", "application/json")
		d.body = v.value("", d.schema)
		if !op.RequestBody.Value.Required && dice.IntN(4) == 0 {
			d.raw = []byte{}
		}
	}
	return d
}

// parameters lists those of the path and the operation's own.
func (o *operation) parameters() (all []*openapi3.Parameter) {
	for _, list := range []openapi3.Parameters{o.item.Parameters, o.Parameters} {
		for _, p := range list {
			all = append(all, p.Value)
		}
	}
	return all
}

// request puts the parts together.
func (d *draft) request() *http.Request {
	path, escaped := d.op.Path, d.op.Path
	for name, value := range d.path {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
		escaped = strings.ReplaceAll(escaped, "{"+name+"}", url.PathEscape(value))
	}
	raw := d.raw
	if raw == nil && d.schema != nil {
		raw = encode(d.body)
	}
	r := &http.Request{
		Method: d.op.Method, Header: d.header.Clone(), Host: "dendro.test", Body: http.NoBody,
		URL:   &url.URL{Scheme: "http", Host: "dendro.test", Path: path, RawPath: escaped, RawQuery: d.query.Encode()},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(raw) > 0 {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	}
	return r
}

// encode writes a value that is made of what JSON has.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

// values makes values of schemas.
type values struct {
	dice *rand.Rand
	ids  pool
}

// wanted decides whether something optional is there. What can only miss,
// because the pool knows no value for it, is rare: requests should get
// somewhere.
func (v values) wanted(name string, s *openapi3.Schema) bool {
	s = flat(s)
	cursor := name == "before" || name == "after"
	if len(v.ids[name]) == 0 && (s.Format == "uuid" || s.Pattern != "" || cursor) {
		return v.dice.IntN(16) == 0
	}
	return v.dice.IntN(2) == 0
}

// flat looks through the wrapper that makes a reference nullable, gives it a
// default, or requires its members.
func flat(s *openapi3.Schema) *openapi3.Schema {
	for len(s.AllOf) > 0 {
		inner := *s.AllOf[0].Value
		inner.Required = slices.Concat(inner.Required, s.Required)
		s = &inner
	}
	return s
}

func (v values) parameter(p *openapi3.Parameter) string {
	s := flat(p.Schema.Value)
	if s.Type.Is("array") {
		var all []string
		for _, one := range v.array(p.Name, s) {
			all = append(all, fmt.Sprint(one))
		}
		return strings.Join(all, ",")
	}
	for range 100 {
		text := fmt.Sprint(v.value(p.Name, s))
		plain := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' && p.In == openapi3.ParameterInPath }) < 0
		if plain && text != "." && text != ".." && text != "" || p.In == openapi3.ParameterInQuery {
			return text
		}
	}
	return "x"
}

// value makes a value of the schema for something of that name.
func (v values) value(name string, s *openapi3.Schema) any {
	if s.Nullable && v.dice.IntN(8) == 0 {
		return nil
	}
	s = flat(s)
	if choice := slices.Concat(s.AnyOf, s.OneOf); len(choice) > 0 {
		return v.value(name, choice[v.dice.IntN(len(choice))].Value)
	}
	if len(s.Enum) > 0 {
		return s.Enum[v.dice.IntN(len(s.Enum))]
	}
	switch {
	case s.Type.Is("object"):
		return v.object(s)
	case s.Type.Is("array"):
		return v.array(name, s)
	case s.Type.Is("string"):
		return v.text(name, s)
	case s.Type.Is("integer"):
		low, high := bounds(s)
		return low + v.dice.Int64N(high-low+1)
	case s.Type.Is("number"):
		low, high := bounds(s)
		return float64(low) + float64(high-low)*float64(v.dice.IntN(5))/4
	case s.Type.Is("boolean"):
		return v.dice.IntN(2) == 0
	}
	return map[string]any{}
}

func bounds(s *openapi3.Schema) (low, high int64) {
	high = 1000
	if s.Min != nil {
		low, high = int64(*s.Min), int64(*s.Min)+1000
	}
	if s.Max != nil {
		high = int64(*s.Max)
	}
	return low, high
}

func (v values) object(s *openapi3.Schema) any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		inner := s.Properties[name].Value
		if slices.Contains(s.Required, name) || v.wanted(name, inner) {
			out[name] = v.value(name, inner)
		}
	}
	if more := s.AdditionalProperties.Schema; more != nil {
		for range v.dice.IntN(3) {
			out[words[v.dice.IntN(len(words))]] = v.value("", more.Value)
		}
	}
	return out
}

func (v values) array(name string, s *openapi3.Schema) []any {
	out := []any{}
	for range int(s.MinItems) + v.dice.IntN(3) {
		one := v.value(name, s.Items.Value)
		if !s.UniqueItems || !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

var words = []string{"en", "tree", "a garden in winter", "Grüße", "問い", "🌲🌳", "e\u0301", "\u202eback", "+1", "$", "100%", "O'Brien; --"}

func (v values) text(name string, s *openapi3.Schema) string {
	known := v.ids[name]
	switch {
	case len(known) > 0 && v.dice.IntN(4) > 0:
		return known[v.dice.IntN(len(known))]
	case s.Format == "uuid":
		return fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", v.dice.Uint32(), v.dice.IntN(1<<16), v.dice.IntN(1<<12), v.dice.IntN(1<<12), v.dice.Int64N(1<<48))
	case s.Format == "date-time":
		layout := "2006-01-02T15:04:05.000000-07:00"
		if strings.HasSuffix(s.Pattern, "Z$") {
			layout = "2006-01-02T15:04:05.000000Z"
		}
		return time.Unix(1_600_000_000+v.dice.Int64N(200_000_000), 0).UTC().Format(layout)
	case s.Pattern != "" && s.MinLength == 0: // else prose, which only must not be blank
		return matching(s.Pattern).Example(int(v.dice.Int32()))
	}
	out := words[v.dice.IntN(len(words))]
	for utf8.RuneCountInString(out) < int(s.MinLength) || v.dice.IntN(2) == 0 {
		out += " " + words[v.dice.IntN(len(words))]
	}
	if s.MaxLength != nil && len([]rune(out)) > int(*s.MaxLength) {
		out = string([]rune(out)[:*s.MaxLength])
	}
	return out
}

var (
	patterns   = map[string]*rapid.Generator[string]{}
	patternsMu sync.Mutex
)

// matching makes texts that match a pattern.
func matching(pattern string) *rapid.Generator[string] {
	patternsMu.Lock()
	defer patternsMu.Unlock()
	if patterns[pattern] == nil {
		patterns[pattern] = rapid.StringMatching(pattern)
	}
	return patterns[pattern]
}
