package bolt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/domain"
	"dendro/schemas"
)

// benchText makes records of about 600 bytes.
const benchText = 160

// bare appends the same bytes to a plain file and syncs it: what any log costs
// at least.
type bare struct {
	f   *os.File
	buf []byte
}

func newBare(b *testing.B) *bare {
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return &bare{f: f}
}

func (x *bare) encode(b *testing.B, events []domain.Recorded) {
	x.buf = x.buf[:0]
	for _, e := range events {
		var err error
		if x.buf, err = schemas.AppendRecord(x.buf, e); err != nil {
			b.Fatal(err)
		}
	}
}

func (x *bare) write(b *testing.B, group []byte) {
	if _, err := x.f.Write(group); err != nil {
		b.Fatal(err)
	}
	if err := x.f.Sync(); err != nil {
		b.Fatal(err)
	}
}

// report gives both times, and how fast the log is beside the bare file.
func report(b *testing.B, group int, log, plain time.Duration) {
	b.ReportMetric(float64(log.Nanoseconds())/float64(b.N), "log-ns/append")
	b.ReportMetric(float64(plain.Nanoseconds())/float64(b.N), "bare-ns/append")
	b.ReportMetric(float64(b.N*group)/log.Seconds(), "events/s")
	b.ReportMetric(100*plain.Seconds()/log.Seconds(), "%ofbare")
}

// Appends of so many events each, and the same bytes to a bare file in turn.
func BenchmarkAppend(b *testing.B) {
	for _, group := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("group=%d", group), func(b *testing.B) {
			l := mustOpen(b, b.TempDir(), testOptions(1))
			w, feed := mustOwn(b, l, 0)
			x := newBare(b)
			var log, plain time.Duration
			i := 0
			for b.Loop() {
				events := feed.Events(adaptertest.Command(0, i), group, 7, benchText)
				x.encode(b, events)
				i++
				start := time.Now()
				mustAppend(b, w, events)
				mid := time.Now()
				x.write(b, x.buf)
				log, plain = log+mid.Sub(start), plain+time.Since(mid)
			}
			report(b, group, log, plain)
		})
	}
}

// Writers of as many partitions, each with one event in flight: what queues up
// shares a commit. The bare file takes the same bytes in groups of the same
// mean size.
func BenchmarkAppendTogether(b *testing.B) {
	for _, writers := range []int{8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l := mustOpen(b, b.TempDir(), testOptions(writers))
			own := make([]domain.Writer, writers)
			batches := make([][]domain.Recorded, writers)
			for p := range writers {
				w, feed := mustOwn(b, l, domain.Partition(p))
				own[p], batches[p] = w, feed.Events(adaptertest.Command(p, 0), b.N/writers+1, 7, benchText)
			}
			before := l.txid
			b.ResetTimer()
			var wg sync.WaitGroup
			for p := range writers {
				wg.Go(func() {
					for i := range batches[p] {
						if err := own[p].Append(context.Background(), batches[p][i:i+1]); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			log := b.Elapsed()
			events := len(batches[0]) * writers
			mustClose(b, l)
			commits := int(l.txid - before)
			x := newBare(b)
			x.encode(b, slices.Concat(batches...))
			start := time.Now()
			for group := range slices.Chunk(x.buf, len(x.buf)/commits+1) {
				x.write(b, group)
			}
			plain := time.Since(start)
			b.ReportMetric(float64(events)/float64(commits), "events/commit")
			b.ReportMetric(float64(events)/log.Seconds(), "events/s")
			b.ReportMetric(100*plain.Seconds()/log.Seconds(), "%ofbare")
		})
	}
}

// benchLog is a log of 100,000 events in four partitions.
func benchLog(b *testing.B) (dir string, events int) {
	b.Helper()
	dir = b.TempDir()
	l := mustOpen(b, dir, testOptions(4))
	for p := range domain.Partition(4) {
		w, feed := mustOwn(b, l, p)
		for i := range 400 {
			mustAppend(b, w, feed.Events(adaptertest.Command(int(p), i), 1+i%125, 7, benchText))
			events += 1 + i%125
		}
		events++
	}
	mustClose(b, l)
	return dir, events
}

func reportBytes(b *testing.B, dir string, events int) {
	r, err := Check(b.Context(), dir, nil)
	if err != nil {
		b.Fatal(err)
	}
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(float64(events*b.N)/seconds, "events/s")
	b.ReportMetric(float64(r.Bytes)*float64(b.N)/seconds/1e6, "MB/s")
	b.ReportMetric(float64(r.Bytes)/float64(events), "bytes/event")
}

// Reading all events, decoded.
func BenchmarkScan(b *testing.B) {
	dir, events := benchLog(b)
	l := mustOpen(b, dir, Options{ReadOnly: true})
	for b.Loop() {
		n := 0
		end, _ := l.ends()
		for _, err := range l.Read(b.Context(), l.Identity().Start(), end) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != events {
			b.Fatalf("%d events, want %d", n, events)
		}
	}
	reportBytes(b, dir, events)
}

// Opening to write, which checks all bytes.
func BenchmarkOpenCheck(b *testing.B) {
	dir, events := benchLog(b)
	for b.Loop() {
		l, err := Open(b.Context(), dir, testOptions(4))
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
	reportBytes(b, dir, events)
}
