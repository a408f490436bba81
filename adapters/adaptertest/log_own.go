package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"dendro/domain"
)

func (s *suite) fenced() {
	old, oldFeed := s.own(0)
	s.append(old, oldFeed.Events(Command(0, 0), 2, 1, 50))
	other, otherFeed := s.own(1)
	now, feed := s.own(0)
	for i := range 2 {
		if err := old.Append(s.ctx, oldFeed.Events(Command(0, 1+i), 1, 1, 50)); !errors.Is(err, domain.ErrFenced) {
			s.Fatalf("an earlier owner's append: %v, want ErrFenced", err)
		}
	}
	s.append(now, feed.Events(Command(1, 0), 2, 1, 50))
	s.append(other, otherFeed.Events(Command(2, 0), 2, 1, 50)) // another partition: not fenced
	s.log = s.reopen(s.T)
	w, feed := s.own(0)
	s.append(w, feed.Events(Command(3, 0), 1, 1, 50))
	got := s.all()
	if err := CheckDense(got); err != nil {
		s.Fatal(err)
	}
	if zombie := append(of(got, Command(0, 1)), of(got, Command(0, 2))...); len(zombie) > 0 {
		s.Fatalf("the earlier owner has written %v", zombie)
	}
}

// Load of the takeovers test.
const (
	rivals         = 4
	takeoversEach  = 12
	appendsInEpoch = 5
)

// takeovers lets rivals take the partition from each other while they append.
func (s *suite) takeovers() {
	var wg sync.WaitGroup
	answers := make([]map[domain.CommandID]error, rivals)
	failures := make([]error, rivals)
	for i := range rivals {
		answers[i] = make(map[domain.CommandID]error)
		wg.Go(func() { failures[i] = s.rival(i, answers[i]) })
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		s.Fatal(err)
	}
	got := s.all()
	if err := CheckDense(got); err != nil {
		s.Fatal(err)
	}
	acknowledged := 0
	for i := range rivals {
		for command, answer := range answers[i] {
			switch n := len(of(got, command)); {
			case answer == nil && n != rivalEvents:
				s.Errorf("command %s was acknowledged, and has %d events of %d", command, n, rivalEvents)
			case errors.Is(answer, domain.ErrFenced) && n != 0:
				s.Errorf("command %s was fenced, and has %d events", command, n)
			case n != 0 && n != rivalEvents:
				s.Errorf("command %s has %d events of %d", command, n, rivalEvents)
			}
			if answer == nil {
				acknowledged++
			}
		}
	}
	if acknowledged == 0 {
		s.Fatal("nobody could append anything")
	}
}

const rivalEvents = 3

func (s *suite) rival(i int, answers map[domain.CommandID]error) error {
	number := 0
	for range takeoversEach {
		w, err := s.log.Own(s.ctx, 0)
		if err != nil {
			return fmt.Errorf("Own: %w", err)
		}
		// Its streams are its own, so it knows their versions.
		from, to := s.log.Identity().Start(), s.log.Identity().Start()
		to.End[0] = w.Claim().Position.Seq
		past, err := collect(s.log.Read(s.ctx, from, to))
		if err != nil {
			return err
		}
		feed := NewFeed(w.Claim(), past...)
		for range appendsInEpoch {
			command := Command(100+i, number)
			number++
			err := w.Append(s.ctx, feed.Events(command, rivalEvents, 2, 200))
			answers[command] = err
			if err != nil {
				break
			}
		}
	}
	return nil
}

// settle does what a writer must after an append that failed: own again, read
// to the end, look for the command; and then append what is not there.
func settle(ctx context.Context, log domain.Log, p domain.Partition, command domain.CommandID, again func(*Feed) []domain.Recorded) (domain.Writer, *Feed, error) {
	for {
		w, err := log.Own(ctx, p)
		if errors.Is(err, ErrInjected) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		from, to := log.Identity().Start(), log.Identity().Start()
		to.End[p] = w.Claim().Position.Seq
		past, err := collect(log.Read(ctx, from, to))
		if errors.Is(err, ErrInjected) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		feed := NewFeed(w.Claim(), past...)
		if len(of(past, command)) > 0 {
			return w, feed, nil
		}
		if err = w.Append(ctx, again(feed)); err == nil {
			return w, feed, nil
		}
		if !errors.Is(err, ErrInjected) {
			return nil, nil, err
		}
	}
}

func (s *suite) unknown() {
	for i, fault := range []Fault{UnknownWritten, UnknownLost, Fenced} {
		s.log = Faulty(s.log, Script(None, fault))
		w, feed := s.own(0)
		s.append(w, feed.Events(Command(i, 0), 2, 2, 50))
		command := Command(i, 1)
		err := w.Append(s.ctx, feed.Events(command, 3, 2, 50))
		if !errors.Is(err, domain.ErrUnknown) && !errors.Is(err, domain.ErrFenced) {
			s.Fatalf("fault %d: %v", fault, err)
		}
		if err := w.Append(s.ctx, feed.Events(Command(i, 2), 1, 1, 50)); err == nil {
			s.Fatal("the writer is still of use")
		}
		w, feed, err = settle(s.ctx, s.log, 0, command, func(f *Feed) []domain.Recorded { return f.Events(command, 3, 2, 50) })
		if err != nil {
			s.Fatal(err)
		}
		s.append(w, feed.Events(Command(i, 3), 1, 1, 50))
		got := s.all()
		if n := len(of(got, command)); n != 3 {
			s.Fatalf("fault %d: the command's events are there %d times, want 3", fault, n)
		}
		if err := CheckDense(got); err != nil {
			s.Fatalf("fault %d: %v", fault, err)
		}
	}
}

// seededFaults appends through a log that fails all the time.
func (s *suite) seededFaults() {
	const seed, commands = 7, 30
	sound := s.log
	log := Faulty(sound, Seeded(seed, 1, 3))
	for p := range domain.Partition(2) {
		for i := range commands {
			command := Command(int(p), i)
			if _, _, err := settle(s.ctx, log, p, command, func(f *Feed) []domain.Recorded { return f.Events(command, 2, 2, 50) }); err != nil {
				s.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
	got := s.all()
	if err := CheckDense(got); err != nil {
		s.Fatalf("seed %d: %v", seed, err)
	}
	for p := range 2 {
		for i := range commands {
			if n := len(of(got, Command(p, i))); n != 2 {
				s.Fatalf("seed %d: command %d of partition %d has %d events, want 2", seed, i, p, n)
			}
		}
	}
}
