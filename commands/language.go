package commands

import (
	"errors"
	"strings"

	"golang.org/x/text/language"

	"dendro/domain"
)

// maxTag bounds a language tag, in bytes; real ones are far shorter.
const maxTag = 35

// maxLanguages bounds the tags that requests alone can make us remember.
const maxLanguages = 10_000

// languages maps the canonical form of a tag to the form in which it was first
// met, which it keeps for ever (spec: collection §2).
type languages map[string]string

// canonicalTag gives what all spellings of a well-formed BCP 47 tag share.
func canonicalTag(tag string) (string, error) {
	parsed, err := language.Raw.Parse(tag)
	var unknown language.ValueError
	switch {
	case len(tag) > maxTag || tag == "" || strings.ContainsRune(tag, '_'):
		err = errors.New("malformed")
	case errors.As(err, &unknown): // well-formed, with a subtag that no registry has
		return strings.ToLower(tag), nil
	}
	if err != nil || parsed == language.Und {
		return "", domain.Refuse(domain.UnknownLanguage, "%q is not a BCP 47 language tag such as en or pt-BR", tag)
	}
	return strings.ToLower(parsed.String()), nil
}

func (l languages) meet(tag string) {
	if c, err := canonicalTag(tag); err == nil {
		if _, known := l[c]; !known {
			l[c] = tag
		}
	}
}

// conventional gives a well-formed tag the letters' case that BCP 47 recommends.
func conventional(tag string) string {
	parsed, err := language.Raw.Parse(tag)
	if err != nil {
		return strings.ToLower(tag)
	}
	return parsed.String()
}

// language gives the form of a tag that its pool is named by. With within not
// empty, no other language is the campaign's. One of several nodes cannot tell
// which form another was given first a moment ago: there a language that nobody
// has met gets the form that all nodes agree on.
func (f *facts) language(tag string, within []string) (string, error) {
	c, err := canonicalTag(tag)
	if err != nil {
		return "", err
	}
	if len(within) > 0 {
		found := false
		for _, w := range within {
			wc, err := canonicalTag(w)
			if err == nil && wc == c {
				tag, found = w, true
			}
		}
		if !found {
			return "", domain.Refuse(domain.UnknownLanguage, "%q is not a language of this campaign (%s)", tag, strings.Join(within, ", "))
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if first, known := f.languages[c]; known {
		return first, nil
	}
	switch {
	case !f.alone && len(within) == 0:
		return conventional(tag), nil
	case f.alone && len(f.languages) < maxLanguages:
		f.languages[c] = tag
	}
	return tag, nil
}
