package dataset

import (
	"cmp"
	"slices"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

// labelSet is what one contributor said of one message at one time.
type labelSet struct {
	by     domain.ContributorID
	review bool // given for a task
	marks  []mark
}

// mark is one label's value, as indexes into marks: a dataset has millions of
// them and few different ones.
type mark struct {
	label uint32
	value uint32
}

// marks is the table of the labels and values that one fold met.
type marks struct {
	labels  []domain.Label // those of the domain first, then others as they came
	values  []number
	byLabel map[domain.Label]uint32
	byValue map[decimal.Decimal]uint32 // equal keys are equal numbers; the reverse would only save room
}

func newMarks() *marks {
	t := &marks{byLabel: map[domain.Label]uint32{}, byValue: map[decimal.Decimal]uint32{}}
	for _, l := range domain.Labels {
		t.label(l.Name)
	}
	return t
}

func (t *marks) of(labels []tree.LabelValue) []mark {
	out := make([]mark, len(labels))
	for i, l := range labels {
		value, ok := t.byValue[l.Value]
		if !ok {
			value = uint32(len(t.values))
			t.byValue[l.Value], t.values = value, append(t.values, numberOf(l.Value))
		}
		out[i] = mark{label: t.label(l.Label), value: value}
	}
	return out
}

func (t *marks) label(l domain.Label) uint32 {
	i, ok := t.byLabel[l]
	if !ok {
		i = uint32(len(t.labels))
		t.byLabel[l], t.labels = i, append(t.labels, l)
	}
	return i
}

// labelled keeps a label set; a free one replaces the earlier free one of the
// same contributor.
func (m *message) labelled(set labelSet) {
	if !set.review {
		m.sets = slices.DeleteFunc(m.sets, func(s labelSet) bool { return !s.review && s.by == set.by })
	}
	m.sets = append(m.sets, set)
}

// reviews counts the reviews of the present text.
func (c *conversation) reviews(m *message) int {
	n := m.importedReviews
	for i := range m.sets {
		if m.sets[i].review && !c.discounted[m.sets[i].by] {
			n++
		}
	}
	return n
}

// labelSum adds up one label's values.
type labelSum struct {
	label domain.Label
	sum   number
	count int
}

func (s *labelSum) add(v number, times int) {
	s.sum.add(v)
	s.count += times
}

// labelSums is a list in the order of domain.Labels, with others by name
// behind. Its first entries are always those of the domain, so that they are
// found by index.
type labelSums []labelSum

func (l *labelSums) reset() {
	*l = (*l)[:0]
	for i := range domain.Labels {
		*l = append(*l, labelSum{label: domain.Labels[i].Name})
	}
}

// at finds the sum of a label; i is its index in domain.Labels, or anything
// else when it has none.
func (l *labelSums) at(label domain.Label, i int) *labelSum {
	if i < 0 || i >= len(domain.Labels) {
		others := (*l)[len(domain.Labels):]
		n, found := slices.BinarySearchFunc(others, label, func(s labelSum, name domain.Label) int { return cmp.Compare(s.label, name) })
		i = len(domain.Labels) + n
		if !found {
			*l = slices.Insert(*l, i, labelSum{label: label})
		}
	}
	return &(*l)[i]
}

// addUp adds all label sets that count: reviews, and of each owner of accounts
// the newest free one. What an import brought counts as many sets as it says.
func (l *labelSums) addUp(c *conversation, m *message, who *owners) {
	l.reset()
	for _, x := range m.importedLabels {
		l.at(x.Label, x.Label.Index()).add(numberOf(x.Mean.Mul(decimal.Int(int64(x.Count)))), x.Count)
	}
	for i := range m.sets {
		set := &m.sets[i]
		if c.discounted[set.by] || !set.review && who.repeated(c, m.sets[i+1:], set.by) {
			continue
		}
		for _, x := range set.marks {
			l.at(c.marks.labels[x.label], int(x.label)).add(c.marks.values[x.value], 1)
		}
	}
}

// repeated reports whether a later free set that counts comes from another
// account of the same owner. One account has one free set anyway.
func (w *owners) repeated(c *conversation, later []labelSet, by domain.ContributorID) bool {
	if !w.merged() {
		return false
	}
	return slices.ContainsFunc(later, func(s labelSet) bool {
		return !s.review && !c.discounted[s.by] && w.of(s.by).id == w.of(by).id
	})
}
