package bolt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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

func (x *bare) append(b *testing.B) {
	if _, err := x.f.Write(x.buf); err != nil {
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
				x.append(b)
				log, plain = log+mid.Sub(start), plain+time.Since(mid)
			}
			report(b, group, log, plain)
		})
	}
}

// Writers of as many partitions, each with one event at a time: what queues up
// shares a commit. Beside them a bare file takes as many events in one write.
func BenchmarkAppendTogether(b *testing.B) {
	for _, writers := range []int{8, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			l := mustOpen(b, b.TempDir(), testOptions(writers))
			x := newBare(b)
			rounds := make([]chan []domain.Recorded, writers)
			feeds := make([]*adaptertest.Feed, writers)
			var wg, round sync.WaitGroup
			for p := range writers {
				w, feed := mustOwn(b, l, domain.Partition(p))
				feeds[p], rounds[p] = feed, make(chan []domain.Recorded)
				wg.Go(func() {
					for events := range rounds[p] {
						if err := w.Append(context.Background(), events); err != nil {
							b.Error(err)
						}
						round.Done()
					}
				})
			}
			var log, plain time.Duration
			i := 0
			for b.Loop() {
				batches := make([][]domain.Recorded, writers)
				var all []domain.Recorded
				for p := range writers {
					batches[p] = feeds[p].Events(adaptertest.Command(p, i), 1, 7, benchText)
					all = append(all, batches[p]...)
				}
				i++
				x.encode(b, all)
				start := time.Now()
				round.Add(writers)
				for p := range writers {
					rounds[p] <- batches[p]
				}
				round.Wait()
				mid := time.Now()
				x.append(b)
				log, plain = log+mid.Sub(start), plain+time.Since(mid)
			}
			for p := range writers {
				close(rounds[p])
			}
			wg.Wait()
			report(b, writers, log, plain)
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
