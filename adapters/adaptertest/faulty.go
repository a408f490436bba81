package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"dendro/domain"
)

// Fault is what becomes of one append.
type Fault int

// The faults. After all but None and Overloaded the writer is of no more use.
const (
	None           Fault = iota
	UnknownWritten       // written, but the answer is ErrUnknown
	UnknownLost          // not written, and the answer is ErrUnknown
	Overloaded           // not written, ErrOverloaded
	Fenced               // another owner comes just before: ErrFenced
)

// ErrInjected is what a plan's takeovers and reads may fail with.
var ErrInjected = errors.New("failed on purpose")

// Plan decides the faults. Its functions may be called concurrently; those that
// are nil inject nothing.
type Plan struct {
	Append func(p domain.Partition, events []domain.Recorded) Fault
	Own    func(p domain.Partition) error
	// Read is asked at the start of each Read and Follow: with an error the
	// reader meets it after that many events.
	Read func() (after int, err error)
}

// Script gives the appends these faults in turn, and none after that.
func Script(faults ...Fault) Plan {
	var mu sync.Mutex
	return Plan{Append: func(domain.Partition, []domain.Recorded) Fault {
		mu.Lock()
		defer mu.Unlock()
		if len(faults) == 0 {
			return None
		}
		next := faults[0]
		faults = faults[1:]
		return next
	}}
}

// Seeded rolls dice: each append, takeover and read fails in parts of whole
// cases. One seed gives one sequence of faults, in the order of the calls.
func Seeded(seed uint64, parts, whole int) Plan {
	var mu sync.Mutex
	dice := domain.NewDice(seed)
	roll := func(kinds int) int {
		mu.Lock()
		defer mu.Unlock()
		if !dice.Chance(parts, whole) {
			return 0
		}
		return 1 + dice.Below(kinds)
	}
	return Plan{
		Append: func(domain.Partition, []domain.Recorded) Fault { return Fault(roll(int(Fenced))) },
		Own: func(domain.Partition) error {
			if roll(1) > 0 {
				return ErrInjected
			}
			return nil
		},
		Read: func() (int, error) {
			if after := roll(100); after > 0 {
				return after - 1, ErrInjected
			}
			return 0, nil
		},
	}
}

// Faulty is the log, but with the plan's faults.
func Faulty(log domain.Log, plan Plan) domain.Log { return &faulty{Log: log, plan: plan} }

type faulty struct {
	domain.Log
	plan Plan
}

// Own implements domain.Log.
func (f *faulty) Own(ctx context.Context, p domain.Partition) (domain.Writer, error) {
	if f.plan.Own != nil {
		if err := f.plan.Own(p); err != nil {
			return nil, err
		}
	}
	w, err := f.Log.Own(ctx, p)
	if err != nil {
		return nil, err
	}
	return &faultyWriter{Writer: w, f: f, p: p}, nil
}

// Read implements domain.Log.
func (f *faulty) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return f.broken(f.Log.Read(ctx, from, to))
}

// Follow implements domain.Log.
func (f *faulty) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return f.broken(f.Log.Follow(ctx, from))
}

func (f *faulty) broken(events iter.Seq2[domain.Recorded, error]) iter.Seq2[domain.Recorded, error] {
	if f.plan.Read == nil {
		return events
	}
	return func(yield func(domain.Recorded, error) bool) {
		after, broken := f.plan.Read()
		n := 0
		for r, err := range events {
			if broken != nil && n == after {
				yield(domain.Recorded{}, broken)
				return
			}
			if !yield(r, err) {
				return
			}
			n++
		}
	}
}

type faultyWriter struct {
	domain.Writer
	f    *faulty
	p    domain.Partition
	lost error
}

// Append implements domain.Writer.
func (w *faultyWriter) Append(ctx context.Context, events []domain.Recorded) error {
	if w.lost != nil {
		return w.lost
	}
	fault := None
	if w.f.plan.Append != nil && len(events) > 0 {
		fault = w.f.plan.Append(w.p, events)
	}
	switch fault {
	case UnknownWritten:
		if err := w.Writer.Append(ctx, events); err != nil {
			return err
		}
		w.lost = fmt.Errorf("%w: %w", domain.ErrUnknown, ErrInjected)
	case UnknownLost:
		w.lost = fmt.Errorf("%w: %w", domain.ErrUnknown, ErrInjected)
	case Overloaded:
		return fmt.Errorf("%w: %w", domain.ErrOverloaded, ErrInjected)
	case Fenced:
		if _, err := w.f.Log.Own(ctx, w.p); err != nil {
			return err
		}
		w.lost = fmt.Errorf("%w: %w", domain.ErrFenced, ErrInjected)
	default:
		return w.Writer.Append(ctx, events)
	}
	return w.lost
}
