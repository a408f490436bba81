package kafka

import (
	"context"
	"errors"
	"testing"
	"time"

	"dendro/domain"
)

// A claim that fences nobody waits for the owner before to have stopped.
func TestOutlast(t *testing.T) {
	l := &Log{lease: time.Hour}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for age, waits := range map[time.Duration]bool{
		0: true, time.Hour: true, 74 * time.Minute: true, 76 * time.Minute: false,
		-time.Hour: true, // its clock is ahead of ours
	} {
		err := l.outlast(over, domain.Recorded{Time: time.Now().Add(-age)})
		if got := errors.Is(err, context.Canceled); got != waits {
			t.Errorf("behind a claim of %s ago: %v, want to wait: %v", age, err, waits)
		}
	}
}
