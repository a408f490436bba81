package dataset

import (
	"cmp"
	"maps"
	"slices"

	"dendro/domain"
	"dendro/domain/agreement"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

// exact gives the number as it was given.
func (x number) exact() decimal.Decimal {
	return decimal.Int(x.billionths).Mul(billionth).Add(x.rest)
}

// appendEvents appends the raw votes on a message, whether or not they count:
// label sets of its present text, emojis, and the rankings of its replies, each
// with who gave it. Beside the labels of a review stands how far its author
// agrees with others under each of them, as of the cut (domain/agreement); not
// of those who were erased, whose votes the figures would tie together.
func (w *writer) appendEvents(dst []byte, c *conversation, m *message) []byte {
	o := open(dst, `,"events":{`)
	for i := range m.sets {
		o.dst = w.appendSet(o.item("labels", i), c, &m.sets[i])
	}
	o.end(len(m.sets))
	for i, r := range m.reactionsInOrder() {
		o.dst = w.appendVoter(append(o.item("emoji", i), '{'), r.by)
		o.dst = append(AppendString(append(o.dst, `"emoji":`...), string(r.emoji)), '}')
	}
	o.end(len(m.reactions))
	for i := range m.rankings {
		o.dst = w.appendRanking(o.item("ranking", i), c, &m.rankings[i])
	}
	o.end(len(m.rankings))
	return o.close()
}

// item begins the i-th item of a list, and the list with the first.
func (o *object) item(key string, i int) []byte {
	if i > 0 {
		return append(o.dst, ',')
	}
	o.key(key)
	return append(o.dst, '[')
}

// end ends a list of n items, if there was one.
func (o *object) end(n int) {
	if n > 0 {
		o.dst = append(o.dst, ']')
	}
}

// appendVoter appends who voted, but for those who were erased, and a comma.
func (w *writer) appendVoter(dst []byte, by domain.ContributorID) []byte {
	if user := w.owners.of(by); !user.erased && !user.id.IsZero() {
		dst = append(appendID(append(dst, `"user_id":"`...), user.id), `",`...)
	}
	return dst
}

func (w *writer) appendSet(dst []byte, c *conversation, set *labelSet) []byte {
	dst = w.appendVoter(append(dst, '{'), set.by)
	dst = append(dst, `"review":`...)
	if set.review {
		dst = append(dst, "true"...)
	} else {
		dst = append(dst, "false"...)
	}
	labels := open(dst, `,"labels":{`)
	for _, x := range set.marks {
		labels.key(string(c.marks.labels[x.label]))
		labels.dst = append(labels.dst, numeral(c.marks.values[x.value].exact())...)
	}
	dst = labels.close()
	if set.review {
		dst = w.appendAgreement(dst, c, set)
	}
	return appendDiscounted(dst, c, set.by)
}

func (w *writer) appendAgreement(dst []byte, c *conversation, set *labelSet) []byte {
	user := w.owners.of(set.by)
	if user.erased {
		return dst
	}
	figures := w.agreement.of(user.id)
	o := open(dst, `,"agreement":{`)
	for _, x := range set.marks {
		if i := int(x.label); i < agreement.Labels && figures[i].Known {
			o.key(string(domain.Labels[i].Name))
			o.dst = append(o.dst, numeral(figures[i].Alpha)...)
		}
	}
	return o.close()
}

// appendDiscounted ends a vote, and says when it does not count.
func appendDiscounted(dst []byte, c *conversation, by domain.ContributorID) []byte {
	if c.discounted[by] {
		dst = append(dst, `,"discounted":true`...)
	}
	return append(dst, '}')
}

func (w *writer) appendRanking(dst []byte, c *conversation, r *tree.RankingSubmitted) []byte {
	dst = w.appendVoter(append(dst, '{'), r.Contributor)
	if r.NotRankable {
		return appendDiscounted(append(dst, `"not_rankable":true`...), c, r.Contributor)
	}
	dst = append(dst, `"order":[`...)
	for i, id := range r.Order {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendID(append(dst, '"'), id), '"')
	}
	return appendDiscounted(append(dst, ']'), c, r.Contributor)
}

// reactionsInOrder gives the emojis by their order, then by contributor.
func (m *message) reactionsInOrder() []reaction {
	return slices.SortedFunc(maps.Keys(m.reactions), func(a, b reaction) int {
		return cmp.Or(cmp.Compare(uint(a.emoji.Index()), uint(b.emoji.Index())), cmp.Compare(a.emoji, b.emoji), a.by.Compare(b.by))
	})
}

// voted keeps a ranking with its parent.
func (c *conversation) voted(e tree.RankingSubmitted) {
	if m := c.messages[e.Parent]; m != nil {
		m.rankings = append(m.rankings, e)
	}
}

// agreements are how far owners of accounts agree with others.
type agreements struct {
	everybody [agreement.Labels]agreement.Spread
	own       map[domain.ContributorID]agreement.BySize
	known     map[domain.ContributorID]*[agreement.Labels]agreement.Figure
}

// newAgreements looks at every review of the folds that counts, whatever a
// recipe leaves out: so a contributor has one figure at a cut.
func newAgreements(folds []*Fold, who *owners) *agreements {
	ledger := agreement.NewLedger()
	var unit []agreement.Rating
	for _, f := range folds {
		for _, c := range f.trees {
			for _, m := range c.messages {
				unit = c.ratings(unit[:0], m)
				ledger.Replace(nil, unit)
			}
		}
	}
	a := &agreements{
		own:   map[domain.ContributorID]agreement.BySize{},
		known: map[domain.ContributorID]*[agreement.Labels]agreement.Figure{},
	}
	for i := range a.everybody {
		a.everybody[i], _ = agreement.Everybody(ledger.All, i)
	}
	for k, s := range ledger.Own {
		owner := who.of(k.By).id
		if a.own[owner] == nil {
			a.own[owner] = agreement.BySize{}
		}
		a.own[owner].Add(k.Size, s)
	}
	return a
}

func (c *conversation) ratings(unit []agreement.Rating, m *message) []agreement.Rating {
	for i := range m.sets {
		set := &m.sets[i]
		if !set.review || c.discounted[set.by] {
			continue
		}
		r := agreement.Rating{By: set.by, Values: agreement.NoValues()}
		for _, x := range set.marks {
			r.Values.Set(c.marks.labels[x.label], c.marks.values[x.value].exact())
		}
		unit = append(unit, r)
	}
	return unit
}

func (a *agreements) of(owner domain.ContributorID) *[agreement.Labels]agreement.Figure {
	f := a.known[owner]
	if f == nil {
		f = new([agreement.Labels]agreement.Figure)
		for i := range f {
			f[i] = agreement.Alpha(agreement.Groups(a.own[owner], i), a.everybody[i])
		}
		a.known[owner] = f
	}
	return f
}
