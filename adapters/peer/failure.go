package peer

import (
	"context"
	"errors"

	"dendro/commands"
	"dendro/domain"
)

// sentinels are the errors that callers tell apart, by the names that they have
// between nodes.
var sentinels = []struct {
	name string
	err  error
}{
	{"fenced", domain.ErrFenced},
	{"unknown", domain.ErrUnknown},
	{"overloaded", domain.ErrOverloaded},
	{"misplaced", domain.ErrMisplaced},
	{"full", domain.ErrFull},
	{"closed", domain.ErrClosed},
	{"foreign_cut", domain.ErrForeignCut},
}

// failure is an error on its way: its text, and all that errors.Is and
// errors.As find in it.
type failure struct {
	Text     string            `json:"text"`
	Is       []string          `json:"is,omitempty"`
	Refusal  *domain.Refusal   `json:"refusal,omitempty"`
	NotOwned *domain.Partition `json:"not_owned,omitempty"`
	Damage   *domain.Damage    `json:"damage,omitempty"`
}

func encodeFailure(err error) *failure {
	f := &failure{Text: err.Error()}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		// Not the caller's context, who would not be listening: this node's.
		err = errors.Join(err, domain.ErrUnknown)
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			f.Is = append(f.Is, s.name)
		}
	}
	var not *commands.NotOwned
	if errors.As(err, &not) {
		f.NotOwned = &not.Partition
	}
	errors.As(err, &f.Refusal)
	errors.As(err, &f.Damage)
	return f
}

// err makes the error again.
func (f *failure) err() error {
	r := &remote{text: f.Text}
	if f.NotOwned != nil {
		r.within = append(r.within, &commands.NotOwned{Partition: *f.NotOwned})
	}
	if f.Refusal != nil {
		r.within = append(r.within, f.Refusal)
	}
	if f.Damage != nil {
		r.within = append(r.within, f.Damage)
	}
	for _, name := range f.Is {
		known := false
		for _, s := range sentinels {
			if s.name == name {
				r.within, known = append(r.within, s.err), true
			}
		}
		if !known { // of a later release: nobody here can tell what was done
			r.within = append(r.within, domain.ErrUnknown)
		}
	}
	return r
}

// remote is another node's error.
type remote struct {
	text   string
	within []error
}

// Error implements error.
func (r *remote) Error() string { return r.text }

// Unwrap gives what errors.Is and errors.As look for.
func (r *remote) Unwrap() []error { return r.within }
