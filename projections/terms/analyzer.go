package terms

import (
	"strings"
	"unicode/utf8"
)

// Bounds of what is indexed and asked for. A term is cut at MaxTermBytes, and so
// is what looks for it. What comes in a text behind MaxTextTerms different terms
// is not found; what comes in a search behind MaxSearchTerms is not looked for.
const (
	MaxTermBytes   = 64
	MaxTextTerms   = 15_000
	MaxSearchTerms = 64
)

// maxForms is how many forms of words an analyzer remembers.
const maxForms = 1 << 16

// keepSeen is up to how many terms the set of those seen is worth keeping.
const keepSeen = 1 << 10

// Analyzer reads texts. What it gives depends on its arguments alone: that it
// remembers the forms of words makes it faster. Its zero value is ready; not for
// concurrent use.
type Analyzer struct {
	forms [Stemmers]map[string]string // terms of runs that are one word
	known int
	seen  map[string]struct{}
	out   []string
	most  int
	asked bool // of a part without spaces only the longest terms
}

// Terms gives the terms of a text, each once, in the order in which they come
// first. The slice is good until the next call, the terms for ever.
func (a *Analyzer) Terms(by Stemmer, text string) []string {
	a.begin(MaxTextTerms, false)
	a.read(by, text)
	return a.out
}

// Search gives the terms that texts must have to be found by a search: none
// when it has no word. The slice is good until the next call.
func (a *Analyzer) Search(by Stemmer, search string) []string {
	a.begin(MaxSearchTerms, true)
	a.read(by, search)
	return a.out
}

func (a *Analyzer) begin(most int, asked bool) {
	if a.known > maxForms {
		a.forms, a.known = [Stemmers]map[string]string{}, 0
	}
	if a.seen == nil || len(a.seen) > keepSeen {
		a.seen = map[string]struct{}{}
	}
	clear(a.seen)
	a.out, a.most, a.asked = a.out[:0], most, asked
}

func (a *Analyzer) read(by Stemmer, text string) {
	for run, rest, ascii := nextRun(text); run != "" && len(a.out) < a.most; run, rest, ascii = nextRun(rest) {
		if term, known := a.forms[by][run]; known {
			a.add(term)
		} else {
			a.readRun(by, run, ascii)
		}
	}
}

// readRun takes in the terms of a run, and remembers the one of a word.
func (a *Analyzer) readRun(by Stemmer, run string, ascii bool) {
	if ascii && !stemmers[by].turkish {
		a.add(a.remember(by, run, word(by, strings.ToLower(run))))
		return
	}
	n, only := 0, ""
	parts(by.fold(run), func(part string, of class) {
		n++
		switch of {
		case pairs:
			a.grams(part, 2)
		case triples:
			a.grams(part, 3)
		default:
			only = word(by, part)
			a.add(only)
		}
	})
	if n == 1 && only != "" {
		a.remember(by, run, only)
	}
}

// word gives the term of a folded word.
func word(by Stemmer, word string) string { return cut(by.stem(word)) }

// remember gives the term back, as one that does not keep the text in memory.
func (a *Analyzer) remember(by Stemmer, run, term string) string {
	term = strings.Clone(term)
	if len(run) > MaxTermBytes {
		return term
	}
	if a.forms[by] == nil {
		a.forms[by] = map[string]string{}
	}
	a.forms[by][strings.Clone(run)] = term
	a.known++
	return term
}

// grams takes in a part's characters, and its neighbours up to so many; when
// asked, only the longest of them that it has.
func (a *Analyzer) grams(part string, most int) {
	var begins []int
	for i := range part {
		begins = append(begins, i)
	}
	begins = append(begins, len(part))
	runes := len(begins) - 1
	for i := range runes {
		for n := 1; n <= min(most, runes-i); n++ {
			if !a.asked || n == min(most, runes) {
				a.add(part[begins[i]:begins[i+n]])
			}
		}
	}
}

func (a *Analyzer) add(term string) {
	if len(a.out) == a.most {
		return
	}
	if _, there := a.seen[term]; !there {
		a.seen[term] = struct{}{}
		a.out = append(a.out, term)
	}
}

// cut shortens a term that is too long, at a character.
func cut(term string) string {
	if len(term) <= MaxTermBytes {
		return term
	}
	end := MaxTermBytes
	for !utf8.RuneStart(term[end]) {
		end--
	}
	return term[:end]
}
