package terms

import (
	"strings"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/irish"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/tamil"
	"github.com/blevesearch/snowballstem/turkish"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Stemmer names the rules that texts of some languages are read by: an index of
// Stemmers.
type Stemmer uint8

// Plain is the stemmer of languages without one: words stay as they are.
const Plain Stemmer = 0

// rules are those of one stemmer.
type rules struct {
	name    string // the language's primary subtag; "" for Plain
	others  []string
	stem    func(*snowballstem.Env) bool
	turkish bool // ı and i are two letters
}

var stemmers = [...]rules{
	Plain: {},
	{name: "ar", stem: arabic.Stem},
	{name: "da", stem: danish.Stem},
	{name: "de", stem: german.Stem},
	{name: "en", stem: english.Stem},
	{name: "es", stem: spanish.Stem},
	{name: "fi", stem: finnish.Stem},
	{name: "fr", stem: french.Stem},
	{name: "ga", stem: irish.Stem},
	{name: "hu", stem: hungarian.Stem},
	{name: "it", stem: italian.Stem},
	{name: "nl", stem: dutch.Stem},
	{name: "no", others: []string{"nb", "nn"}, stem: norwegian.Stem},
	{name: "pt", stem: portuguese.Stem},
	{name: "ro", stem: romanian.Stem},
	{name: "ru", stem: russian.Stem},
	{name: "sv", stem: swedish.Stem},
	{name: "ta", stem: tamil.Stem},
	{name: "tr", stem: turkish.Stem, turkish: true},
}

// Stemmers is how many there are, Plain among them.
const Stemmers = Stemmer(len(stemmers))

var bySubtag = func() map[string]Stemmer {
	known := map[string]Stemmer{}
	for i, r := range stemmers[1:] {
		for _, name := range append(r.others, r.name) {
			known[name] = Stemmer(i + 1)
		}
	}
	return known
}()

// StemmerOf gives the stemmer of a language, by the primary subtag of its tag,
// in any case.
func StemmerOf(language string) Stemmer {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	return bySubtag[primary]
}

// String gives the stemmer's name, which never changes; "" for Plain.
func (s Stemmer) String() string { return stemmers[s].name }

// maxStemmed is how many bytes a word has at most that is stemmed: longer ones
// are none of a language.
const maxStemmed = 48

// stem gives a word's stem: never an empty one.
func (s Stemmer) stem(word string) string {
	if s == Plain || len(word) > maxStemmed {
		return word
	}
	env := snowballstem.NewEnv(word)
	stemmers[s].stem(env)
	if stem := env.Current(); stem != "" {
		return stem
	}
	return word
}

// dotted writes İ without the dot that case folding would make a mark of:
// whoever looks for it types an i.
var dotted = strings.NewReplacer("İ", "i", "I\u0307", "i")

// fold writes a run as words are compared.
func (s Stemmer) fold(run string) string {
	run = dotted.Replace(norm.NFKC.String(run))
	if stemmers[s].turkish {
		run = strings.ToLowerSpecial(unicode.TurkishCase, run)
	}
	return norm.NFKC.String(cases.Fold().String(run))
}
