package domain

// Work is what a tree tells its pool about itself after each change: its
// state and the tasks that it has a need for. The tree decides what is needed,
// the pool who gets it.
type Work struct {
	Tree   TreeID
	State  TreeState
	Author ContributorID // of the prompt
	// Drawable: a waiting prompt that may take part in the lottery.
	Drawable bool
	Slots    []Slot // at most one per kind and message
}

// Slot is the need for a task of one kind on one message.
type Slot struct {
	Kind    TaskKind
	Message MessageID
	Places  int             // how many more are needed, at least 1
	Lonely  bool            // reply tasks: a parent to prefer (spec: collection §5)
	Barred  []ContributorID // who may not take it: authors, those who did it or skipped it
}
