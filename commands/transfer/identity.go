package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"dendro/domain"
)

// ErrNoCopy is wrapped when the target is something else than a copy, whole
// or begun, of the source as it is now.
var ErrNoCopy = errors.New("the target is no copy of this log")

// Identity gives the identity that a copy of the log with so many partitions
// has: always the same one.
func Identity(source domain.Identity, partitions int) domain.Identity {
	h := sha256.New()
	h.Write(source.ID[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(partitions)))
	return domain.Identity{ID: domain.LogID(h.Sum(nil)[:16]), Partitions: partitions}
}

// Began gives the time of the log's earliest event, or of 1970 when it has
// none. A target must be opened with a clock that stands there: its claims may
// not be later than what is copied behind them.
func Began(ctx context.Context, log domain.Log) (time.Time, error) {
	end, err := log.End(ctx)
	if err != nil {
		return time.Time{}, err
	}
	from := log.Identity().Start()
	first := from.Clone()
	for p := range first.End {
		first.End[p] = min(2, end.End[p])
	}
	var began time.Time
	for r, err := range log.Read(ctx, from, first) {
		if err != nil {
			return time.Time{}, err
		}
		if began.IsZero() || r.Time.Before(began) {
			began = r.Time
		}
	}
	if began.IsZero() {
		began = time.Unix(0, 0).UTC()
	}
	return began, nil
}

func checkIdentity(source, target domain.Identity) error {
	want := Identity(source, target.Partitions)
	if target != want {
		return fmt.Errorf("%w: it is log %s; a copy of %s in %d partitions is %s; give another place for it",
			ErrNoCopy, target.ID, source.ID, target.Partitions, want.ID)
	}
	return nil
}
