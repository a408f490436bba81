package reactions

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// permanentError is a failure that no further try can mend.
type permanentError struct{ error }

// Unwrap gives what is wrong.
func (e permanentError) Unwrap() error { return e.error }

func forGood(format string, args ...any) error { return permanentError{fmt.Errorf(format, args...)} }

// busyError is a failure that tells nothing about the message: the engine is
// overloaded, changes hands, or closes. The message is delivered again, for as
// long as it takes, and never becomes poison.
type busyError struct{ error }

// Unwrap gives what is wrong.
func (e busyError) Unwrap() error { return e.error }

func isPermanent(err error) bool { return errors.As(err, new(permanentError)) }

func isBusy(err error) bool { return errors.As(err, new(busyError)) }

// oneLine gives the first line of a text, at most n bytes of it.
func oneLine(text string, n int) string {
	text, _, _ = strings.Cut(text, "\n")
	return clip(strings.TrimSpace(text), n)
}

// clip cuts a text behind n bytes, or a little before, and makes it UTF-8.
func clip(text string, n int) string {
	if len(text) > n {
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
