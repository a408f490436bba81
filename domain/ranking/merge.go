package ranking

import (
	"errors"
	"fmt"
	"time"
)

const (
	// MaxCandidates bounds the candidates of one merge: a set of them fits into one machine word.
	MaxCandidates = 64
	// MaxBallots bounds the ballots of one merge. It keeps a pair's strength within one word and every product exact.
	MaxBallots = 1 << 20
)

var (
	// ErrTooMany means more than MaxCandidates candidates or MaxBallots ballots.
	ErrTooMany = errors.New("ranking: too many to merge")
	// ErrBallot means a ballot that names a candidate twice, or one that does not exist.
	ErrBallot = errors.New("ranking: invalid ballot")
)

// Candidate is what the tie rule may look at beside the ballots.
type Candidate struct {
	Created time.Time // compared as an instant; its time zone does not matter
	ID      [16]byte
}

// Ballot is one contributor's ranking: indexes into the candidates, best first. Candidates left out are not compared with
// anything by this ballot; they do not count as last.
type Ballot []int

// Result is a consensus, with what is needed to check it.
type Result struct {
	// Order holds the index of every candidate exactly once, best first.
	Order []int
	// Matrix[i][j] is the number of ballots that hold both i and j and put i above j.
	Matrix [][]int
	// Ties holds the pairs {i, j}, i above j in Order and not necessarily next to it, whose order the votes do not settle, sorted by
	// the places of i, then j, in Order; nil if there are none. Their order is the tie rule's work, or rests on it.
	//
	// Exactly: go through the pairs with a winner, strongest first, all pairs of equal margin and equal winning votes together, and
	// keep two graphs. A pair enters the *possible* graph unless a path of the certain one leads from its loser to its winner; when
	// its equals have been through that, it enters the *certain* graph unless a path of the possible one leads from its loser to its
	// winner. {i, j} is in Ties if no path of the certain graph leads from i to j.
	//
	// So no pair outside Ties would change under another tie rule, whatever it be. The converse may fail: with many pairs of equal
	// strength a pair in Ties may turn out the same under every tie rule; to tell is NP-hard (Brill and Fischer, "The price of
	// neutrality for the ranked pairs method", AAAI 2012).
	Ties [][2]int
}

// Merge merges ballots by ranked pairs, as collection rules section 9 has it: pairs with a winner are sorted by margin, then by
// winning votes, larger first, then by the tie rule; each is locked unless it closes a cycle; the order is read off the locked
// pairs, best first, the tie rule choosing when several candidates have nobody left above them.
//
// Between pairs of equal strength the tie rule decides by the winner's place in the tie order, then by the loser's, better first.
// [TieRule] says what the tie order is.
//
// No ballots is fine (the tie rule orders all candidates), so are empty ballots and no candidates. The arguments are only read, and
// the result shares no memory with them. Errors: [ErrTooMany], [ErrBallot].
func Merge(candidates []Candidate, ballots []Ballot) (Result, error) {
	return merge(TieRule, candidates, ballots)
}

func merge(tieRule string, candidates []Candidate, ballots []Ballot) (Result, error) {
	n := len(candidates)
	if n > MaxCandidates {
		return Result{}, fmt.Errorf("%w: %d candidates, the limit is %d; merge fewer replies at once", ErrTooMany, n, MaxCandidates)
	}
	if len(ballots) > MaxBallots {
		return Result{}, fmt.Errorf("%w: %d ballots, the limit is %d; merge fewer rankings at once", ErrTooMany, len(ballots), MaxBallots)
	}

	cells := make([]int, n*n+n) // one allocation for the matrix and the order
	votes := cells[: n*n : n*n]
	for b, ballot := range ballots {
		if err := count(ballot, n, votes); err != nil {
			return Result{}, fmt.Errorf("%w %d: %w", ErrBallot, b, err)
		}
	}

	matrix := make([][]int, n)
	for i := range matrix {
		matrix[i] = votes[i*n : (i+1)*n : (i+1)*n]
	}
	tie := tieOrder(tieRule, candidates, ballots, matrix)
	var l locker
	l.run(matrix, tie[:n])
	order := cells[n*n:]
	l.readOrder(order)
	ties := l.readTies(order)

	// The locker speaks of places in the tie order; the caller of indexes.
	for k, p := range order {
		order[k] = tie[p]
	}
	for k, p := range ties {
		ties[k] = [2]int{tie[p[0]], tie[p[1]]}
	}
	return Result{Order: order, Matrix: matrix, Ties: ties}, nil
}

// count adds a ballot to votes, the n×n matrix row after row, or reports what is wrong with the ballot.
func count(ballot Ballot, n int, votes []int) error {
	var seen uint64
	for k, j := range ballot {
		if j < 0 || j >= n {
			return fmt.Errorf("names candidate %d, but there are %d, counted from 0; leave out what is not to be merged", j, n)
		}
		if seen>>j&1 != 0 {
			return fmt.Errorf("names candidate %d twice; name each at most once", j)
		}
		seen |= 1 << j
		for _, i := range ballot[:k] {
			votes[i*n+j]++
		}
	}
	return nil
}
