package dataset

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"dendro/domain"
	projection "dendro/projections/dataset"
)

// ErrNotReached is wrapped when a time can't be turned into a cut yet.
var ErrNotReached = errors.New("the log has not passed that time")

// ResolveAt turns a time into the cut of all events up to and including it
// (spec: dataset §1). It is refused unless the log has an event after it:
// until then more events of that time may come, and the cut would not be the
// same tomorrow. It reads some twenty single events per partition.
func ResolveAt(ctx context.Context, log domain.Log, t time.Time) (domain.Cut, error) {
	end, err := log.End(ctx)
	if err != nil {
		return domain.Cut{}, err
	}
	cut := log.Identity().Start()
	var newest time.Time
	for p := range end.End {
		if err := resolveIn(ctx, log, domain.Partition(p), end.End[p], t, &cut.End[p], &newest); err != nil {
			return domain.Cut{}, err
		}
	}
	switch {
	case newest.IsZero():
		return domain.Cut{}, fmt.Errorf("%w: it is empty", ErrNotReached)
	case !t.Before(newest):
		return domain.Cut{}, fmt.Errorf("%w: it has only reached %s; name a time before that", ErrNotReached, newest.UTC().Format(projection.TimeForm))
	}
	return cut, nil
}

// resolveIn sets at to the end of what one partition, which ends at end, has
// up to t, and newest to its last time if that is later.
func resolveIn(ctx context.Context, log domain.Log, p domain.Partition, end domain.Seq, t time.Time, at *domain.Seq, newest *time.Time) error {
	if end == 1 {
		return nil
	}
	last, err := timeOf(ctx, log, p, end-1)
	if err != nil {
		return err
	}
	if last.After(*newest) {
		*newest = last
	}
	// Time never goes back within a partition, so its events can be halved.
	n := sort.Search(int(end-1), func(i int) bool {
		if err != nil {
			return true
		}
		var at time.Time
		at, err = timeOf(ctx, log, p, domain.Seq(i+1))
		return at.After(t)
	})
	*at = domain.Seq(n + 1)
	return err
}

func timeOf(ctx context.Context, log domain.Log, p domain.Partition, seq domain.Seq) (time.Time, error) {
	from, to := log.Identity().Start(), log.Identity().Start()
	from.End[p], to.End[p] = seq, seq+1
	for event, err := range log.Read(ctx, from, to) {
		return event.Time, err
	}
	return time.Time{}, fmt.Errorf("the log gave no event at %d/%d; run `dendro log verify`", p, seq)
}
