package postgres

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"dendro/projections/terms"
)

// A tsvector takes up to a mebibyte of terms, and no term of 2 KiB.
const _ = uint(1<<20 - 1 - terms.MaxTextTerms*terms.MaxTermBytes)

// analyzers remember the forms of words from one row to the next.
var analyzers = sync.Pool{New: func() any { return new(terms.Analyzer) }}

// putTerms writes the terms of a message's text as a tsvector without places:
// how many there are; each with a zero byte behind it, and how many places it
// has. Postgres wants them sorted by their bytes.
func putTerms(b []byte, m *message) []byte {
	a := analyzers.Get().(*terms.Analyzer)
	defer analyzers.Put(a)
	all := a.Terms(terms.StemmerOf(m.Language), m.Text)
	slices.Sort(all)
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(len(all)))
	for _, term := range all {
		b = append(append(b, term...), 0, 0, 0)
	}
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// search takes the texts that have every term of the search, as their language
// reads it. Each message is in one arm only: so Postgres adds up well what the
// arms will find, and answers by the index of terms where that is little.
func (s *selection) search(language, search string) {
	arms := new(terms.Analyzer).ArmsIn(language, search)
	if len(arms) == 1 { // of one language, or of all
		s.where("terms @@ ?::tsquery", tsquery(arms[0].Terms))
		return
	}
	var either []string
	var args []any
	for _, arm := range arms {
		either = append(either, "reads = ANY(?) AND terms @@ ?::tsquery")
		var names []string
		for _, by := range arm.Stemmers {
			names = append(names, by.String())
		}
		args = append(args, names, tsquery(arm.Terms))
	}
	if len(arms) > 0 {
		s.where("("+strings.Join(either, " OR ")+")", args...)
	}
}

// tsquery asks for all of the terms. They are letters, marks and numbers, which
// need no escape within quotes.
func tsquery(all []string) string { return "'" + strings.Join(all, "' & '") + "'" }
