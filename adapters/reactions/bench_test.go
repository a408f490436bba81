package reactions

import (
	"context"
	"sync/atomic"
	"testing"

	"dendro/domain"
)

// BenchmarkEvents measures how fast reactions get through a log: events that no
// handler follows, and events that one does, with a handler that does nothing.
func BenchmarkEvents(b *testing.B) {
	for _, wanted := range []bool{false, true} {
		name := "passed over"
		if wanted {
			name = "handled"
		}
		b.Run(name, func(b *testing.B) {
			d := newDiary(b, 4)
			n := int64(0)
			for i := range b.N {
				if wanted {
					d.report(i%4, i)
				} else {
					d.noise(i % 4)
				}
			}
			d.report(3, 0)
			want := int64(1)
			if wanted {
				want += int64(b.N)
			}
			done := make(chan struct{})
			x := newReactions(b, d, b.TempDir(), func(context.Context, *domain.Recorded) error {
				if atomic.AddInt64(&n, 1) == want {
					close(done)
				}
				return nil
			}, nil)
			b.ReportAllocs()
			b.ResetTimer()
			stop := started(b, x)
			<-done
			b.StopTimer()
			stop()
		})
	}
}
