package schemas

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// wire writes or reads one payload. The functions that list an event's members
// serve both directions: writing, they take the values from the event; reading,
// they put them there. After the first error nothing more happens.
type wire struct {
	buf     []byte // writing: all so far; reading: the payload
	at      int    // reading: where the next byte is
	reading bool
	key     string // the member at work, for errors
	err     error
	room    []byte              // reading: where strings are unescaped
	seen    [internSlots]string // reading: short strings met lately
}

// errSyntax is what the wire refuses that is not canonical JSON of the listed
// members.
var errSyntax = errors.New("not the canonical form")

func (w *wire) fail(format string, args ...any) {
	if w.err != nil {
		return
	}
	what := fmt.Sprintf(format, args...)
	if w.reading {
		w.err = fmt.Errorf("%w at byte %d, member %q: %s", errSyntax, w.at, w.key, what)
	} else {
		w.err = fmt.Errorf("member %q: %s", w.key, what)
	}
}

// member begins a member that is always there; its value comes next if true.
func (w *wire) member(key string) bool {
	if !w.reading {
		w.put(key)
		return true
	}
	if w.find(key) {
		return true
	}
	w.key = key
	w.fail("missing, or not where it belongs")
	return false
}

// option begins a member that is there only when it says something; its value
// comes next if true.
func (w *wire) option(key string, given bool) bool {
	if w.reading {
		return w.find(key)
	}
	if given {
		w.put(key)
	}
	return given
}

// empty refuses an optional member that was written though it says nothing.
func (w *wire) empty() { w.fail("written though empty") }

func (w *wire) put(key string) {
	w.key = key
	if w.buf[len(w.buf)-1] != '{' {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, key...)
	w.buf = append(w.buf, '"', ':')
}

func (w *wire) find(key string) bool {
	if w.err != nil {
		return false
	}
	b, skip := w.buf[w.at:], 0
	if w.buf[w.at-1] != '{' {
		if len(b) == 0 || b[0] != ',' {
			return false
		}
		b, skip = b[1:], 1
	}
	n := len(key)
	if len(b) < n+3 || b[0] != '"' || b[n+1] != '"' || b[n+2] != ':' || string(b[1:n+1]) != key {
		return false
	}
	w.at += skip + n + 3
	w.key = key
	return true
}

// mark writes or expects one byte of punctuation.
func (w *wire) mark(c byte) {
	switch {
	case !w.reading:
		w.buf = append(w.buf, c)
	case w.err != nil:
	case w.at < len(w.buf) && w.buf[w.at] == c:
		w.at++
	default:
		w.fail("%q expected, found %s", c, w.rest())
	}
}

// next reports whether the next byte is c, and passes over it if so.
func (w *wire) next(c byte) bool {
	if w.err != nil || w.at >= len(w.buf) || w.buf[w.at] != c {
		return false
	}
	w.at++
	return true
}

// rest quotes what comes next, for errors.
func (w *wire) rest() string {
	b := w.buf[w.at:]
	switch {
	case len(b) == 0:
		return "the end"
	case len(b) > 24:
		return strconv.Quote(string(b[:24])) + "…"
	}
	return strconv.Quote(string(b))
}

// object is a payload or part of one: its members between braces.
func object[T any](w *wire, v *T, members func(*wire, *T)) {
	w.mark('{')
	if w.err != nil {
		return
	}
	members(w, v)
	w.mark('}')
}

// part is an object that is a member.
func part[T any](w *wire, key string, v *T, members func(*wire, *T)) {
	if w.member(key) {
		object(w, v, members)
	}
}

// list is an array that is always there. Read, an empty one is nil.
func list[T any](w *wire, key string, p *[]T, item func(*wire, *T)) {
	if w.member(key) {
		items(w, p, item)
	}
}

// optList is an array that is left out when empty.
func optList[T any](w *wire, key string, p *[]T, item func(*wire, *T)) {
	if w.option(key, len(*p) > 0) {
		if items(w, p, item); len(*p) == 0 {
			w.empty()
		}
	}
}

func items[T any](w *wire, p *[]T, item func(*wire, *T)) {
	w.mark('[')
	if w.reading {
		takeItems(w, p, item)
		return
	}
	for i := range *p {
		if i > 0 {
			w.mark(',')
		}
		item(w, &(*p)[i])
	}
	w.mark(']')
}

func takeItems[T any](w *wire, p *[]T, item func(*wire, *T)) {
	if w.err != nil || w.next(']') {
		return
	}
	*p = make([]T, 0, w.count(']'))
	for w.err == nil {
		var zero T
		*p = append(*p, zero)
		item(w, &(*p)[len(*p)-1])
		if !w.next(',') {
			break
		}
	}
	w.mark(']')
}

// countLimit bounds what is set aside for a list before its items are read.
const countLimit = 64

// count guesses how many values come before the end of the array or object at
// hand: exactly where they are ids, names or numbers. A wrong guess costs some
// room or time, no more.
func (w *wire) count(end byte) int {
	b := w.buf[w.at:]
	n := bytes.IndexByte(b, end)
	if n < 0 {
		return 0
	}
	return min(1+bytes.Count(b[:n], []byte{','}), countLimit)
}
