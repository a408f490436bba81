package tree

import (
	"testing"
)

// BenchmarkDecideEvolve is a review of one reply in a tree of twelve messages:
// assigned, acknowledged, handed in, each decided and folded.
func BenchmarkDecideEvolve(b *testing.B) {
	p, root := growing(b, 20)
	p.p.MaxChildrenCount = 3
	for i := range 3 {
		a := p.reply(root, person(2+i))
		p.accept(a)
		c := p.reply(a, person(10+i))
		p.accept(c)
		p.accept(p.reply(c, person(20+i)))
	}
	last := p.reply(p.s.Messages[3].ID, person(30))
	start, n := p.s, p.n
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		p.s, p.n = start, n
		p.review(last, person(99), "0", "")
	}
	b.ReportMetric(float64(b.N)*3/b.Elapsed().Seconds(), "commands/s")
}

// BenchmarkWork is what a tree of that size tells its pool.
func BenchmarkWork(b *testing.B) {
	p, root := growing(b, 20)
	for i := range 3 {
		p.accept(p.reply(root, person(2+i)))
	}
	b.ReportAllocs()
	for range b.N {
		if len(p.s.Work(&p.p).Slots) == 0 {
			b.Fatal("nothing is open")
		}
	}
}
