package commands

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"dendro/domain"
)

// nobody is Peers that answer as they are told.
type nobody struct{ Peers }

// A command follows its partition only so long, and what is answered then says
// whether it may have been done.
func TestPassageEnds(t *testing.T) {
	unknown := errors.Join(errors.New("no answer"), domain.ErrUnknown)
	refused := domain.Refuse(domain.NoTask, "none")
	odd := errors.New("odd")
	for name, x := range map[string]struct {
		there   []error // one after another, the last for ever
		leave   time.Duration
		want    error
		not     error
		tries   int // exactly; 0 is many
		elapsed time.Duration
	}{
		"done at once":             {there: []error{nil}, tries: 1},
		"done at last":             {there: []error{&NotOwned{1}, unknown, nil}, tries: 3, elapsed: 15 * time.Millisecond},
		"refused":                  {there: []error{refused}, want: refused, tries: 1},
		"refused the second time":  {there: []error{unknown, refused}, want: refused, tries: 2, elapsed: 5 * time.Millisecond},
		"overloaded":               {there: []error{domain.ErrOverloaded}, want: domain.ErrOverloaded, not: domain.ErrUnknown, tries: 1},
		"overloaded, perhaps done": {there: []error{unknown, domain.ErrOverloaded}, want: domain.ErrUnknown, not: domain.ErrOverloaded, tries: 2, elapsed: 5 * time.Millisecond},
		"odd":                      {there: []error{odd}, want: odd, not: domain.ErrUnknown, tries: 1},
		"no owner":                 {there: []error{&NotOwned{1}}, want: domain.ErrFenced, not: domain.ErrUnknown, elapsed: passFor},
		"no owner, perhaps done":   {there: []error{unknown, &NotOwned{1}}, want: domain.ErrUnknown, not: domain.ErrFenced, elapsed: passFor},
		"no answer":                {there: []error{unknown}, want: domain.ErrUnknown, elapsed: passFor},
		"the caller leaves":        {there: []error{unknown}, leave: time.Second, want: context.DeadlineExceeded, elapsed: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if x.leave > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, x.leave)
					defer cancel()
				}
				began, tries := time.Now(), 0
				_, err := pass(ctx, &Engine{opt: Options{Peers: nobody{}}}, 1,
					func(context.Context) (int, error) { return 0, &NotOwned{1} },
					func(context.Context) (int, error) {
						tries++
						return 0, x.there[min(tries, len(x.there))-1]
					})
				if !errors.Is(err, x.want) || x.not != nil && errors.Is(err, x.not) {
					t.Errorf("%v, want %v, and not %v", err, x.want, x.not)
				}
				if x.tries > 0 && tries != x.tries || tries > 200 {
					t.Errorf("%d tries, want %d", tries, x.tries)
				}
				if got := time.Since(began); got != x.elapsed {
					t.Errorf("it took %s, want %s", got, x.elapsed)
				}
			})
		})
	}
}

// The partition may come here in the meantime.
func TestPassageComesHome(t *testing.T) {
	tries := 0
	got, err := pass(t.Context(), &Engine{opt: Options{Peers: nobody{}}}, 1,
		func(context.Context) (int, error) {
			if tries++; tries < 3 {
				return 0, &NotOwned{1}
			}
			return 7, nil
		},
		func(context.Context) (int, error) { return 0, &NotOwned{1} })
	if got != 7 || err != nil {
		t.Error(got, err)
	}
}

// Without peers it is said at once whose the partition is not.
func TestNoPeers(t *testing.T) {
	e := &Engine{}
	_, err := pass(t.Context(), e, 4, func(context.Context) (int, error) { return 0, &NotOwned{4} }, nil)
	var not *NotOwned
	if !errors.As(err, &not) || not.Partition != 4 {
		t.Error(err)
	}
}
