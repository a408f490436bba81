package terms

import "slices"

// Arm is what a search asks of the texts that some stemmers read.
type Arm struct {
	Stemmers []Stemmer // in order
	Terms    []string
}

// Arms reads a search as each stemmer does, and gives together those that make
// the same terms of it: every stemmer is in one arm. None, when the search has
// no word.
func (a *Analyzer) Arms(search string) (arms []Arm) {
	for by := range Stemmers {
		terms := a.Search(by, search)
		slices.Sort(terms)
		i := slices.IndexFunc(arms, func(arm Arm) bool { return slices.Equal(arm.Terms, terms) })
		switch {
		case len(terms) == 0:
			return nil
		case i < 0:
			arms = append(arms, Arm{[]Stemmer{by}, slices.Clone(terms)})
		default:
			arms[i].Stemmers = append(arms[i].Stemmers, by)
		}
	}
	return arms
}

// ArmsIn is Arms for the texts of one language, or of all when it is "".
func (a *Analyzer) ArmsIn(language, search string) []Arm {
	if language == "" {
		return a.Arms(search)
	}
	by := StemmerOf(language)
	terms := a.Search(by, search)
	if len(terms) == 0 {
		return nil
	}
	slices.Sort(terms)
	return []Arm{{[]Stemmer{by}, slices.Clone(terms)}}
}
