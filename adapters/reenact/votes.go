package reenact

import (
	"fmt"
	"slices"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/policy"
	"dendro/domain/tree"
	"dendro/projections/dataset"
)

// maxVotes bounds the label sets of one message, and its reactions of a kind:
// files have some dozens.
const maxVotes = 1000

type labelSet = []tree.LabelValue

// votes are label sets that have a row's means and counts. Of the free choices,
// which sets are reviews and in which order they come, those are made under
// which the acceptance rule gives the row's review_result.
type votes struct {
	// voided come first and are discounted when all is over: the file has a
	// decision that the reviews it counts did not take.
	voided  []labelSet
	reviews []labelSet
	free    []labelSet
	result  tree.Result // by the acceptance rule, before anything is discounted
	notes   []note
}

// ballot is a message's votes being inferred.
type ballot struct {
	votes
	root     bool
	accept   bool // wanted
	need     int  // reviews that decide
	bar      decimal.Decimal
	spam     []decimal.Decimal // of the reviews, as they come
	mismatch []decimal.Decimal // of the reviews; shorter when some do not say
	freeSpam []decimal.Decimal
	freeMis  []decimal.Decimal
}

// inferVotes makes the votes of a row. Where the decision that the row, its
// replies and ranks need is not that of the reviews it counts, others took part
// in it that were discounted later; or, if that does not lead to its figures
// either, it gets other figures, so that it alone comes out otherwise and not
// what hangs on it.
func inferVotes(n *node, p *policy.Policy) votes {
	r := n.row
	b := &ballot{
		root: n.root(), accept: wantsAccepted(r), need: p.NumReviews(n.root()), bar: p.Acceptance(n.root()),
	}
	count := min(reviewCount(r, b.need), maxVotes)
	b.reviews = make([]labelSet, count)
	b.placeVerdict(r, p.Mandatory(domain.LabelTask(r.Role, n.root())))
	b.result = b.rule()
	b.moveMarks()
	wanted := b.result
	switch needed := len(n.children) > 0 || r.Rank != nil; {
	case n.abortedByReviews(p):
		wanted = tree.Rejected
	case needed || b.accept:
		wanted = tree.Accepted
	}
	if b.result != wanted && !(n.conv.settles() && b.void(wanted)) && b.accept {
		b.force(len(n.children) > 0 || r.Rank != nil)
	}
	b.write()
	b.placeRest(r)
	return b.votes
}

// abortedByReviews reports whether only reviews can have aborted the tree.
func (n *node) abortedByReviews(p *policy.Policy) bool {
	return n.root() && len(n.children) == 0 && n.conv.want == domain.AbortedLowGrade &&
		!slices.ContainsFunc(n.row.Emojis, func(e tree.EmojiCount) bool {
			return e.Emoji == domain.EmojiRedFlag && e.Count >= p.AutoModRedFlags
		})
}

func wantsAccepted(r *dataset.Row) bool { return r.ReviewResult != nil && *r.ReviewResult }

// reviewCount is the row's, or, when the file does not say, what its result
// asks for.
func reviewCount(r *dataset.Row, need int) int {
	switch {
	case r.ReviewCount != nil:
		return *r.ReviewCount
	case r.ReviewResult != nil:
		return need
	}
	return 0
}

func labelMean(r *dataset.Row, name domain.Label) (tree.LabelMean, bool) {
	i := slices.IndexFunc(r.Labels, func(l tree.LabelMean) bool { return l.Label == name })
	if i < 0 {
		return tree.LabelMean{Label: name}, false
	}
	return r.Labels[i], true
}

// placeVerdict lays out the labels that the acceptance rule looks at: as mild
// as can be for the wanted decision, or as severe.
func (b *ballot) placeVerdict(r *dataset.Row, mandatory []domain.Label) {
	count := len(b.reviews)
	spam, _ := labelMean(r, domain.LabelSpam)
	values := spread(spam)
	if slices.Contains(mandatory, domain.LabelSpam) && len(values) < count {
		b.notes = append(b.notes, note{RuleLabels, "each review has the label spam, the file has fewer of it than reviews"})
		verdict := decimal.Int(1)
		if b.accept {
			verdict = decimal.Int(0)
		}
		for len(values) < count {
			values = append(values, verdict)
		}
		slices.SortFunc(values, decimal.Decimal.Cmp)
	}
	mismatch, _ := labelMean(r, domain.LabelLangMismatch)
	others := spread(mismatch)
	if !b.accept {
		slices.Reverse(values)
		slices.Reverse(others)
	}
	b.spam, b.freeSpam = split(values, count)
	b.mismatch, b.freeMis = split(others, count)
}

func split[T any](values []T, n int) (reviews, free []T) {
	n = min(n, len(values))
	return slices.Clone(values[:n]), slices.Clone(values[n:])
}

// moveMarks moves language marks into free sets as long as they stand against
// acceptance.
func (b *ballot) moveMarks() {
	for b.accept && b.result == tree.Rejected && len(b.mismatch) > 0 && b.mismatch[len(b.mismatch)-1].Sign() > 0 {
		last := len(b.mismatch) - 1
		b.freeMis = append(b.freeMis, b.mismatch[last])
		b.mismatch = b.mismatch[:last]
		b.result = b.rule()
	}
}

// void adds the fewest reviews with which the decision is the wanted one, if
// without them it is again the row's: when votes are discounted in a tree that
// is no longer reviewed, those left decide, and with none left the decision
// stands.
func (b *ballot) void(wanted tree.Result) bool {
	left := wanted == tree.Accepted
	if len(b.reviews) > 0 {
		left = b.passes(len(b.reviews))
	}
	if left != b.accept {
		return false
	}
	set := labelSet{{Label: domain.LabelSpam}}
	if wanted == tree.Rejected {
		one := decimal.Int(1)
		set = labelSet{{Label: domain.LabelSpam, Value: one}, {Label: domain.LabelLangMismatch, Value: one}}
	}
	for range b.need {
		b.voided = append(b.voided, set)
		if b.result = b.rule(); b.result == wanted {
			return true
		}
	}
	b.voided = nil
	b.result = b.rule()
	return false
}

// force changes the row's figures until they accept it, when others need that.
func (b *ballot) force(needed bool) {
	if !needed {
		return
	}
	if count := len(b.reviews); count < b.need {
		b.notes = append(b.notes, note{RuleReviews, fmt.Sprintf("accepted by %d reviews where it takes %d; it was played with more, for the sake of others", count, b.need)})
		for len(b.reviews) < b.need {
			b.reviews, b.spam = append(b.reviews, nil), append(b.spam, decimal.Int(0))
		}
	} else {
		b.notes = append(b.notes, note{RuleAcceptance, "its marks reject it; it was played with fewer, for the sake of others"})
	}
	slices.SortFunc(b.spam, decimal.Decimal.Cmp)
	b.result = b.rule()
	for i := len(b.spam) - 1; i >= 0 && b.result != tree.Accepted; i-- {
		b.spam[i] = decimal.Int(0)
		b.moveMarks()
	}
}

// rule is the acceptance rule over the reviews one after another (spec:
// collection §4): a prompt is decided once, a reply may still be accepted.
func (b *ballot) rule() tree.Result {
	result := tree.Undecided
	for n := b.need; n <= len(b.voided)+len(b.reviews); n++ {
		switch {
		case b.passes(n):
			return tree.Accepted
		case b.root:
			return tree.Rejected
		default:
			result = tree.Rejected
		}
	}
	return result
}

// passes reports whether the first n ≥ 1 reviews, voided ones included, speak
// for acceptance.
func (b *ballot) passes(n int) bool {
	penalty := decimal.Int(0)
	for i := range n {
		penalty = penalty.Add(b.penalty(i))
	}
	count := decimal.Int(int64(n))
	return count.Sub(penalty).Cmp(b.bar.Mul(count)) > 0
}

// penalty is the sum of the i-th review's marks.
func (b *ballot) penalty(i int) decimal.Decimal {
	sum := decimal.Int(0)
	if i < len(b.voided) {
		for _, l := range b.voided[i] {
			sum = sum.Add(l.Value)
		}
		return sum
	}
	if i -= len(b.voided); i < len(b.spam) {
		sum = b.spam[i]
	}
	if k := b.marked(i); k >= 0 {
		sum = sum.Add(b.mismatch[k])
	}
	return sum
}

// marked gives which of the language marks the i-th review has, or -1: the
// last reviews have them when they should accept, the first when not.
func (b *ballot) marked(i int) int {
	k := i
	if b.accept {
		k = i - (len(b.reviews) - len(b.mismatch))
	}
	if k >= len(b.mismatch) {
		return -1
	}
	return k
}

// write puts the verdict's labels into the sets.
func (b *ballot) write() {
	for i := range b.reviews {
		if i < len(b.spam) {
			b.give(&b.reviews, i, domain.LabelSpam, b.spam[i])
		}
		if k := b.marked(i); k >= 0 {
			b.give(&b.reviews, i, domain.LabelLangMismatch, b.mismatch[k])
		}
	}
	b.giveFree(domain.LabelSpam, b.freeSpam)
	b.giveFree(domain.LabelLangMismatch, b.freeMis)
}

func (b *ballot) give(sets *[]labelSet, i int, name domain.Label, value decimal.Decimal) {
	for len(*sets) <= i {
		*sets = append(*sets, nil)
	}
	(*sets)[i] = append((*sets)[i], tree.LabelValue{Label: name, Value: value})
}

func (b *ballot) giveFree(name domain.Label, values []decimal.Decimal) {
	for i, v := range values {
		b.give(&b.free, i, name, v)
	}
}

// placeRest puts the labels that decide nothing into the reviews, as far as
// tasks ask for them, and into free sets.
func (b *ballot) placeRest(r *dataset.Row) {
	asked, free := domain.LabelsAsked(r.Role), domain.LabelsFree()
	for _, l := range r.Labels {
		if l.Label == domain.LabelSpam || l.Label == domain.LabelLangMismatch {
			continue
		}
		values := spread(l)
		switch {
		case slices.Contains(asked, l.Label):
			inside, outside := split(values, len(b.reviews))
			for i, v := range inside {
				b.give(&b.reviews, i, l.Label, v)
			}
			b.giveFree(l.Label, outside)
		case slices.Contains(free, l.Label):
			b.giveFree(l.Label, values)
		default:
			b.notes = append(b.notes, note{RuleLabels, "there is no label " + string(l.Label)})
		}
	}
}

// spread gives values in ascending order whose mean is the label's: on the
// grid of its widget if they can be, else all the same.
func spread(l tree.LabelMean) []decimal.Decimal {
	count := min(l.Count, maxVotes)
	if count == 0 {
		return nil
	}
	steps := 1
	if i := l.Label.Index(); i >= 0 && domain.Labels[i].Widget == domain.Likert {
		steps = 4
	}
	// Published means are doubles: the sum is a whole number of steps when it
	// is one to a millionth.
	const unit, tolerance = 1_000_000_000, 1_000
	sum := l.Mean.Mul(decimal.Int(int64(count * steps))).Billionths()
	whole := (sum + unit/2) / unit
	out := make([]decimal.Decimal, count)
	for i := range out {
		out[i] = l.Mean
		if off := sum - whole*unit; off >= -tolerance && off <= tolerance {
			n := whole / count
			if i >= count-whole%count {
				n++
			}
			out[i] = decimal.Int(int64(n)).Div(int64(steps))
		}
	}
	return out
}
