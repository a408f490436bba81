package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"dendro/domain"
)

// small fills two partitions with appends of several sizes.
func (s *suite) small() []domain.Recorded {
	s.Helper()
	for p := range domain.Partition(2) {
		w, feed := s.own(p)
		for i, n := range []int{1, 3, 2, 4} {
			s.append(w, feed.Events(Command(int(p), i), n, 2, 100))
		}
	}
	return s.all()
}

func (s *suite) ranges() {
	all := s.small()
	end := s.end()
	// All pairs in one partition beside some in the other.
	others := [][2]domain.Seq{{1, 1}, {1, end.End[1]}, {4, 8}}
	for from := domain.Seq(1); from <= end.End[0]; from++ {
		for to := from; to <= end.End[0]; to++ {
			for _, o := range others {
				a := domain.Cut{Log: end.Log, End: []domain.Seq{from, o[0]}}
				b := domain.Cut{Log: end.Log, End: []domain.Seq{to, o[1]}}
				var want []domain.Recorded
				for _, r := range all {
					if b.Holds(r.Position) && !a.Holds(r.Position) {
						want = append(want, r)
					}
				}
				s.same(fmt.Sprintf("[%v, %v)", a.End, b.End), s.read(a, b), want)
			}
		}
	}
	for range s.log.Read(s.ctx, s.log.Identity().Start(), end) {
		break // a consumer may stop at any time
	}
}

func (s *suite) foreign() {
	s.small()
	start, end := s.log.Identity().Start(), s.end()
	for name, bad := range map[string]domain.Cut{
		"another log":         {Log: domain.LogID{1, 2, 3}, End: end.End},
		"fewer partitions":    {Log: end.Log, End: end.End[:1]},
		"more partitions":     {Log: end.Log, End: append(end.Clone().End, 1)},
		"beyond the end":      {Log: end.Log, End: []domain.Seq{end.End[0], end.End[1] + 1}},
		"before the start":    {Log: end.Log, End: []domain.Seq{0, 1}},
		"nothing but its log": {Log: end.Log},
	} {
		for what, events := range map[string]func() ([]domain.Recorded, error){
			"Read to":   func() ([]domain.Recorded, error) { return collect(s.log.Read(s.ctx, start, bad)) },
			"Read from": func() ([]domain.Recorded, error) { return collect(s.log.Read(s.ctx, bad, end)) },
			"Follow":    func() ([]domain.Recorded, error) { return collect(s.log.Follow(s.ctx, bad)) },
		} {
			if got, err := events(); !errors.Is(err, domain.ErrForeignCut) || len(got) > 0 {
				s.Errorf("%s %s: %d events and %v, want ErrForeignCut", what, name, len(got), err)
			}
		}
	}
}

func (s *suite) readers() {
	const appends = 60
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for last := domain.Cut.Clone(s.log.Identity().Start()); ; {
				end, err := s.log.End(s.ctx)
				if err != nil {
					s.Errorf("End: %v", err)
					return
				}
				got, err := collect(s.log.Read(s.ctx, s.log.Identity().Start(), end))
				switch {
				case err != nil:
					s.Errorf("Read: %v", err)
					return
				case !last.Within(end):
					s.Errorf("the log ended at %s, now at %s", last, end)
				case uint64(len(got)) != end.Events():
					s.Errorf("%d events, the cut has %d", len(got), end.Events())
				}
				if err := CheckDense(got); err != nil {
					s.Error(err)
					return
				}
				last = end
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	w0, f0 := s.own(0)
	w1, f1 := s.own(1)
	for i := range appends {
		s.append(w0, f0.Events(Command(0, i), 1+i%7, 2, 300))
		s.append(w1, f1.Events(Command(1, i), 1+i%30, 2, 300))
	}
	close(done)
	wg.Wait()
}

func (s *suite) follow() {
	s.small()
	w, feed := s.own(0)
	before := runtime.NumGoroutine()
	from := s.log.Identity().Start()
	from.End[0], from.End[1] = 3, 5
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	live := make(chan domain.Recorded, 1024)
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := collect(func(yield func(domain.Recorded, error) bool) {
				for r, err := range s.log.Follow(ctx, from) {
					if err == nil {
						live <- r
					}
					if !yield(r, err) {
						return
					}
				}
			})
			ended <- err
		}()
	}
	for i := range 20 {
		s.append(w, feed.Events(Command(9, i), 1+i%3, 2, 100))
		if i%5 == 0 {
			time.Sleep(time.Millisecond) // let the followers catch up, and wait
		}
	}
	end := s.end()
	want := s.read(from, end)
	seen := make(map[domain.Position]int)
	for range 2 * len(want) {
		select {
		case r := <-live:
			seen[r.Position]++
		case <-s.ctx.Done():
			s.Fatalf("the followers saw %d of %d events", len(seen), len(want))
		}
	}
	for _, r := range want {
		if seen[r.Position] != 2 {
			s.Fatalf("two followers saw event %s %d times", r.Position, seen[r.Position])
		}
	}
	cancel()
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			s.Fatalf("a follower ended with %v", err)
		}
	}
	for range s.log.Follow(s.ctx, from) {
		break
	}
	s.noLeak(before)
}

// noLeak waits for what the followers may have started to end.
func (s *suite) noLeak(before int) {
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if now := runtime.NumGoroutine(); now <= before {
			return
		} else if time.Now().After(deadline) {
			s.Fatalf("%d goroutines before the followers, %d after", before, now)
		}
	}
}
