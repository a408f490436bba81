package domaintest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dendro/domain"
	"dendro/domain/decimal"
)

// Scenario reads like the rule that it tests: given events, when a command,
// then events or a refusal.
type Scenario[S, C, X any] struct {
	t       *testing.T
	decider domain.Decider[S, C, X]
	state   S
	context X
	now     time.Time
	events  []domain.Event
	err     error
}

// For begins a scenario; now is the time of the given events.
func For[S, C, X any](t *testing.T, d domain.Decider[S, C, X], x X, now time.Time) *Scenario[S, C, X] {
	t.Helper()
	return &Scenario[S, C, X]{t: t, decider: d, state: d.Initial(), context: x, now: now}
}

// Given folds events.
func (s *Scenario[S, C, X]) Given(events ...domain.Event) *Scenario[S, C, X] {
	for _, e := range events {
		s.state = s.decider.Evolve(s.state, e, s.now)
	}
	return s
}

// When decides, and folds what was decided.
func (s *Scenario[S, C, X]) When(c C) *Scenario[S, C, X] {
	s.t.Helper()
	s.events, s.err = s.decider.Decide(s.state, c, s.context)
	if s.err != nil && len(s.events) > 0 {
		s.t.Errorf("%T was refused (%v) and gave events %v", c, s.err, s.events)
	}
	s.Given(s.events...)
	return s
}

// Then holds the decision against the events.
func (s *Scenario[S, C, X]) Then(want ...domain.Event) *Scenario[S, C, X] {
	s.t.Helper()
	if s.err != nil {
		s.t.Errorf("refused: %v", s.err)
	}
	decimals := cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Cmp(b) == 0 })
	if diff := cmp.Diff(want, s.events, decimals, cmpopts.EquateEmpty()); diff != "" {
		s.t.Errorf("decided otherwise (-want +got):\n%s", diff)
	}
	return s
}

// ThenTypes holds the decision against the names of events.
func (s *Scenario[S, C, X]) ThenTypes(want ...domain.EventType) *Scenario[S, C, X] {
	s.t.Helper()
	if s.err != nil {
		s.t.Errorf("refused: %v", s.err)
	}
	var got []domain.EventType
	for _, e := range s.events {
		got = append(got, e.Type())
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.t.Errorf("decided otherwise (-want +got):\n%s", diff)
	}
	return s
}

// Refused expects a refusal of the kind, and no events.
func (s *Scenario[S, C, X]) Refused(kind domain.Kind) *Scenario[S, C, X] {
	s.t.Helper()
	if got := domain.RefusalKind(s.err); got != kind {
		s.t.Errorf("refused as %q (%v; events %v), want %q", got, s.err, s.events, kind)
	}
	return s
}

// State gives the state reached.
func (s *Scenario[S, C, X]) State() S { return s.state }
