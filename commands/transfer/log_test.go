package transfer_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"dendro/domain"
)

// fakeLog keeps a log in slices. It is strict about what it is given, and
// fails the append that broken counts down to, having written it or not.
type fakeLog struct {
	identity domain.Identity
	clock    domain.Clock
	parts    [][]domain.Recorded
	appends  []int // sizes
	broken   int
	written  bool
	forgets  bool // takes appends and does not write them
}

var errBroken = errors.New("the disk is gone")

func newFakeLog(id domain.Identity, began time.Time) *fakeLog {
	return &fakeLog{identity: id, clock: domain.NewManualClock(began), parts: make([][]domain.Recorded, id.Partitions)}
}

func (l *fakeLog) Identity() domain.Identity { return l.identity }

func (l *fakeLog) End(context.Context) (domain.Cut, error) {
	end := l.identity.Start()
	for p := range end.End {
		end.End[p] = domain.Seq(len(l.parts[p]) + 1)
	}
	return end, nil
}

func (l *fakeLog) Read(ctx context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for p := range l.parts {
			for _, r := range l.parts[p][from.End[p]-1 : max(from.End[p], to.End[p])-1] {
				if ctx.Err() != nil {
					yield(domain.Recorded{}, ctx.Err())
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

func (l *fakeLog) Follow(ctx context.Context, from domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) { yield(domain.Recorded{}, errBroken) }
}

func (l *fakeLog) Own(_ context.Context, p domain.Partition) (domain.Writer, error) {
	claim := domain.Recorded{
		ID: domain.EventID{14: byte(p), 15: byte(len(l.parts[p]))}, Position: domain.Position{Partition: p, Seq: domain.Seq(len(l.parts[p]) + 1)},
		Stream: domain.PartitionStream(p), Version: 1, Time: l.clock.Now(), Epoch: 1, Payload: domain.Claimed{Owner: "test"},
	}
	for _, r := range l.parts[p] {
		if r.Stream.Kind() == domain.KindPartition {
			claim.Version, claim.Epoch = r.Version+1, r.Epoch+1
		}
		claim.Time = r.Time
	}
	l.parts[p] = append(l.parts[p], claim)
	return &fakeWriter{l, claim}, nil
}

type fakeWriter struct {
	log   *fakeLog
	claim domain.Recorded
}

func (w *fakeWriter) Claim() domain.Recorded { return w.claim }
func (w *fakeWriter) Close() error           { return nil }

func (w *fakeWriter) Append(_ context.Context, events []domain.Recorded) error {
	part := &w.log.parts[w.claim.Position.Partition]
	next := (*part)[len(*part)-1]
	for _, r := range events {
		next.Position.Seq++
		if r.Position != next.Position || r.Epoch != w.claim.Epoch || r.Time.Before(next.Time) {
			return domain.ErrMisplaced
		}
		next.Time = r.Time
	}
	if w.log.broken--; w.log.broken == 0 {
		if w.log.written {
			*part = append(*part, slices.Clone(events)...)
		}
		return errors.Join(domain.ErrUnknown, errBroken)
	}
	w.log.appends = append(w.log.appends, len(events))
	if w.log.forgets {
		return nil
	}
	*part = append(*part, slices.Clone(events)...)
	return nil
}
