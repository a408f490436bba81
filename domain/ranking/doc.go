// Package ranking merges the rankings that several contributors gave of the same replies into one order, by Tideman's
// ranked pairs (collection rules, section 9; T. N. Tideman, "Independence of clones as a criterion for voting
// rules", Social Choice and Welfare 4, 1987).
//
// The way of a ballot through [Merge]:
//
//  1. It is checked and counted: for each two candidates that it holds, one more ballot that puts the one above the other.
//  2. What was counted puts all candidates into one strict order, the tie order ([TieRule]), for use wherever votes say nothing.
//  3. Each pair with a winner is taken in order of strength and locked, unless that would close a cycle.
//  4. The consensus is read off the locked pairs, and with it where the tie rule had a say ([Result.Ties]).
//
// Everything is integer arithmetic on the arguments alone, so equal arguments give equal results on every machine and for ever.
// What a "not rankable" mark means for the parent is the caller's to decide, before merging.
// [MergeBy] merges under other rules too ([Rules]), for comparison: they decide nothing.
//
// # What holds
//
//   - A candidate that beats each other one is first, one that loses to each is last, and neither is ever part of a tie.
//   - The order of the ballots does not matter, nor that of the candidates if no two agree in creation time and id.
//   - If all ballots hold all candidates, whatever every ballot puts above another is above it in the result.
//   - A candidate that is first whatever the tie rule stays first when a ballot raises it.
//   - Which pairs are ties follows from the votes alone, and turning every ballot round makes no difference to it. So without ties
//     any tie rule gives the same result, and turning every ballot round turns the result round.
//   - If every pair has a winner and no two pairs are equally strong, a clone (a new candidate directly beside another on each ballot
//     that holds that one, and on no other ballot) ends directly beside it, and the order of the others stays as it was. With equally
//     strong pairs this may fail.
package ranking
