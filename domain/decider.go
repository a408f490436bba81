package domain

import "time"

// Decider is the shape of every aggregate: S is its state, C its commands, X
// what a decision may know besides (now, policy, chance).
//
// Decide gives the events that follow from a command, or a *Refusal and no
// events. A command whose effect is there already gives neither. Evolve folds
// one event and the time of its envelope; it cannot fail and never checks.
// Neither changes what it is given.
type Decider[S, C, X any] struct {
	Initial func() S
	Decide  func(S, C, X) ([]Event, error)
	Evolve  func(S, Event, time.Time) S
}
