package ranking

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkMerge puts a merge beside the least that any merge must do: counting the ballots into a matrix.
func BenchmarkMerge(b *testing.B) {
	for _, n := range []int{2, 3, 5, 10} {
		for _, voters := range []int{3, 10, 100, 1000} {
			chance := rand.New(rand.NewPCG(1, 2))
			candidates, ballots := field(n), make([]Ballot, voters)
			for v := range ballots {
				ballots[v] = chance.Perm(n)
			}
			b.Run(fmt.Sprintf("candidates=%d/voters=%d/merge", n, voters), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Merge(candidates, ballots); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("candidates=%d/voters=%d/count", n, voters), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					bareCount(n, ballots)
				}
			})
		}
	}
}

// bareCount checks nothing and returns the matrix.
func bareCount(n int, ballots []Ballot) [][]int {
	cells, matrix := make([]int, n*n), make([][]int, n)
	for i := range matrix {
		matrix[i] = cells[i*n : (i+1)*n]
	}
	for _, ballot := range ballots {
		for k, i := range ballot {
			for _, j := range ballot[k+1:] {
				matrix[i][j]++
			}
		}
	}
	return matrix
}
