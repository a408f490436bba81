package crowd

import "slices"

// shares are the languages of the crowd, in parts of a thousand: about those
// of the messages of OASST1. The remaining 1.3% of its languages are left out.
var shares = []struct {
	language string
	parts    int
}{
	{"en", 460}, {"es", 300}, {"ru", 90}, {"zh", 40}, {"de", 35}, {"fr", 25},
	{"pt-BR", 15}, {"th", 9}, {"ca", 7}, {"uk-UA", 6}, {"it", 5}, {"ja", 3},
}

const (
	// contributorsPerLanguage is how many contributors a language takes to
	// get trees reviewed and ranked by others than their authors.
	contributorsPerLanguage = 20
	// leastPerLanguage work in the smallest language.
	leastPerLanguage = 10
)

// Languages lists those that so many contributors can sustain: one for every
// twenty of them, the largest first.
func Languages(contributors int) []string {
	n := min(max(contributors/contributorsPerLanguage, 1), len(shares))
	var out []string
	for _, s := range shares[:n] {
		out = append(out, s.language)
	}
	return out
}

// spread gives each of n members a language, as an index: every language has
// its least number, the others go by share, and all are mixed evenly, so that
// each language has its part of the most active members, who come first.
func spread(n int, languages []string) []int {
	weights := make([]int, len(languages))
	sum := 0
	for i, lang := range languages {
		weights[i] = shareOf(lang)
		sum += weights[i]
	}
	least := min(leastPerLanguage, n/len(languages))
	rest := n - least*len(languages)
	for i := range weights {
		weights[i] = least*sum + rest*weights[i] // in n·sum parts
	}
	owed := make([]int, len(languages))
	out := make([]int, n)
	for k := range out {
		for i := range owed {
			owed[i] += weights[i]
		}
		at := slices.Index(owed, slices.Max(owed))
		owed[at] -= n * sum
		out[k] = at
	}
	return out
}

// shareOf gives a language's share; one that is not in the table has a small one.
func shareOf(language string) int {
	for _, s := range shares {
		if s.language == language {
			return s.parts
		}
	}
	return 5
}
