package ranking

import (
	"bytes"
	"cmp"
	"slices"
)

// TieRule is the name of the rule that decides where votes do not. It is stored in events and never changes its meaning. The rule
// puts all candidates into one order, by the first of these that tells two apart:
//
//   - borda: the lower mean position. A candidate's position on a ballot is the number of candidates above it there, out of the
//     number of others there; the mean is the sum of the first over the sum of the second, compared exactly. In other words, it is
//     the share of its comparisons that the candidate lost. A ballot thus weighs as much as it compares: first of five says more
//     than first of two, and a ballot of one says nothing. If all ballots hold all candidates, this is the order by plain mean
//     position. A candidate compared with no other, because no ballot or none with a second candidate holds it, comes after all
//     that were compared.
//   - last-places: the smaller number of ballots, of two candidates or more, on which it is last.
//   - created: the earlier creation time.
//   - id: the smaller id, byte by byte.
//
// Ids are meant to be distinct. Should two candidates agree in everything up to their ids, the one with the smaller index goes first:
// then, and only then, the result depends on the order in which candidates were passed.
const TieRule = "borda,last-places,created,id"

// TieRuleAge is the end of [TieRule]: the earlier creation time, then the smaller id. It asks the ballots nothing.
const TieRuleAge = "created,id"

// record is what the ballots say about one candidate by itself.
type record struct {
	lost     int64 // comparisons in which the other was above
	compared int64
	last     int64
}

// tieOrder returns the indexes of the candidates by the tie rule, best first, of ballots that were checked and their matrix.
func tieOrder(rule string, candidates []Candidate, ballots []Ballot, matrix [][]int) (order [MaxCandidates]int) {
	var records [MaxCandidates]record
	for _, b := range ballots {
		if len(b) > 1 {
			records[b[len(b)-1]].last++
		}
	}
	for i, row := range matrix {
		order[i] = i
		for j, won := range row {
			records[i].compared += int64(won)
			records[j].compared += int64(won)
			records[j].lost += int64(won)
		}
	}
	slices.SortStableFunc(order[:len(candidates)], func(i, j int) int {
		if c := records[i].compare(records[j]); c != 0 && rule == TieRule {
			return c
		}
		if c := candidates[i].Created.Compare(candidates[j].Created); c != 0 {
			return c
		}
		return bytes.Compare(candidates[i].ID[:], candidates[j].ID[:])
	})
	return order
}

// compare is negative if a is the better record. Products stay below 2^52: at most 2^20 ballots with 63 comparisons each, squared.
func (a record) compare(b record) int {
	if a.compared == 0 || b.compared == 0 {
		// Last places need a comparison, so two without are equal.
		return cmp.Compare(b.compared, a.compared)
	}
	if c := cmp.Compare(a.lost*b.compared, b.lost*a.compared); c != 0 {
		return c
	}
	return cmp.Compare(a.last, b.last)
}
