package crowd

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Read gives the impression that a text makes on somebody who knows neither
// its author's habits nor its id: what the pen writes as advertisement or
// insult is recognised as such, in any run. Author names the author, as far as
// readers are told; half of the quality is the author's.
func Read(language, author, text string) Impression {
	signs := signsOf()[language]
	if signs == nil {
		signs = signsOf()["en"]
	}
	skill := 20 + int(number(0, "skill", author)%81)
	return Impression{Key: text, Spam: signs.spam.MatchString(text), Rude: signs.rude.MatchString(text), Quality: quality(text, skill)}
}

// quality is how good a message is, 0 to 100: half of it is its author's.
func quality(key string, skill int) int {
	return (int(number(0, "quality", key)%101) + skill) / 2
}

// signs tell bad texts of a language from others.
type signs struct{ spam, rude *regexp.Regexp }

var signsOf = sync.OnceValue(func() map[string]*signs {
	all := map[string]*signs{}
	for language, w := range vocabulary {
		all[language] = &signs{spam: pattern(w.spams), rude: pattern(w.rude)}
	}
	return all
})

// pattern matches what is made from one of the phrases; a number may follow.
func pattern(list []string) *regexp.Regexp {
	blanks := strings.NewReplacer("%s", ".+", "%d", `\d+`)
	parts := slices.Clone(list)
	for i, phrase := range parts {
		parts[i] = blanks.Replace(regexp.QuoteMeta(phrase))
	}
	return regexp.MustCompile(`^(?:` + strings.Join(parts, "|") + `)(?: \(\d+\))?$`)
}
