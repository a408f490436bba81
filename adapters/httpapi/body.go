package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object reads the members of a JSON object; unknown ones are left alone. What
// is wrong goes to problems, and the value is the zero one.
type object struct {
	at       []any
	members  map[string]any
	problems *problems
}

// maxDepth bounds how deep a body may be nested.
const maxDepth = 16

// parseBody reads a whole body that must be an object. With optional, an empty
// body and null are no object and no problem: ok is false.
func parseBody(raw []byte, p *problems, optional bool) (o object, ok bool) {
	at := []any{"body"}
	o = object{at: at, problems: p}
	if len(bytes.TrimSpace(raw)) == 0 {
		if !optional {
			p.add(at, typeMissing, "the body is missing", nil)
		}
		return o, false
	}
	value, err := decodeJSON(raw)
	if err != nil {
		p.add(at, typeJSON, "the body is no JSON: "+err.Error(), nil)
		return o, false
	}
	if value == nil && optional {
		return o, false
	}
	if value == nil {
		p.add(at, typeMissing, "the body is missing", nil)
		return o, false
	}
	o.members, ok = value.(map[string]any)
	if !ok {
		p.add(at, typeDict, "the body is no object", nil)
	}
	return o, ok
}

var (
	errTooDeep = errors.New("it is nested too deeply")
	errMore    = errors.New("more follows behind its end")
)

// decodeJSON reads exactly one value, with numbers as they stand.
func decodeJSON(raw []byte) (any, error) {
	if err := checkDepth(raw); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, errors.New("it is malformed")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errMore
	}
	return value, nil
}

// checkDepth counts brackets outside of strings.
func checkDepth(raw []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return errTooDeep
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

func (o object) bad(key, kind, msg string, ctx map[string]any) {
	o.problems.add(append(slices.Clone(o.at), key), kind, msg, ctx)
}

// get gives a member; null is as good as not there.
func (o object) get(key string, required bool) (any, bool) {
	v, ok := o.members[key]
	if ok && v != nil {
		return v, true
	}
	if required {
		o.bad(key, typeMissing, "this is missing", nil)
	}
	return nil, false
}

// text reads a string; numbers are taken as they stand, as clients know it.
func (o object) text(key string, required bool, least, most int) string {
	v, ok := o.get(key, required)
	if !ok {
		return ""
	}
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case json.Number:
		s = v.String()
	default:
		o.bad(key, typeString, "this is no text", nil)
		return ""
	}
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		o.bad(key, typeString, "this is not valid text", nil)
	case n < least:
		o.bad(key, typeShort, "this is too short", map[string]any{"limit_value": least})
	case n > most:
		o.bad(key, typeLong, "this is too long", map[string]any{"limit_value": most})
	default:
		return s
	}
	return ""
}

// word reads one of some words.
func (o object) word(key string, required bool, kind string, allowed []string) string {
	v, ok := o.get(key, required)
	if !ok {
		return ""
	}
	s, _ := v.(string)
	if !slices.Contains(allowed, s) {
		ctx := map[string]any{"enum_values": allowed}
		if kind == typeConst {
			ctx = map[string]any{"given": v, "permitted": allowed}
		}
		o.bad(key, kind, "this is none of the values that can stand here", ctx)
		return ""
	}
	return s
}

// maybe reads a truth that may be left open: nil.
func (o object) maybe(key string) *bool {
	v, ok := o.get(key, false)
	if !ok {
		return nil
	}
	switch v := v.(type) {
	case bool:
		return &v
	case string:
		if b, known := truths[strings.ToLower(v)]; known {
			return &b
		}
	case json.Number:
		if b, known := truths[v.String()]; known {
			return &b
		}
	}
	o.bad(key, typeBool, "this is neither true nor false", nil)
	return nil
}

func (o object) truth(key string, otherwise bool) bool {
	if b := o.maybe(key); b != nil {
		return *b
	}
	return otherwise
}

func (o object) id(key string, required bool) (id [16]byte, given bool) {
	v, ok := o.get(key, required)
	if !ok {
		return id, false
	}
	s, _ := v.(string)
	id, err := parseUUID(s)
	if err != nil {
		o.bad(key, typeUUID, "this is no UUID", nil)
	}
	return id, err == nil
}

func (o object) object(key string, required bool) (object, bool) {
	inner := object{at: append(slices.Clone(o.at), key), problems: o.problems}
	v, ok := o.get(key, required)
	if !ok {
		return inner, false
	}
	if inner.members, ok = v.(map[string]any); !ok {
		o.bad(key, typeDict, "this is no object", nil)
	}
	return inner, ok
}

// list reads an array of at most so many items.
func (o object) list(key string, required bool, most int) []any {
	v, ok := o.get(key, required)
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	switch {
	case !ok:
		o.bad(key, typeList, "this is no list", nil)
	case len(list) > most:
		o.bad(key, typeLong, "this is too long", map[string]any{"limit_value": most})
		return nil
	}
	return list
}

// whole reads a whole number from an item.
func whole(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	if i, err := strconv.Atoi(n.String()); err == nil {
		return i, true
	}
	f, err := n.Float64()
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<31 {
		return 0, false
	}
	return int(f), true
}
