// Package agreement measures how far contributors judge alike: Krippendorff's
// α for interval data (K. Krippendorff, "Computing Krippendorff's
// Alpha-Reliability", University of Pennsylvania, 2011; for labels that are 0
// or 1 it equals the nominal α).
//
// The units are messages, the values what the reviews of one say under one
// label, in millionths. A unit with m values counts when m ≥ 2; each of its
// m(m−1) ordered pairs weighs 1/(m−1):
//
//	Dₒ = 1/n · Σ over units 1/(m−1) · Σ over pairs (v−w)²
//	Dₑ = 1/(n(n−1)) · Σ over all ordered pairs of the n values (v−w)²
//	α  = 1 − Dₒ/Dₑ
//
// α is 1 when all agree, 0 when values are as good as drawn by lot, and below 0
// when they disagree more than that. It does not exist without pairs, or when
// all values are the same.
//
// A contributor's α is the same with Dₒ taken over their own n values and the
// pairs in which they are the first; Dₑ stays that of everybody. So α is the
// mean of the contributors' α, weighted by their values.
//
// Over several labels there is one α, pooled: 1 − Σ n·Dₒ / Σ n·Dₑ, where n, Dₒ
// and Dₑ are those of a label (a contributor's n and Dₒ, for theirs). A label
// counts as much as there is of it, and values are held against others under
// the same label only. The pooling is ours, after his Dₒ, which is such a sum over
// units.
//
// The life of a value here: a Ledger takes a unit's values in and out, and keeps
// sums by the units' size; from those sums Alpha computes exactly, and rounds
// once, at the end.
package agreement
