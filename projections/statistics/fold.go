package statistics

import (
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
	"dendro/projections"
)

var _ projections.Projection = (*Fold)(nil)

// Fold gives the rows of this view. Make it with New.
type Fold struct {
	messages counters[Messages]
	trees    counters[Trees]
	consents counters[Consents]

	counted  map[domain.MessageID]*counter[Messages] // where each message is counted
	planted  map[domain.StreamID]plant
	standing map[domain.ContributorID]standing
}

// plant is a tree from its opening on, and where it is counted once it has a
// prompt.
type plant struct {
	at     *counter[Trees]
	rooted bool
}

// standing is what counts of a contributor.
type standing struct{ accepted, erased bool }

// New gives the fold before the first event.
func New() *Fold {
	return &Fold{
		messages: newCounters(func(m *Messages) *int { return &m.N }),
		trees:    newCounters(func(t *Trees) *int { return &t.N }),
		consents: newCounters(func(c *Consents) *int { return &c.N }),
		counted:  map[domain.MessageID]*counter[Messages]{},
		planted:  map[domain.StreamID]plant{},
		standing: map[domain.ContributorID]standing{},
	}
}

// Name implements projections.Projection.
func (*Fold) Name() string { return "statistics" }

// Revision implements projections.Projection.
func (*Fold) Revision() int { return 1 }

// Apply implements projections.Projection. Events that name a message or a
// parent that is not there change nothing.
func (f *Fold) Apply(r *domain.Recorded, changes []projections.Change) []projections.Change {
	switch e := r.Payload.(type) {
	case tree.Opened:
		f.enter(r.Stream, e.Language, domain.InitialPromptReview)
	case tree.StateChanged:
		if p := f.planted[r.Stream]; p.at != nil {
			f.enter(r.Stream, p.at.key.Language, e.To)
		}
	case tree.Imported:
		f.enter(r.Stream, e.Language, e.State)
		for i := range e.Messages {
			m := &e.Messages[i]
			f.add(r.Stream, m.Message, m.Parent, Messages{Language: m.Language, Role: m.Role, Synthetic: m.Synthetic, Deleted: m.Deleted})
		}
	case tree.MessagePosted:
		f.add(r.Stream, e.Message, e.Parent, Messages{Language: e.Language, Role: e.Role, Synthetic: e.Synthetic})
	case tree.MessageDeleted:
		f.setDeleted(e.Messages, true)
	case tree.MessageRestored:
		f.setDeleted(e.Messages, false)
	case contributor.Consented:
		f.stand(r.Stream, func(s *standing) { s.accepted = true })
	case contributor.Erased:
		f.stand(r.Stream, func(s *standing) { s.erased = true })
	default:
		return changes
	}
	for _, row := range f.messages.changed() {
		changes = append(changes, projections.Put(row))
	}
	for _, row := range f.trees.changed() {
		changes = append(changes, projections.Put(row))
	}
	for _, row := range f.consents.changed() {
		changes = append(changes, projections.Put(row))
	}
	return changes
}

// enter moves a tree to a state.
func (f *Fold) enter(stream domain.StreamID, language string, state domain.TreeState) {
	p := f.planted[stream]
	next := plant{at: f.trees.of(Trees{Language: language, State: state}), rooted: p.rooted}
	if p.rooted {
		f.trees.add(p.at, -1)
		f.trees.add(next.at, 1)
	}
	f.planted[stream] = next
}

// add counts a message, and with the prompt its tree. One that is there
// already, a second root and a reply to nothing are left out: no valid log has
// them.
func (f *Fold) add(stream domain.StreamID, id, parent domain.MessageID, key Messages) {
	p := f.planted[stream]
	if p.at == nil || f.counted[id] != nil || parent.IsZero() == p.rooted || p.rooted && f.counted[parent] == nil {
		return
	}
	if !p.rooted {
		f.trees.add(p.at, 1)
		f.planted[stream] = plant{at: p.at, rooted: true}
	}
	f.count(id, key)
}

// count puts a message to a counter.
func (f *Fold) count(id domain.MessageID, key Messages) {
	at := f.messages.of(key)
	f.messages.add(at, 1)
	f.counted[id] = at
}

func (f *Fold) setDeleted(ids []domain.MessageID, deleted bool) {
	for _, id := range ids {
		from := f.counted[id]
		if from == nil || from.key.Deleted == deleted {
			continue
		}
		key := from.key
		key.Deleted = deleted
		f.messages.add(from, -1)
		f.count(id, key)
	}
}

func (f *Fold) stand(stream domain.StreamID, change func(*standing)) {
	id, ok := stream.Contributor()
	if !ok {
		return
	}
	s := f.standing[id]
	before := s
	change(&s)
	f.standing[id] = s
	if s.accepts() != before.accepts() {
		n := -1
		if s.accepts() {
			n = 1
		}
		f.consents.add(f.consents.of(Consents{}), n)
	}
}

func (s standing) accepts() bool { return s.accepted && !s.erased }
