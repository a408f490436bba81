package reward

import "slices"

// MaxLevel is the highest level.
const MaxLevel = 100

// thresholds[k] is the least score of level k+1: 0, then the sum over i = 1…k
// of 1.1521·i + 3, rounded. None of the sums lies halfway between two numbers.
var thresholds = func() (t [MaxLevel]int) {
	const unit = 10_000
	sum := 0
	for k := 1; k < MaxLevel; k++ {
		sum += 11_521*k + 3*unit
		t[k] = (sum + unit/2) / unit
	}
	return t
}()

// Level gives the level that a score has reached, from 1 to MaxLevel; 0 for a
// negative score.
func Level(score int) int {
	above, _ := slices.BinarySearch(thresholds[:], score+1)
	return above
}
