package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// A lease says which process commits: so that others need not try. That two
// never do is the cut's guard, not the lease's: a process that was frozen may
// believe in a lease that has gone to another one.
const (
	leaseFor   = 6 * time.Second // without a sign of life
	leaseRenew = 2 * time.Second
	leaseTry   = 500 * time.Millisecond
)

const (
	takeLease = `INSERT INTO views.lead AS l (holder, until) VALUES ($1, clock_timestamp() + $2)
		ON CONFLICT (one) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE l.holder = excluded.holder OR l.until < clock_timestamp()`
	dropLease = "DELETE FROM views.lead WHERE holder = $1"
)

// Lead waits until this process is the one to commit the views of the
// database. The context that it gives ends when the lease is lost, and when
// leave gives it up, which returns once that is done.
func (s *Store) Lead(ctx context.Context) (lead context.Context, leave func(), err error) {
	var holder [16]byte
	rand.Read(holder[:]) // never fails
	for {
		got, err := s.lease(ctx, holder)
		if err != nil {
			return nil, nil, err
		}
		if got {
			break
		}
		if err := wait(ctx, leaseTry); err != nil {
			return nil, nil, err
		}
	}
	lead, stop := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		defer stop()
		s.keepLease(lead, holder)
	}()
	return lead, func() {
		stop()
		<-kept
		// Who comes next need not wait for the lease to run out.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseRenew)
		defer cancel()
		_, _ = s.pool.Exec(ctx, dropLease, holder)
	}, nil
}

// keepLease renews the lease until that does not succeed in time.
func (s *Store) keepLease(ctx context.Context, holder [16]byte) {
	for until := time.Now().Add(leaseFor); time.Now().Before(until); {
		if wait(ctx, leaseRenew) != nil {
			return
		}
		began := time.Now()
		try, cancel := context.WithDeadline(ctx, until)
		done, err := s.pool.Exec(try, takeLease, holder, leaseFor)
		cancel()
		switch {
		case err == nil && done.RowsAffected() == 0:
			return
		case err == nil:
			until = began.Add(leaseFor)
		}
	}
}

func (s *Store) lease(ctx context.Context, holder [16]byte) (got bool, err error) {
	err = s.repeat(ctx, func(ctx context.Context) error {
		done, err := s.pool.Exec(ctx, takeLease, holder, leaseFor)
		got = err == nil && done.RowsAffected() == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("the lease to commit: %w", err)
	}
	return got, nil
}

// Followed reports whether any process commits the views just now.
func (s *Store) Followed(ctx context.Context) (yes bool, err error) {
	err = s.repeat(ctx, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM views.lead WHERE until > clock_timestamp())").Scan(&yes)
	})
	return yes, err
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
