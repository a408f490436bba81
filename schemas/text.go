package schemas

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"unicode/utf8"
)

// text is a string that is always there.
func text(w *wire, key string, p *string) {
	if w.member(key) {
		textItem(w, p)
	}
}

// optText is a string that is left out when empty.
func optText(w *wire, key string, p *string) {
	if w.option(key, *p != "") {
		if textItem(w, p); *p == "" {
			w.empty()
		}
	}
}

func textItem(w *wire, p *string) {
	if w.reading {
		*p = string(w.takeText())
	} else {
		w.putText(*p)
	}
}

// name is a string out of a vocabulary, or one that comes again and again.
func name[S ~string](w *wire, key string, p *S) {
	if w.member(key) {
		nameItem(w, p)
	}
}

// optName is a name that is left out when empty.
func optName[S ~string](w *wire, key string, p *S) {
	if w.option(key, *p != "") {
		if nameItem(w, p); *p == "" {
			w.empty()
		}
	}
}

func nameItem[S ~string](w *wire, p *S) {
	if w.reading {
		*p = S(w.intern(w.takeText()))
	} else {
		w.putText(string(*p))
	}
}

// Strings of up to internLength bytes are remembered in internSlots places.
const (
	internSlots  = 64
	internLength = 32
)

// intern makes a string of b, the one it made before if that is still known,
// so that a million events do not hold a million copies of "en".
func (w *wire) intern(b []byte) string {
	if len(b) == 0 || len(b) > internLength {
		return string(b)
	}
	slot := &w.seen[(len(b)+7*int(b[0])+31*int(b[len(b)-1]))%internSlots]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}

func (w *wire) putText(s string) {
	buf, err := appendText(w.buf, s)
	if err != nil {
		w.fail("%v", err)
		return
	}
	w.buf = buf
}

// errUTF8 refuses text that JSON cannot hold; nothing is replaced silently.
var errUTF8 = errors.New("the text is not valid UTF-8; send it as UTF-8")

// appendText writes a JSON string by the rule of RFC 8785 §3.2.2.2.
func appendText(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, errUTF8
	}
	dst = append(dst, '"')
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, '"'), nil
		}
		dst = appendEscape(dst, s[n])
		s = s[n+1:]
	}
}

const hexDigits = "0123456789abcdef"

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '\n':
		return append(dst, '\\', 'n')
	case '"', '\\':
		return append(dst, '\\', c)
	case '\t':
		return append(dst, '\\', 't')
	case '\r':
		return append(dst, '\\', 'r')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// takeText gives the string at hand, until the next call.
func (w *wire) takeText() []byte {
	w.mark('"')
	if w.err != nil {
		return nil
	}
	b := w.buf[w.at:]
	n := plain(b)
	if n < len(b) && b[n] == '"' {
		b, w.at = b[:n], w.at+n+1
	} else {
		b = w.unescape()
	}
	if !utf8.Valid(b) {
		w.fail("not valid UTF-8")
		return nil
	}
	return b
}

func (w *wire) unescape() []byte {
	w.room = w.room[:0]
	for {
		b := w.buf[w.at:]
		n := plain(b)
		w.room = append(w.room, b[:n]...)
		w.at += n
		if w.next('"') {
			return w.room
		}
		c, size := escape(b[n:])
		if size == 0 {
			w.fail("a string is not ended or not escaped as it should be: %s", w.rest())
			return nil
		}
		w.room = append(w.room, c)
		w.at += size
	}
}

// escape reads what appendEscape writes; size 0 when b is anything else.
func escape(b []byte) (c byte, size int) {
	if len(b) < 2 || b[0] != '\\' {
		return 0, 0
	}
	switch b[1] {
	case 'n':
		return '\n', 2
	case '"', '\\':
		return b[1], 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	}
	if len(b) < 6 || b[4] > '1' {
		return 0, 0
	}
	c = (b[4]-'0')<<4 | unhex[b[5]]&15
	if short := appendEscape(make([]byte, 0, 6), c); string(short) != string(b[:6]) {
		return 0, 0
	}
	return c, 6
}

// plain counts the bytes at the start of s that a JSON string holds as they
// are: all but controls, quotes and backslashes. It looks at eight at a time.
func plain[S string | []byte](s S) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := load(s, i)
		quote, slash := x^'"'*ones, x^'\\'*ones
		// The lowest bit set marks the first such byte; higher ones may be
		// carries of it.
		m := ((x-' '*ones)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & tops
		if m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// load is one machine load in both instances.
func load[S string | []byte](s S, i int) uint64 {
	var b [8]byte
	copy(b[:], s[i:i+8])
	return binary.LittleEndian.Uint64(b[:])
}
