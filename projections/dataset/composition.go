package dataset

import (
	"cmp"
	"maps"
	"slices"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

// Composition counts what a dataset holds (spec: dataset §3). Lists are in
// canonical order; names that do not occur are not in them.
type Composition struct {
	Trees, Messages, Contributors int
	Deleted, Synthetic            int
	States, Languages             []Count // trees by state, messages by language
	Roles, Results                []Count // messages by role, and by what reviews made of them
	Emojis                        []Count
	Labels                        []LabelShare
}

// Count is how often a name occurs.
type Count struct {
	Name string
	N    int
}

// LabelShare is a label's mean over all label sets of the dataset that hold it.
type LabelShare struct {
	Label domain.Label
	Mean  decimal.Decimal // rounded
	Sets  int
}

// tally counts while lines are written.
type tally struct {
	messages, deleted, synthetic int
	contributors                 map[domain.ContributorID]struct{}
	states                       map[domain.TreeState]int
	languages                    map[string]int
	roles                        map[domain.Role]int
	results                      map[tree.Result]int
	emojis                       map[domain.Emoji]int
	labels                       labelSums
}

func newTally() *tally {
	t := &tally{
		contributors: map[domain.ContributorID]struct{}{},
		states:       map[domain.TreeState]int{}, languages: map[string]int{},
		roles: map[domain.Role]int{}, results: map[tree.Result]int{}, emojis: map[domain.Emoji]int{},
	}
	t.labels.reset()
	return t
}

func (t *tally) message(m *message, user domain.ContributorID, emojis []tree.EmojiCount, labels labelSums) {
	t.messages++
	if m.deleted {
		t.deleted++
	}
	if m.synthetic {
		t.synthetic++
	}
	t.contributors[user] = struct{}{}
	t.languages[m.lang]++
	t.roles[m.role]++
	t.results[m.result]++
	for _, e := range emojis {
		t.emojis[e.Emoji] += e.Count
	}
	for i, s := range labels {
		t.labels.at(s.label, i).add(s.sum, s.count)
	}
}

func (t *tally) composition() Composition {
	c := Composition{
		Messages: t.messages, Contributors: len(t.contributors), Deleted: t.deleted, Synthetic: t.synthetic,
		States:    counts(t.states, byState),
		Languages: counts(t.languages, cmp.Compare[string]),
		Roles:     counts(t.roles, func(a, b domain.Role) int { return cmp.Compare(b, a) }), // prompter first
		Emojis:    counts(t.emojis, byEmoji),
	}
	for _, s := range c.States {
		c.Trees += s.N
	}
	for _, r := range []struct {
		name   string
		result tree.Result
	}{{"accepted", tree.Accepted}, {"rejected", tree.Rejected}, {"undecided", tree.Undecided}} {
		if n := t.results[r.result]; n > 0 {
			c.Results = append(c.Results, Count{r.name, n})
		}
	}
	for _, s := range t.labels {
		if s.count > 0 {
			c.Labels = append(c.Labels, LabelShare{s.label, s.sum.over(s.count), s.count})
		}
	}
	return c
}

func byState(a, b domain.TreeState) int {
	index := func(s domain.TreeState) uint { return uint(slices.Index(domain.TreeStates[:], s)) }
	return cmp.Or(cmp.Compare(index(a), index(b)), cmp.Compare(a, b))
}

func counts[K ~string](of map[K]int, order func(a, b K) int) []Count {
	var out []Count
	for _, k := range slices.SortedFunc(maps.Keys(of), order) {
		if of[k] > 0 {
			out = append(out, Count{string(k), of[k]})
		}
	}
	return out
}
