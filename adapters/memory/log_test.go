package memory_test

import (
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/adapters/memory"
	"dendro/domain"
)

func open(partitions int) *memory.Log {
	clock := domain.NewManualClock(time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
	return memory.New(domain.Identity{ID: domain.LogID{7}, Partitions: partitions}, clock, "tester")
}

func TestLog(t *testing.T) {
	adaptertest.LogSuite(t, func(t *testing.T, partitions int) adaptertest.Harness {
		log := open(partitions)
		return adaptertest.Harness{Log: log, Reopen: func(*testing.T) domain.Log { return log }}
	})
}

// A wrapper that injects nothing is the log that it wraps.
func TestFaultyWithoutFaults(t *testing.T) {
	adaptertest.LogSuite(t, func(t *testing.T, partitions int) adaptertest.Harness {
		log := adaptertest.Faulty(open(partitions), adaptertest.Plan{})
		return adaptertest.Harness{Log: log, Reopen: func(*testing.T) domain.Log { return log }}
	})
}
