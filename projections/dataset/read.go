package dataset

import (
	"slices"

	"dendro/domain"
	"dendro/domain/tree"
)

// Dataset is what a recipe makes of the events that folds have taken.
type Dataset struct {
	recipe Recipe
	trees  []*conversation
	owners *owners

	agreement *agreements // of a recipe with raw votes
}

// Read reads a dataset off the folds, which together took every event of the
// cut once, each partition whole in one fold. The recipe must be valid. The
// dataset lasts until the next Apply to one of the folds.
func Read(r Recipe, folds ...*Fold) *Dataset {
	d := &Dataset{recipe: r, owners: newOwners(folds)}
	if r.Events == EventsInclude {
		d.agreement = newAgreements(folds, d.owners)
	}
	for _, f := range folds {
		for _, c := range f.trees {
			if c.root != nil && (r.Variant == All || c.state == domain.ReadyForExport) {
				d.trees = append(d.trees, c)
			}
		}
	}
	slices.SortFunc(d.trees, func(a, b *conversation) int {
		if by := a.root.created.Compare(b.root.created); by != 0 {
			return by
		}
		return a.id.Compare(b.id)
	})
	return d
}

// Erasures lists the contributors that were erased, by id. What they wrote,
// and so what is below it, is in no dataset; their votes stay counted.
func (d *Dataset) Erasures() []domain.ContributorID { return d.owners.erasures() }

// passes reports whether the message itself, and what is below it, can be in.
func (d *Dataset) passes(m *message) bool {
	return (d.recipe.Variant == All || m.result == tree.Accepted) &&
		(d.recipe.Deleted != DeletedNot || !m.deleted) &&
		!d.owners.of(m.author).erased
}

// holds reports whether a message that passes, as its ancestors do, is in for
// its own sake and not just to hang others from.
func (d *Dataset) holds(m *message) bool { return d.recipe.Deleted != DeletedOnly || m.deleted }

// Write makes the lines in their order (spec: dataset §3), each with its line
// feed. A line lasts until emit returns; emit's first error ends the writing.
// The composition is that of the messages held.
func (d *Dataset) Write(emit func(line []byte) error) (Composition, error) {
	w := &writer{Dataset: d, emit: emit, tally: newTally(), means: means{}}
	for _, c := range d.trees {
		held, err := w.write(c)
		if err != nil {
			return Composition{}, err
		}
		if held {
			w.tally.states[c.state]++
		}
	}
	return w.tally.composition(), nil
}

// writer writes one dataset; its slices are used again and again.
type writer struct {
	*Dataset
	emit   func([]byte) error
	tally  *tally
	line   []byte
	sums   labelSums
	counts []tree.EmojiCount
	means  means
}

func (w *writer) write(c *conversation) (held bool, err error) {
	if w.recipe.Format == Messages {
		return w.messages(c, c.root)
	}
	w.line = append(w.line[:0], `{"message_tree_id":"`...)
	w.line = appendID(w.line, c.id)
	w.line = appendText(append(w.line, '"'), "tree_state", string(c.state))
	w.line = append(w.line, `,"prompt":`...)
	if w.line, held = w.appendNode(w.line, c, c.root); !held {
		return false, nil
	}
	w.line = appendText(w.line, "origin", c.origin)
	return true, w.emit(append(w.line, "}\n"...))
}

// messages writes the message and what is below it, depth first.
func (w *writer) messages(c *conversation, m *message) (held bool, err error) {
	if !w.passes(m) {
		return false, nil
	}
	if held = w.holds(m); held {
		w.line = w.appendMessage(w.line[:0], c, m, true)
		w.line = append(w.line, `,"message_tree_id":"`...)
		w.line = append(appendID(w.line, c.id), '"')
		w.line = appendText(w.line, "tree_state", string(c.state))
		if err := w.emit(append(w.line, "}\n"...)); err != nil {
			return held, err
		}
	}
	for _, reply := range m.inOrder() {
		below, err := w.messages(c, reply)
		if err != nil {
			return held, err
		}
		held = held || below
	}
	return held, nil
}

// appendNode appends the message with its replies in it, or nothing when none
// of them is held.
func (w *writer) appendNode(dst []byte, c *conversation, m *message) (_ []byte, held bool) {
	if !w.passes(m) {
		return dst, false
	}
	start := len(dst)
	held = w.holds(m)
	dst = w.appendMessage(dst, c, m, held)
	dst = append(dst, `,"replies":[`...)
	first := len(dst)
	for _, reply := range m.inOrder() {
		before := len(dst)
		if before > first {
			dst = append(dst, ',')
		}
		var below bool
		if dst, below = w.appendNode(dst, c, reply); !below {
			dst = dst[:before]
		}
		held = held || below
	}
	if !held {
		return dst[:start], false
	}
	return append(dst, "]}"...), true
}
