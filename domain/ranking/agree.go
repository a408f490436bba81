package ranking

import "math/bits"

// AgreesHalf reports whether Kendall's τ between a ballot and a consensus order is at least one half (collection rules, section
// 10), exactly: of the pairs of candidates that both hold, at least three quarters stand in the same order in both. Candidates that
// are not in both are left out. With fewer than two in both there is nothing to agree on, and the answer is false.
//
// Both hold indexes of candidates as [Merge] takes and gives them. An index that no number of candidates would allow, and the second
// mention of another, are passed over.
func AgreesHalf(ballot Ballot, order []int) bool {
	var place [MaxCandidates]int8 // in order, from 1; 0 means not there
	last := int8(0)
	for _, i := range order {
		if i >= 0 && i < MaxCandidates && place[i] == 0 {
			last++
			place[i] = last
		}
	}
	var seen uint64 // places, from 0, of what the ballot has named so far
	var same, swapped int
	for _, i := range ballot {
		if i < 0 || i >= MaxCandidates || place[i] == 0 {
			continue
		}
		at := uint64(1) << (place[i] - 1)
		if seen&at != 0 {
			continue
		}
		above := bits.OnesCount64(seen & (at - 1))
		same += above
		swapped += bits.OnesCount64(seen) - above
		seen |= at
	}
	// τ = (same − swapped) / (same + swapped) ≥ 1/2
	return same+swapped > 0 && same >= 3*swapped
}
