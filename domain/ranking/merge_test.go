package ranking

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// field makes n candidates, each created a second after the one before it.
func field(n int) []Candidate {
	candidates := make([]Candidate, n)
	for i := range candidates {
		candidates[i] = Candidate{Created: time.Unix(1_700_000_000+int64(i), 0), ID: [16]byte{15: byte(i)}}
	}
	return candidates
}

// poll reads ballots such as "42 ABCD, 26 BCDA"; A is candidate 0.
func poll(text string) (ballots []Ballot) {
	for part := range strings.SplitSeq(text, ", ") {
		var times int
		var letters string
		if _, err := fmt.Sscanf(part, "%d %s", &times, &letters); err != nil {
			panic(err)
		}
		ballot := Ballot{}
		for _, c := range letters {
			ballot = append(ballot, int(c-'A'))
		}
		ballots = append(ballots, slices.Repeat([]Ballot{ballot}, times)...)
	}
	return ballots
}

func letters(order []int) string {
	var b strings.Builder
	for _, i := range order {
		b.WriteByte(byte('A' + i))
	}
	return b.String()
}

func mustMerge(t interface{ Fatalf(string, ...any) }, candidates []Candidate, ballots []Ballot) Result {
	result, err := Merge(candidates, ballots)
	if err != nil {
		t.Fatalf("merging %v: %v", ballots, err)
	}
	return result
}

func TestMergeKnownElections(t *testing.T) {
	for _, test := range []struct {
		name, ballots, order, ties string
		n                          int
	}{
		// The textbook election of a capital: Memphis, Nashville, Knoxville, Chattanooga. Memphis has the most first places.
		{"Tennessee", "42 ABDC, 26 BDCA, 15 DCBA, 17 CDBA", "BDCA", "", 4},
		// A>B by 3, B>C by 5, C>A by 1: the weakest closes the cycle.
		{"cycle", "4 ABC, 3 BCA, 2 CAB", "ABC", "", 3},
		// B>C and C>A by 5 each, A>B by 1: equal, but nothing speaks against either.
		{"equal but undisputed", "3 ABC, 5 BCA, 3 CAB", "BCA", "", 3},
		// A>B by 5 for sure; then B>C and C>A by 1 each, of which one must go. Mean positions: A, C, B. So C>A is first.
		{"two weakest of a cycle are equal", "3 ABC, 1 BCA, 3 CAB", "CAB", "CA CB", 3},
		{"all of a cycle are equal", "1 ABC, 1 BCA, 1 CAB", "ABC", "AB AC BC", 3},
		// B>A by 2:0, C>B and A>C by 3:1: equal margins, B>A has fewer votes.
		{"cycle of equal margins", "2 BA, 3 CB, 1 BC, 3 AC, 1 CA", "ACB", "", 3},
		// Two chains that no ballot compares. D is last once, B twice.
		{"two chains", "2 AB, 1 CD", "ACDB", "AC AD CB DB", 4},
		{"borda decides", "1 BCA, 1 ABC", "BAC", "BA AC", 3},
		{"last places decide", "1 ABC, 1 CBA", "BAC", "BA BC AC", 3},
		{"a ballot of one is no last place", "1 AB, 1 BA, 1 A", "AB", "AB", 2},
		{"creation decides", "1 BA, 1 AB", "AB", "AB", 2},
		{"one on no ballot", "2 AC, 1 CA", "ACB", "AB CB", 3},
		{"nobody voted", "0 A", "ABC", "AB AC BC", 3},
		{"ballots of one", "3 C", "ABC", "AB AC BC", 3},
		{"one candidate", "2 A", "A", "", 1},
		{"no candidates", "0 A", "", "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			result := mustMerge(t, field(test.n), poll(test.ballots))
			var ties []string
			for _, tie := range result.Ties {
				ties = append(ties, letters(tie[:]))
			}
			if got, want := letters(result.Order), test.order; got != want {
				t.Errorf("order %s, want %s", got, want)
			}
			if got, want := strings.Join(ties, " "), test.ties; got != want {
				t.Errorf("ties %q, want %q", got, want)
			}
		})
	}
}

func TestMergeMatrix(t *testing.T) {
	result := mustMerge(t, field(3), poll("4 ABC, 3 BC, 2 CA"))
	if diff := cmp.Diff([][]int{{0, 4, 4}, {0, 0, 7}, {2, 0, 0}}, result.Matrix); diff != "" {
		t.Errorf("matrix (-want +got):\n%s", diff)
	}
	order := slices.Clone(result.Order)
	for _, row := range result.Matrix {
		_ = append(row, -1)
	}
	if diff := cmp.Diff(order, result.Order); diff != "" || result.Matrix[1][0] != 0 {
		t.Errorf("appending to a row changed %v, or the order:\n%s", result.Matrix, diff)
	}
}

// A ballot weighs as much as it compares: A, first of five and second of two, lost 1 comparison of 5; G, second of five, lost 1 of 4.
// The mean of the ballots' means would be 1/2 for A, and would put G above.
func TestTieRuleWeighsComparisons(t *testing.T) {
	result := mustMerge(t, field(10), poll("1 ABCDE, 1 FA, 1 HGIJB"))
	if got, want := letters(result.Order), "FHAGIJBCDE"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
}

func TestTieRuleCreationAndID(t *testing.T) {
	noon := time.Date(2023, 1, 1, 12, 0, 0, 0, time.UTC)
	elsewhere := noon.In(time.FixedZone("", 3600))
	for _, test := range []struct {
		name       string
		candidates []Candidate
		order      string
	}{
		{"earlier creation goes before smaller id", []Candidate{{noon.Add(1), [16]byte{1}}, {noon, [16]byte{2}}}, "BA"},
		{"the same instant in two zones", []Candidate{{elsewhere, [16]byte{2}}, {noon, [16]byte{1}}}, "BA"},
		{"ids from the first byte on", []Candidate{{noon, [16]byte{0: 1}}, {noon, [16]byte{15: 9}}}, "BA"},
		{"the same id: as passed", []Candidate{{noon, [16]byte{1}}, {noon, [16]byte{1}}}, "AB"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := letters(mustMerge(t, test.candidates, poll("1 AB, 1 BA")).Order); got != test.order {
				t.Errorf("order %s, want %s", got, test.order)
			}
		})
	}
}

func TestMergeRefuses(t *testing.T) {
	for _, test := range []struct {
		name       string
		candidates int
		ballots    []Ballot
		is         error
		says       string
	}{
		{"an index past the end", 2, []Ballot{{0, 1}, {1, 2}}, ErrBallot, "ballot 1: names candidate 2, but there are 2"},
		{"a negative index", 2, []Ballot{{-1}}, ErrBallot, "ballot 0: names candidate -1"},
		{"a candidate twice", 3, []Ballot{{0, 1, 0}}, ErrBallot, "ballot 0: names candidate 0 twice"},
		{"too many candidates", MaxCandidates + 1, nil, ErrTooMany, "65 candidates, the limit is 64"},
		{"too many ballots", 2, make([]Ballot, MaxBallots+1), ErrTooMany, "1048577 ballots, the limit is 1048576"},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := Merge(field(test.candidates), test.ballots)
			if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %q, want one that says %q", err, test.says)
			}
			if diff := cmp.Diff(Result{}, result); diff != "" {
				t.Errorf("a refusal with a result: %s", diff)
			}
		})
	}
}

// At both limits: nothing overflows, the last place fits.
func TestMergeAtTheLimits(t *testing.T) {
	backward := make(Ballot, MaxCandidates)
	for k := range backward {
		backward[k] = MaxCandidates - 1 - k
	}
	result := mustMerge(t, field(MaxCandidates), []Ballot{backward})
	if diff := cmp.Diff([]int(backward), result.Order); diff != "" || result.Ties != nil {
		t.Errorf("ties %v, order (-want +got):\n%s", result.Ties, diff)
	}

	result = mustMerge(t, field(MaxCandidates), nil)
	if got, want := len(result.Ties), MaxCandidates*(MaxCandidates-1)/2; got != want || !slices.IsSorted(result.Order) {
		t.Errorf("no votes: %d ties, want %d; order %v, want that of creation", got, want, result.Order)
	}

	result = mustMerge(t, field(2), slices.Repeat([]Ballot{{1, 0}}, MaxBallots))
	if letters(result.Order) != "BA" || result.Matrix[1][0] != MaxBallots || result.Ties != nil {
		t.Errorf("a unanimous million: %+v", result)
	}
}

func TestAgreesHalf(t *testing.T) {
	for _, test := range []struct {
		name          string
		ballot, order []int
		want          bool
	}{
		{"the same", []int{2, 0, 1}, []int{2, 0, 1}, true},
		{"the reverse", []int{1, 0, 2}, []int{2, 0, 1}, false},
		{"1 of 3 swapped: τ = 1/3", []int{1, 0, 2}, []int{0, 1, 2}, false},
		{"1 of 6 swapped: τ = 2/3", []int{1, 0, 2, 3}, []int{0, 1, 2, 3}, true},
		{"2 of 6 swapped: τ = 1/3", []int{1, 0, 3, 2}, []int{0, 1, 2, 3}, false},
		{"7 of 28 swapped: τ = 1/2", []int{7, 0, 1, 2, 3, 4, 5, 6}, []int{0, 1, 2, 3, 4, 5, 6, 7}, true},
		{"8 of 28 swapped: τ = 3/7", []int{7, 1, 0, 2, 3, 4, 5, 6}, []int{0, 1, 2, 3, 4, 5, 6, 7}, false},
		{"others left out", []int{5, 1, 4, 3}, []int{3, 6, 1, 2, 0}, false},
		{"one in common", []int{5, 1}, []int{1, 2}, false},
		{"two in common", []int{5, 1, 2}, []int{1, 0, 2}, true},
		{"nothing", nil, []int{0, 1}, false},
		{"indexes that cannot be", []int{-1, 0, 64, 1}, []int{64, 0, -1, 1}, true},
		{"the last index", []int{63, 0}, []int{63, 0}, true},
		{"much that cannot be", []int{0, 1}, append(slices.Repeat([]int{99}, 300), 1, 0), false},
		{"named twice in the order", []int{0, 1}, []int{1, 0, 1}, false},
		{"named twice on the ballot", []int{0, 1, 0}, []int{0, 1}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := AgreesHalf(test.ballot, test.order); got != test.want {
				t.Errorf("AgreesHalf(%v, %v) = %v", test.ballot, test.order, got)
			}
		})
	}
}
