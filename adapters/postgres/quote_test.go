package postgres

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Whatever bytes a text is made of, Postgres can keep it, and it comes back.
func TestAnyTextIsQuoted(t *testing.T) {
	part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\x00", "\xff", "\xee\x80", "\ue000", "\ue100", "\ue1ff", "\ufffd", "é"}))
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(part, 0, 8).Draw(t, "parts"), "")
		kept := quote(text)
		if !utf8.ValidString(kept) || strings.ContainsRune(kept, 0) {
			t.Fatalf("%q is kept as %q, which Postgres would refuse", text, kept)
		}
		if got := unquote(kept); got != text {
			t.Fatalf("%q comes back as %q", text, got)
		}
	})
}
