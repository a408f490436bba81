package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
)

// cursor is a page's wish: what lies between After and Before, in the order of
// the page.
type cursor struct {
	after, before string // as given; "" is open
	desc          bool
	max           int
}

func (p *params) cursor(otherwise, most int) cursor {
	after, _ := p.text("after")
	before, _ := p.text("before")
	return cursor{after: after, before: before, desc: p.truth("desc", false), max: p.number("max_count", otherwise, most)}
}

// splitCursor takes "uuid$sortkey" or a bare sort key apart; id is nil in the
// latter.
func splitCursor(text string) (id *[16]byte, key string) {
	head, tail, ok := strings.Cut(text, "$")
	if !ok {
		return nil, text
	}
	got, err := parseUUID(head)
	if err != nil {
		return nil, text
	}
	return &got, tail
}

func (c cursor) order() string {
	if c.desc {
		return "desc"
	}
	return "asc"
}

// pageOf asks for one page. ask is given bounds in ascending order, the
// direction to walk in, and how many rows to give; name writes a row's cursor.
// It asks for one row more than the page holds: so it knows whether there is
// another page without counting.
func pageOf[T any](c cursor, ask func(lower, upper string, desc bool, most int) ([]T, error), name func(T) string) (items []T, prev, next *string, err error) {
	// Before alone means the page that ends there: walk backward from it.
	backward := c.before != "" && c.after == ""
	most := c.max + 1
	if c.before != "" && c.after != "" {
		most = c.max
	}
	lower, upper := c.after, c.before
	if c.desc {
		lower, upper = upper, lower
	}
	if items, err = ask(lower, upper, c.desc != backward, most); err != nil {
		return nil, nil, nil, err
	}
	more := len(items) > c.max
	if more {
		items = items[:c.max]
	}
	if backward {
		items = slices.Clone(items)
		slices.Reverse(items)
	}
	if len(items) == 0 {
		return items, textOrNull(c.after), textOrNull(c.before), nil
	}
	if more && c.before != "" || c.after != "" {
		prev = textOrNull(name(items[0]))
	}
	if more || c.before != "" {
		next = textOrNull(name(items[len(items)-1]))
	}
	return items, prev, next, nil
}

// token and readToken write and read the place where the next page begins.
func token(key any) *string {
	raw, _ := json.Marshal(key) // has no error to give
	text := base64.RawURLEncoding.EncodeToString(raw)
	return &text
}

func (p *params) readToken(key any) (given bool) {
	text, given := p.text("after")
	if !given {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, key)
	}
	if err != nil {
		p.bad("after", typeValue, "this is no place that an answer gave as next", nil)
	}
	return true
}
