package pool

import (
	"fmt"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/policy"
)

// BenchmarkOffer is a whole offer (reserve, release) with trees that all have
// open work, and one contributor in ten barred from each: its cost must not
// grow with their number.
func BenchmarkOffer(b *testing.B) {
	for _, trees := range []int{1_000, 66_000} {
		b.Run(fmt.Sprint("trees=", trees), func(b *testing.B) {
			s := opened(func(p *policy.Policy) { p.MaxPendingTasksPerUser = 1 << 20 })
			for n := range trees {
				id := domain.MessageID(domain.Derive(domain.CommandID{}, "bench", n))
				s.Observe(domain.Work{Tree: domain.TreeID(id), State: domain.Growing, Slots: []domain.Slot{
					{Kind: domain.TaskLabelAssistantReply, Message: id, Places: 3, Barred: []domain.ContributorID{person(n % 10)}},
				}})
			}
			ctx := with(1)
			b.ResetTimer()
			for i := range b.N {
				at := now.Add(time.Duration(i) * time.Second)
				s.Advance(at)
				a, err := s.Offer(Request{Kind: domain.TaskRandom, Contributor: person(i % 10)}, ctx)
				if err != nil {
					b.Fatal(err)
				}
				id := domain.TaskID(domain.Derive(domain.CommandID{}, "task", i))
				s.Reserve(Reservation{Task: id, Kind: a.Kind, Message: a.Message, By: person(i % 10), At: at})
				s.Release(id)
			}
		})
	}
}
