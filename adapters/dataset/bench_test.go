package dataset_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	fastgzip "github.com/klauspost/compress/gzip"

	"dendro/adapters/dataset"
	"dendro/domain"
	"dendro/projections/dataset/datasettest"
	"dendro/schemas"
)

// storedLog keeps its events as stored bytes, and decodes them when read: what
// any real log has to do.
type storedLog struct {
	*fakeLog
	records [][][]byte
}

func newStoredLog(b *testing.B, s datasettest.Shape) *storedLog {
	l := &storedLog{fakeLog: newLog(s)}
	for p, events := range l.events {
		l.records = append(l.records, nil)
		for _, e := range events {
			record, err := schemas.AppendRecord(nil, e)
			if err != nil {
				b.Fatal(err)
			}
			l.records[p] = append(l.records[p], record)
		}
		l.events[p] = make([]domain.Recorded, len(events)) // just their number
	}
	return l
}

func (l *storedLog) Read(_ context.Context, from, to domain.Cut) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for p, records := range l.records {
			for _, record := range records[from.End[p]-1 : to.End[p]-1] {
				if e, err := schemas.DecodeRecord(record); !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// An export from stored bytes to the finished directory, beside a bare gzip of
// the lines that it holds, by the same library and by the standard one, in the
// same run. The ratios are bare gzip's time over the export's.
func BenchmarkExport(b *testing.B) {
	for _, partitions := range []int{1, 8} {
		b.Run(fmt.Sprintf("partitions=%d", partitions), func(b *testing.B) {
			log := newStoredLog(b, datasettest.Shape{Seed: 1, Partitions: partitions, Trees: 4000, Contributors: 500, Steps: 60, Words: 150, Rare: 1})
			_, data := exported(b, log, log.end(), allMessages, dataset.Options{})
			lines := ""
			for name, packed := range data {
				if strings.HasSuffix(name, ".gz") {
					lines = unzip(b, packed)
				}
			}
			var bare, standard time.Duration
			out := b.TempDir()
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				same, err := fastgzip.NewWriterLevel(io.Discard, 6)
				if err != nil {
					b.Fatal(err)
				}
				bare += timed(b, same, lines)
				standard += timed(b, gzip.NewWriter(io.Discard), lines)
				b.StartTimer()
				if _, err := dataset.Export(context.Background(), log, log.end(), allMessages, dataset.Options{Dir: filepath.Join(out, fmt.Sprint(i))}); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(lines)))
			b.ReportMetric(bare.Seconds()/b.Elapsed().Seconds(), "of-bare-gzip")
			b.ReportMetric(standard.Seconds()/b.Elapsed().Seconds(), "of-standard-gzip")
			b.ReportMetric(float64(log.end().Events())*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func timed(b *testing.B, w io.WriteCloser, lines string) time.Duration {
	start := time.Now()
	_, err := io.Copy(w, bytes.NewReader([]byte(lines)))
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}
