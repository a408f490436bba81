package postgres

import (
	"strings"
	"unicode/utf8"
)

// Postgres takes any text but one with a zero byte or one that is no UTF-8. So
// that any string can be kept, each byte that it would not take is written as
// an escape and a character of the private area that stands for the byte; the
// escape itself is written twice.
const (
	quoteEscape = '\ue000'
	quotedBytes = '\ue100' // stands for byte 0, the next one for byte 1, …
)

// quote writes a text as Postgres takes it. Texts stay as they are but for the
// rarest. Different texts stay different, and equal ones equal.
func quote(text string) string {
	if strings.IndexByte(text, 0) < 0 && !strings.Contains(text, string(quoteEscape)) && utf8.ValidString(text) {
		return text
	}
	var out strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == 0, r == utf8.RuneError && size == 1:
			out.WriteRune(quoteEscape)
			out.WriteRune(quotedBytes + rune(text[0]))
		case r == quoteEscape:
			out.WriteRune(quoteEscape)
			out.WriteRune(quoteEscape)
		default:
			out.WriteRune(r)
		}
		text = text[size:]
	}
	return out.String()
}

// unquote reads what quote wrote.
func unquote(text string) string {
	if !strings.Contains(text, string(quoteEscape)) {
		return text
	}
	var out strings.Builder
	escaped := false
	for _, r := range text {
		switch {
		case !escaped && r == quoteEscape:
			escaped = true
			continue
		case escaped && r != quoteEscape:
			out.WriteByte(byte(r - quotedBytes))
		default:
			out.WriteRune(r)
		}
		escaped = false
	}
	return out.String()
}
