package terms

import (
	"unicode"
	"unicode/utf8"
)

// class says what a character does to the word that it stands in.
type class uint8

const (
	outside class = iota // ends it
	ignored              // is no part of it, and does not end it
	mark                 // belongs to the character before
	spaced               // of a script with spaces between words
	pairs                // of one without, found by pairs of characters
	triples              // of one without, found by three characters: an alphabet
)

// Scripts without spaces. What belongs to none of the tables has them, or
// punctuation in their place.
var (
	inPairs = []*unicode.RangeTable{
		unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi,
	}
	inTriples = []*unicode.RangeTable{
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tai_Le, unicode.New_Tai_Lue,
		unicode.Tai_Tham, unicode.Tai_Viet, unicode.Balinese, unicode.Javanese,
	}
)

// Characters that Unicode's tables class otherwise than searches do.
const (
	zeroWidthSpace  = '\u200b' // a format character that separates words
	graphemeJoiner  = '\u034f' // a mark that shows nothing
	prolongedVowel  = 'ー'      // of no script, but always among kana
	firstOfPairs    = '\u1100' // no script of inPairs begins before
	firstOfTriples  = '\u0e00' // nor one of inTriples
	firstFormatMark = '\u00ad' // nor what is ignored
)

func classOf(r rune) class {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return spaced
	case r < firstFormatMark:
		return wordly(r)
	case unicode.Is(unicode.Cf, r) && r != zeroWidthSpace, r == graphemeJoiner, unicode.Is(unicode.Variation_Selector, r):
		return ignored
	case unicode.IsMark(r):
		return mark
	case wordly(r) == outside:
		return outside
	case r >= firstOfPairs && (r == prolongedVowel || unicode.In(r, inPairs...)):
		return pairs
	case r >= firstOfTriples && unicode.In(r, inTriples...):
		return triples
	}
	return spaced
}

func wordly(r rune) class {
	if unicode.IsLetter(r) || unicode.IsNumber(r) {
		return spaced
	}
	return outside
}

// nextRun cuts the first run out of a text, and gives what is behind it; ascii
// says that the run has ASCII's letters and digits only. Without one the run is
// empty. Bytes that are no UTF-8 are outside.
func nextRun(text string) (run, rest string, ascii bool) {
	begin, ascii := -1, true
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch in := classOf(r) != outside; {
		case in && begin < 0:
			begin = i
		case !in && begin >= 0:
			return text[begin:i], text[i:], ascii
		}
		if begin >= 0 && r >= utf8.RuneSelf {
			ascii = false
		}
		i += size
	}
	if begin < 0 {
		return "", "", false
	}
	return text[begin:], "", ascii
}

// parts divides a folded run where its script changes how words are found, and
// calls do with each part, which it may keep.
func parts(run string, do func(part string, of class)) {
	var part []byte
	of := outside
	end := func() {
		if len(part) > 0 {
			do(string(part), of)
		}
		part, of = part[:0], outside
	}
	for _, r := range run {
		switch c := classOf(r); {
		case c == outside:
			end()
			continue
		case c == ignored:
			continue
		case c == mark && of == outside:
			of = spaced
		case c != mark && c != of:
			end()
			of = c
		}
		part = utf8.AppendRune(part, r)
	}
	end()
}
