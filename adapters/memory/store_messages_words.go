package memory

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// words are what a text must have; the zero value asks for nothing.
type words struct {
	all   [][]byte // in lower case
	lower []byte   // room for a text
}

func wordsOf(search string) (w words) {
	for _, word := range strings.FieldsFunc(search, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) }) {
		w.all = append(w.all, appendLower(nil, word))
	}
	return w
}

// in reports whether every word occurs in the text. Words need not stand by
// themselves there: many scripts put no space between them.
func (w *words) in(text string) bool {
	if len(w.all) == 0 {
		return true
	}
	w.lower = appendLower(w.lower[:0], text)
	for _, word := range w.all {
		if !bytes.Contains(w.lower, word) {
			return false
		}
	}
	return true
}

func appendLower(dst []byte, text string) []byte {
	for _, r := range text {
		switch {
		case 'A' <= r && r <= 'Z':
			dst = append(dst, byte(r)+'a'-'A')
		case r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		default:
			dst = utf8.AppendRune(dst, unicode.ToLower(r))
		}
	}
	return dst
}
