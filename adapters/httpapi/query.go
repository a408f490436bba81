package httpapi

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"dendro/domain"
)

// params reads the parameters of the query and the path. What is wrong goes to
// problems, and the value is the default.
type params struct {
	query    url.Values
	path     func(string) string
	problems *problems
}

// maxParam bounds a parameter's value, in bytes.
const maxParam = 2000

// text gives a parameter and whether it is there; an empty one is not.
func (p *params) text(name string) (string, bool) {
	v := p.query.Get(name)
	switch {
	case v == "":
		return "", false
	case len(v) > maxParam:
		p.bad(name, typeLong, "this is too long", map[string]any{"limit_value": maxParam})
		return "", false
	case !utf8.ValidString(v) || strings.ContainsRune(v, 0):
		p.bad(name, typeString, "this is not valid text", nil)
		return "", false
	}
	return v, true
}

func (p *params) bad(name, kind, msg string, ctx map[string]any) {
	p.problems.add([]any{"query", name}, kind, msg, ctx)
}

// number reads a whole number from 1 to most.
func (p *params) number(name string, otherwise, most int) int {
	v, ok := p.text(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	switch {
	case err != nil:
		p.bad(name, typeInteger, "this is no whole number", nil)
	case n < 1:
		p.bad(name, typeNotAbove, "give a number above 0", map[string]any{"limit_value": 0})
	case n > most:
		p.bad(name, typeNotBelow, "give a number of at most "+strconv.Itoa(most), map[string]any{"limit_value": most})
	default:
		return n
	}
	return otherwise
}

var truths = map[string]bool{
	"true": true, "1": true, "yes": true, "on": true, "t": true, "y": true,
	"false": false, "0": false, "no": false, "off": false, "f": false, "n": false,
}

func (p *params) truth(name string, otherwise bool) bool {
	if b := p.maybe(name); b != nil {
		return *b
	}
	return otherwise
}

// maybe reads a truth that may be left open: nil.
func (p *params) maybe(name string) *bool {
	v, ok := p.text(name)
	if !ok {
		return nil
	}
	b, known := truths[strings.ToLower(strings.TrimSpace(v))]
	if !known {
		p.bad(name, typeBool, "this is neither true nor false", nil)
		return nil
	}
	return &b
}

// id reads a UUID.
func (p *params) id(name string) (id [16]byte, given bool) {
	v, ok := p.text(name)
	if !ok {
		return id, false
	}
	id, err := parseUUID(v)
	if err != nil {
		p.bad(name, typeUUID, "this is no UUID", nil)
	}
	return id, err == nil
}

// pathID reads a UUID of the path.
func (p *params) pathID(name string) [16]byte {
	id, err := parseUUID(p.path(name))
	if err != nil {
		p.problems.add([]any{"path", name}, typeUUID, "this is no UUID", nil)
	}
	return id
}

// parseUUID reads the forms that clients use: with hyphens or without.
func parseUUID(v string) ([16]byte, error) {
	if len(v) == 32 {
		v = v[:8] + "-" + v[8:12] + "-" + v[12:16] + "-" + v[16:20] + "-" + v[20:]
	}
	return domain.ParseID(v)
}

// pathWord reads one of some words of the path.
func (p *params) pathWord(name string, allowed []string) string {
	v := p.path(name)
	if !slices.Contains(allowed, v) {
		p.problems.add([]any{"path", name}, typeEnum, "this is none of the values that can stand here", map[string]any{"enum_values": allowed})
	}
	return v
}

var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
}

// parseTime reads the forms of ISO 8601 that clients use; a time without a
// zone is UTC. A plus sign that a query turned into a space is one.
func parseTime(v string) (time.Time, bool) {
	if i := strings.LastIndexByte(v, ' '); i > len("2006-01-02 15:04") {
		v = v[:i] + "+" + v[i+1:]
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, v); err == nil && t.Year() >= 1 && t.Year() <= 9999 {
			return domain.Instant(t), true
		}
	}
	return time.Time{}, false
}

// queryWord reads one of the words that are allowed; "" when it is not given.
func (p *params) queryWord(name string, allowed []string) string {
	v, given := p.text(name)
	if given && !slices.Contains(allowed, v) {
		p.bad(name, typeEnum, "this is none of "+strings.Join(allowed, ", "), map[string]any{"enum_values": allowed})
	}
	return v
}

func (p *params) time(name string) time.Time {
	v, ok := p.text(name)
	if !ok {
		return time.Time{}
	}
	t, ok := parseTime(v)
	if !ok {
		p.bad(name, typeTime, "this is no time such as 2024-01-02T12:00:00+00:00", nil)
	}
	return t
}

// login reads auth_method and username, which come together.
func (p *params) login() (method, username string, err error) {
	username, named := p.text("username")
	method, given := p.text("auth_method")
	if named != given {
		return "", "", fail(codeNoAuthMethod, "give both auth_method and username, or neither")
	}
	return method, username, nil
}

// ids reads a list of ids with commas between.
func (p *params) ids(name string, most int) (out [][16]byte) {
	text, given := p.text(name)
	if !given {
		return nil
	}
	parts := strings.Split(text, ",")
	if len(parts) > most {
		p.bad(name, typeLong, "these are too many", map[string]any{"limit_value": most})
		return nil
	}
	for _, part := range parts {
		id, err := parseUUID(part)
		if err != nil {
			p.bad(name, typeUUID, "this is no list of UUIDs with commas between", nil)
			return nil
		}
		out = append(out, id)
	}
	return out
}
