package adaptertest

import (
	"context"
	"errors"
	"time"

	"dendro/domain"
)

func (s *suite) empty() {
	id := s.log.Identity()
	if id.Partitions != 3 || id.ID.IsZero() {
		s.Fatalf("the identity is %v", id)
	}
	if end := s.end(); !end.Equal(id.Start()) {
		s.Fatalf("an empty log ends at %s", end)
	}
	s.same("an empty log", s.all(), nil)
}

func (s *suite) claims() {
	var want []domain.Recorded
	for epoch := domain.Epoch(1); epoch <= 3; epoch++ {
		w, feed := s.own(1)
		c := w.Claim()
		claimed, ok := c.Payload.(domain.Claimed)
		if !ok || claimed.Owner == "" {
			s.Fatalf("the claim's payload is %#v", c.Payload)
		}
		if c.Stream != domain.PartitionStream(1) || c.Version != domain.Version(epoch) || c.Epoch != epoch ||
			c.Actor != domain.ByRule("log") || c.ID.IsZero() || c.Command.IsZero() || c.Schema != 1 {
			s.Fatalf("the claim of epoch %d is %+v", epoch, c)
		}
		events := feed.Events(Command(1, int(epoch)), 3, 2, 50)
		s.append(w, events)
		want = append(append(want, c), events...)
		if err := w.Close(); err != nil {
			s.Fatal(err)
		}
		if err := w.Append(s.ctx, feed.Events(Command(2, int(epoch)), 1, 1, 50)); err == nil {
			s.Fatal("a closed writer appends")
		}
	}
	s.same("the log", s.all(), want)
	if end := s.end(); end.End[0] != 1 {
		s.Fatalf("partition 0 ends at %d, and nobody wrote there", end.End[0])
	}
	if _, err := s.log.Own(s.ctx, 2); err == nil {
		s.Fatal("partition 2 of two can be owned")
	}
}

func (s *suite) whole() {
	w0, f0 := s.own(0)
	w1, f1 := s.own(1)
	want0, want1 := []domain.Recorded{w0.Claim()}, []domain.Recorded{w1.Claim()}
	// Small, many, and single large events: whatever a log cuts them into.
	for i, shape := range []struct{ n, streams, size int }{{1, 1, 10}, {7, 3, 600}, {200, 20, 600}, {3, 1, 100_000}, {1, 1, 1_000_000}, {2, 2, 10}} {
		e0 := f0.Events(Command(0, i), shape.n, shape.streams, shape.size)
		e1 := f1.Events(Command(1, i), shape.n, shape.streams, shape.size)
		s.append(w0, e0)
		s.append(w1, e1)
		want0, want1 = append(want0, e0...), append(want1, e1...)
	}
	s.append(w0, nil)
	got := s.all()
	s.same("the log", got, append(want0, want1...))
	if err := CheckDense(got); err != nil {
		s.Fatal(err)
	}
	s.log = s.reopen(s.T)
	s.same("the log, reopened", s.all(), got)
}

func (s *suite) misplaced() {
	w, feed := s.own(0)
	s.append(w, feed.Events(Command(0, 0), 3, 2, 50))
	before := s.end()
	good := feed.Events(Command(0, 1), 4, 2, 50)
	for name, spoil := range map[string]func(e []domain.Recorded){
		"a gap before":               func(e []domain.Recorded) { shift(e, 1) },
		"a seq again":                func(e []domain.Recorded) { shift(e, -1) },
		"a gap within":               func(e []domain.Recorded) { shift(e[2:], 1) },
		"another partition":          func(e []domain.Recorded) { e[0].Position.Partition = 1 },
		"another partition later":    func(e []domain.Recorded) { e[3].Position.Partition = 1 },
		"an earlier epoch":           func(e []domain.Recorded) { e[0].Epoch-- },
		"a later epoch":              func(e []domain.Recorded) { e[3].Epoch++ },
		"a time before the last":     func(e []domain.Recorded) { e[0].Time = e[0].Time.Add(-time.Second) },
		"a time back within":         func(e []domain.Recorded) { e[3].Time = e[0].Time.Add(-time.Microsecond) },
		"a version left out":         func(e []domain.Recorded) { e[2].Version++ },
		"a version again":            func(e []domain.Recorded) { e[2].Version-- },
		"the log's own stream":       func(e []domain.Recorded) { e[1].Stream = domain.PartitionStream(0) },
		"events in the wrong order":  func(e []domain.Recorded) { e[0], e[1] = e[1], e[0] },
		"the same event twice in it": func(e []domain.Recorded) { e[1] = e[0] },
	} {
		bad := append([]domain.Recorded(nil), good...)
		spoil(bad)
		if err := w.Append(s.ctx, bad); !errors.Is(err, domain.ErrMisplaced) {
			s.Errorf("%s: %v, want ErrMisplaced", name, err)
		}
		if end := s.end(); !end.Equal(before) {
			s.Fatalf("%s: the log ends at %s, before it was %s", name, end, before)
		}
	}
	s.append(w, good)
	if err := CheckDense(s.all()); err != nil {
		s.Fatal(err)
	}
}

func shift(events []domain.Recorded, by int) {
	for i := range events {
		events[i].Position.Seq += domain.Seq(by)
	}
}

func (s *suite) reopened() {
	for round := range 3 {
		w, feed := s.own(domain.Partition(round % 2))
		s.append(w, feed.Events(Command(round, 0), 5, 2, 300))
		s.append(w, feed.Events(Command(round, 1), 40, 3, 600))
		events, end := s.all(), s.end()
		s.log = s.reopen(s.T)
		if got := s.end(); !got.Equal(end) {
			s.Fatalf("the log ended at %s, reopened at %s", end, got)
		}
		s.same("the log, reopened", s.all(), events)
	}
	if err := CheckDense(s.all()); err != nil {
		s.Fatal(err)
	}
}

func (s *suite) cancelled() {
	w, feed := s.own(0)
	before := s.end()
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	events := feed.Events(Command(0, 0), 3, 1, 50)
	err := w.Append(ctx, events)
	if err == nil {
		s.Fatal("an append with a cancelled context succeeds")
	}
	if _, err := s.log.Own(ctx, 0); err == nil {
		s.Fatal("a takeover with a cancelled context succeeds")
	}
	if _, err := collect(s.log.Read(ctx, s.log.Identity().Start(), before)); !errors.Is(err, ctx.Err()) {
		s.Fatalf("Read with a cancelled context: %v", err)
	}
	// Whatever became of the append: own again, read to the end, look.
	w, _ = s.own(0)
	past := s.all()
	if written := of(past, events[0].Command); len(written) > 0 {
		if !errors.Is(err, domain.ErrUnknown) {
			s.Fatalf("the append answered %v, and was written", err)
		}
		s.same("the cancelled append", written, events)
	}
	s.append(w, NewFeed(w.Claim(), past...).Events(Command(0, 1), 1, 1, 50))
}
