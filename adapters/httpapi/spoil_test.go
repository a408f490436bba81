package httpapi_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// spoil makes a request that has something wrong with it, and says what. Where
// the document does not rule it out, or a server may be kinder than it, the
// request is marked as tolerated. The same dice make the same request.
func spoil(dice *rand.Rand, op *operation, ids pool) (r *http.Request, what string) {
	for _, i := range dice.Perm(len(flaws)) {
		d := newDraft(dice, op, ids)
		if !flaws[i].put(dice, d) {
			continue
		}
		if r = d.request(); !flaws[i].fatal {
			r = tolerated(r)
		}
		return r, flaws[i].name
	}
	return generate(dice, op, ids), "nothing"
}

// flaw is a way to spoil a draft; put answers false where there is nothing to
// spoil in this way. With a fatal one no request may succeed.
type flaw struct {
	name  string
	put   func(*rand.Rand, *draft) bool
	fatal bool
}

var flaws = []flaw{
	{"no key", noKey, false},
	{"parameter is nonsense", nonsenseParameter, false},
	{"parameter out of bounds", parameterOutOfBounds, true},
	{"parameter given twice", parameterTwice, false},
	{"path is odd", oddPath, false},
	{"body where none is", uncalledBody, false},
	{"body is missing", noBody, false},
	{"body of another media type", otherMediaType, false},
	{"body is no JSON", brokenJSON, true},
	{"body is nested deeply", deepBody, false},
	{"body is of another type", bodyOfOtherType, true},
	{"body is huge", hugeBody, false},
	{"member is missing", missingMember, true},
	{"member of another type", memberOfOtherType, true},
	{"member is an odd text", oddMember, false},
	{"number out of bounds", numberOutOfBounds, true},
	{"members nobody knows", unknownMembers, false},
}

func pick[T any](dice *rand.Rand, all []T) T { return all[dice.IntN(len(all))] }

func noKey(dice *rand.Rand, d *draft) bool {
	d.header.Del("Authorization")
	d.header.Del("X-API-Key")
	if dice.IntN(2) == 0 {
		d.header.Set("X-API-Key", pick(dice, []string{"wrong", "", strings.Repeat("k", 9000), "\x00", "ключ"}))
		d.header.Set("Authorization", pick(dice, []string{"Bearer", "Bearer  ", "Basic Og==", "Bearer wrong"}))
	}
	return true
}

// oddTexts are hard on whatever reads texts.
var oddTexts = []string{
	"", " ", "\x00", "a\x00b", "\ufeff", "\ufffe", "\u202e\u2066", "e" + strings.Repeat("\u0301", 500), "👩‍👩‍👧‍👦🏳️‍🌈", "\r\nX-Evil: 1",
	"'; drop table messages; --", "<script>alert(1)</script>", "%", "%00", "$", "$$", "..", "../../etc/passwd", "null", "NaN",
	"-1", "1e400", "9223372036854775808", "0x1f", "２", "\xff\xfe", "\xed\xa0\x80", strings.Repeat("ä", 5000),
	"00000000-0000-0000-0000-000000000000", "{018b2f19-e79e-7d6a-b2a4-0c1d5f0a9e3b}", "018B2F19E79E7D6AB2A40C1D5F0A9E3B",
	"2024-13-45T99:99:99Z", "0000-00-00", "9999-12-31T23:59:59.999999999+23:59", "1/0", "0/18446744073709551616", "99999/1",
}

func nonsenseParameter(dice *rand.Rand, d *draft) bool {
	all := d.op.parameters()
	if len(all) == 0 {
		return false
	}
	p, text := pick(dice, all), pick(dice, oddTexts)
	switch p.In {
	case openapi3.ParameterInQuery:
		d.query.Set(p.Name, text)
	case openapi3.ParameterInHeader:
		d.header.Set(p.Name, text)
	default:
		d.path[p.Name] = text
	}
	return true
}

func parameterOutOfBounds(dice *rand.Rand, d *draft) bool {
	for _, p := range d.op.parameters() {
		if p.In == openapi3.ParameterInQuery && p.Schema.Value.Type.Is("integer") {
			d.query.Set(p.Name, pick(dice, []string{"-1", "0", "1000000", "-9223372036854775809", "1e3", "0.5", "one", "١"}))
			return true
		}
	}
	return false
}

func parameterTwice(dice *rand.Rand, d *draft) bool {
	if len(d.query) == 0 {
		return false
	}
	d.query.Add(pick(dice, slices.Sorted(maps.Keys(d.query))), pick(dice, oddTexts))
	return true
}

func oddPath(dice *rand.Rand, d *draft) bool {
	if len(d.path) == 0 {
		return false
	}
	d.path[pick(dice, slices.Sorted(maps.Keys(d.path)))] = pick(dice, append([]string{"a/b", "/", "a%2fb", "{id}", "cursor", ";x=1", "?q", "#f"}, oddTexts...))
	return true
}

func uncalledBody(_ *rand.Rand, d *draft) bool {
	d.raw = []byte(`{"surprise":true}`)
	return d.schema == nil
}

func noBody(dice *rand.Rand, d *draft) bool {
	d.raw = pick(dice, [][]byte{{}, []byte(" \n"), []byte("null")})
	return d.schema != nil
}

func otherMediaType(dice *rand.Rand, d *draft) bool {
	d.header.Set("Content-Type", pick(dice, []string{"text/plain", "application/xml", "multipart/form-data", "application/x-www-form-urlencoded", "nonsense", "application/json-seq"}))
	return d.schema != nil
}

func brokenJSON(dice *rand.Rand, d *draft) bool {
	if d.schema == nil {
		return false
	}
	good := encode(d.body)
	d.raw = pick(dice, [][]byte{
		good[:len(good)/2], append(slices.Clone(good), "}"...), append(slices.Clone(good), good...), []byte("{"), []byte(`{"a":}`),
		[]byte(`{'user':1}`), []byte("\xff\xfe{}"), []byte("\x00"), []byte("// no"), []byte(`{"a":1,}`), []byte(`{"a":NaN}`),
	})
	return len(good) > 2
}

func deepBody(dice *rand.Rand, d *draft) bool {
	depth := pick(dice, []int{100, 5000, 100_000})
	open, shut := "[", "]"
	if dice.IntN(2) == 0 {
		open, shut = `{"a":`, "}"
	}
	d.raw = []byte(strings.Repeat(open, depth) + "1" + strings.Repeat(shut, depth))
	return d.schema != nil
}

func bodyOfOtherType(dice *rand.Rand, d *draft) bool {
	d.raw = []byte(pick(dice, []string{"[]", "1", `"text"`, "true", "[null]", "1e999", `[{"user":{}}]`}))
	return d.schema != nil
}

func hugeBody(dice *rand.Rand, d *draft) bool {
	if d.schema == nil {
		return false
	}
	const size = 2 << 20
	switch dice.IntN(3) {
	case 0:
		d.raw = []byte(`{"text":"` + strings.Repeat("x", size) + `"}`)
	case 1:
		d.raw = bytes.Repeat([]byte(" "), size)
	default:
		d.raw = []byte("[" + strings.Repeat("1,", size/2) + "1]")
	}
	return true
}

// place is a member of an object in a body.
type place struct {
	in     map[string]any
	name   string
	schema *openapi3.Schema
	needed bool
}

// places lists the members of a body, however deep, that schemas tell of; those
// of the first of several forms that knows the member.
func places(value any, s *openapi3.Schema) (all []place) {
	s = flat(s)
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	if len(s.AnyOf) > 0 {
		s = formOf(object, s.AnyOf)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if inner := s.Properties[name]; inner != nil {
			all = append(all, place{object, name, flat(inner.Value), slices.Contains(s.Required, name)})
			all = append(all, places(object[name], inner.Value)...)
		}
	}
	return all
}

// formOf gives the form that has all of the object's members.
func formOf(object map[string]any, forms openapi3.SchemaRefs) *openapi3.Schema {
	for _, form := range forms {
		if fits := form.Value.VisitJSON(plain(object)) == nil; fits {
			return form.Value
		}
	}
	return forms[0].Value
}

// plain gives a value as a JSON decoder would.
func plain(value any) (out any) {
	if err := json.Unmarshal(encode(value), &out); err != nil {
		panic(err) // it was encoded just now
	}
	return out
}

// onePlace chooses a place in the body that will do.
func onePlace(dice *rand.Rand, d *draft, will func(place) bool) (place, bool) {
	if d.schema == nil || d.raw != nil {
		return place{}, false
	}
	all := slices.DeleteFunc(places(d.body, d.schema), func(p place) bool { return !will(p) })
	if len(all) == 0 {
		return place{}, false
	}
	return pick(dice, all), true
}

func missingMember(dice *rand.Rand, d *draft) bool {
	p, ok := onePlace(dice, d, func(p place) bool { return p.needed })
	if ok {
		delete(p.in, p.name)
	}
	return ok
}

func memberOfOtherType(dice *rand.Rand, d *draft) bool {
	p, ok := onePlace(dice, d, func(place) bool { return true })
	if !ok {
		return false
	}
	others := map[string]any{
		"string": []any{"text"}, "integer": "many", "number": []any{}, "boolean": "perhaps", "array": map[string]any{"0": 1}, "object": "text",
	}
	p.in[p.name] = others[p.schema.Type.Slice()[0]]
	return true
}

func oddMember(dice *rand.Rand, d *draft) bool {
	p, ok := onePlace(dice, d, func(p place) bool { return p.schema.Type.Is("string") })
	if !ok {
		return false
	}
	const mark = "the odd text"
	p.in[p.name] = mark
	odd := pick(dice, append([][]byte{[]byte(`"\ud800"`), []byte(`"\udfff\ud800"`), []byte(`"\u0000"`), []byte("\"\xff\"")}, quotedOddTexts...))
	d.raw = bytes.Replace(encode(d.body), encode(mark), odd, 1)
	return true
}

var quotedOddTexts = func() (all [][]byte) {
	for _, text := range oddTexts {
		all = append(all, encode(text))
	}
	return all
}()

func numberOutOfBounds(dice *rand.Rand, d *draft) bool {
	p, ok := onePlace(dice, d, func(p place) bool { return p.schema.Type.Is("integer") || p.schema.Type.Is("number") })
	if !ok {
		return false
	}
	p.in[p.name] = pick(dice, []any{-1, -math.MaxFloat64, math.MaxFloat64, json.Number("1" + strings.Repeat("0", 300))})
	return true
}

func unknownMembers(_ *rand.Rand, d *draft) bool {
	object, ok := d.body.(map[string]any)
	if ok {
		object["__proto__"], object["\x00"], object["Löwe"] = nil, []any{map[string]any{}}, "ignored"
	}
	return ok
}
