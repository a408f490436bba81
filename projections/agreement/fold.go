package agreement

import (
	"slices"

	"dendro/domain"
	"dendro/domain/agreement"
	"dendro/domain/tree"
	"dendro/projections"
)

var _ projections.Projection = (*Fold)(nil)

// Fold gives the rows of this view. Make it with New.
type Fold struct {
	trees  map[domain.StreamID]*conversation
	ledger *agreement.Ledger
}

// conversation is what was said in one tree.
type conversation struct {
	messages   []message // by id
	discounted []domain.ContributorID
}

// message has the reviews of its present text, whether they count or not.
type message struct {
	id      domain.MessageID
	reviews []agreement.Rating
}

// New gives the fold before the first event.
func New() *Fold {
	return &Fold{trees: map[domain.StreamID]*conversation{}, ledger: agreement.NewLedger()}
}

// Name implements projections.Projection.
func (*Fold) Name() string { return "agreement" }

// Revision implements projections.Projection.
func (*Fold) Revision() int { return 2 }

// Apply implements projections.Projection.
func (f *Fold) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	switch e := r.Payload.(type) {
	case tree.LabelsSubmitted:
		if e.Task.IsZero() {
			return changes
		}
		f.reviewed(f.conversation(r.Stream), e)
	case tree.MessageEdited:
		f.edited(f.trees[r.Stream], e.Message)
	case tree.VotesDiscounted:
		f.discount(f.conversation(r.Stream), e.Contributor, true)
	case tree.VotesReinstated:
		f.discount(f.conversation(r.Stream), e.Contributor, false)
	default:
		return changes
	}
	return f.changed(changes)
}

func (f *Fold) conversation(stream domain.StreamID) *conversation {
	c := f.trees[stream]
	if c == nil {
		c = &conversation{}
		f.trees[stream] = c
	}
	return c
}

func (f *Fold) reviewed(c *conversation, e tree.LabelsSubmitted) {
	i, there := slices.BinarySearchFunc(c.messages, e.Message, func(m message, id domain.MessageID) int { return m.id.Compare(id) })
	if !there {
		c.messages = slices.Insert(c.messages, i, message{id: e.Message})
	}
	m := &c.messages[i]
	rating := agreement.Rating{By: e.Contributor, Values: agreement.NoValues()}
	for _, l := range e.Labels {
		rating.Values.Set(l.Label, l.Value)
	}
	before := c.counted(m)
	m.reviews = append(m.reviews, rating)
	f.ledger.Replace(before, c.counted(m))
}

func (f *Fold) edited(c *conversation, id domain.MessageID) {
	if c == nil {
		return
	}
	for i := range c.messages {
		if m := &c.messages[i]; m.id == id {
			f.ledger.Replace(c.counted(m), nil)
			m.reviews = nil
		}
	}
}

func (f *Fold) discount(c *conversation, who domain.ContributorID, out bool) {
	if slices.Contains(c.discounted, who) == out {
		return
	}
	before := make([][]agreement.Rating, len(c.messages))
	for i := range c.messages {
		before[i] = c.counted(&c.messages[i])
	}
	if out {
		c.discounted = append(c.discounted, who)
	} else {
		c.discounted = slices.DeleteFunc(c.discounted, func(d domain.ContributorID) bool { return d == who })
	}
	for i := range c.messages {
		f.ledger.Replace(before[i], c.counted(&c.messages[i]))
	}
}

// counted gives the reviews that count.
func (c *conversation) counted(m *message) []agreement.Rating {
	if len(c.discounted) == 0 {
		return m.reviews
	}
	return slices.DeleteFunc(slices.Clone(m.reviews), func(r agreement.Rating) bool { return slices.Contains(c.discounted, r.By) })
}

// changed gives the rows that the ledger changed.
func (f *Fold) changed(changes []projections.Change) []projections.Change {
	own, all := f.ledger.Changed()
	for _, k := range own {
		row := &Rater{Contributor: k.By, Size: k.Size}
		if sums := f.ledger.Own[k]; sums != nil {
			row.Sums = *sums
			changes = append(changes, projections.Put(row))
		} else {
			changes = append(changes, projections.Remove(row))
		}
	}
	for _, size := range all {
		row := &Everybody{Size: size}
		if spreads := f.ledger.All[size]; spreads != nil {
			row.Spreads = *spreads
			changes = append(changes, projections.Put(row))
		} else {
			changes = append(changes, projections.Remove(row))
		}
	}
	return changes
}
