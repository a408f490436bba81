package crowd

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"dendro/domain"
	"dendro/domain/policy"
)

// Epoch is when the simulated time of a new log begins.
var Epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// Policy is the one under which a crowd of this size grows, ranks and finishes
// trees in runs of a few thousand tasks: the spec's, with smaller trees and
// fewer of them at a time, since half-grown trees are work that does not show.
func Policy(contributors int) policy.Policy {
	p := policy.Default()
	p.Languages = Languages(contributors)
	p.GoalTreeSize, p.RandomGoalTreeSize, p.MinGoalTreeSize = 9, true, 4
	p.MaxActiveTrees = min(max(contributors/25, 2), 10)
	p.MaxInitialPromptReview = 2 * p.MaxActiveTrees
	p.MaxPromptLotteryWaiting = 3 * p.MaxActiveTrees
	if contributors < handful {
		p.GoalTreeSize, p.MinGoalTreeSize, p.MaxChildrenCount = 5, 3, 2
		p.NumReviewsInitialPrompt, p.NumReviewsReply, p.NumRequiredRankings = 1, 1, 1
	}
	return p
}

// handful is a crowd too small for three reviews and three rankings of
// everything: too many of it are barred by what they did or skipped.
const handful = 12

// Identity is that of a log begun with the seed: the same seed, the same log.
func Identity(seed uint64, partitions int) domain.Identity {
	return domain.Identity{ID: domain.LogID(makeID(seed, "log", uint64(partitions))), Partitions: partitions}
}

// Dice gives the seed of each command's chance, for commands.Options.
func Dice(seed uint64) func(domain.CommandID) uint64 {
	return func(id domain.CommandID) uint64 { return number(seed, "dice", string(id[:])) }
}

// makeID derives the id of a thing that is there from the beginning.
func makeID(seed uint64, use string, n uint64) [16]byte {
	return domain.NewID(Epoch, entropy(seed, use, n))
}

func entropy(seed uint64, use string, ns ...uint64) (out [10]byte) {
	var text []byte
	for _, n := range ns {
		text = binary.BigEndian.AppendUint64(text, n)
	}
	sum := digest(seed, use, string(text))
	copy(out[:], sum[:])
	return out
}

// number hashes a text to 64 bits.
func number(seed uint64, use, text string) uint64 {
	sum := digest(seed, use, text)
	return binary.BigEndian.Uint64(sum[:])
}

func digest(seed uint64, use, text string) [sha256.Size]byte {
	buf := binary.BigEndian.AppendUint64(nil, seed)
	buf = append(buf, use...)
	buf = append(buf, 0)
	return sha256.Sum256(append(buf, text...))
}
