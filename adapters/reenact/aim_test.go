package reenact

import (
	"testing"

	"pgregory.net/rapid"

	"dendro/domain"
)

func TestSeedOfARoll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, n := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 3).Draw(t, "n")
		dice := domain.NewDice(seed)
		var roll uint64
		for range n {
			roll = dice.Next()
		}
		if got := seedOf(roll, n); got != seed {
			t.Errorf("roll %d of seed %d leads back to %d", n, seed, got)
		}
	})
}
