package memory

import (
	"strings"
	"testing"

	"dendro/projections/terms"
)

// Terms keep their ids while the lexicon grows, over many pages.
func TestLexicon(t *testing.T) {
	l := newLexicon()
	name := func(n int) string {
		return strings.Repeat("ж", n%(terms.MaxTermBytes/2-3)) + string(rune('a'+n%26)) + string(rune('a'+n/26%26)) + string(rune('a'+n/676%26))
	}
	const many = 26 * 26 * 26
	for n := range many {
		if _, known := l.find(name(n)); known {
			t.Fatalf("%q is known before it came", name(n))
		}
		if id := l.id(name(n)); id != uint32(n) {
			t.Fatalf("%q is number %d, want %d", name(n), id, n)
		}
	}
	for n := range many {
		if id, known := l.find(name(n)); !known || id != uint32(n) || l.id(name(n)) != id {
			t.Fatalf("%q is number %d (%v), want %d", name(n), id, known, n)
		}
	}
	if len(l.pages) < 2 {
		t.Error("one page was enough: the test should take more")
	}
}
