package kafka

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"

	"github.com/twmb/franz-go/pkg/kgo"
)

// benchText makes events of about 600 bytes, without their headers.
const benchText = 160

func benchLog(b *testing.B, c *kafkatest.Cluster) *Log {
	b.Helper()
	l, err := Open(b.Context(), Options{
		Brokers: c.Addresses(), Topic: kafkatest.Topic(b), Clock: domain.ClockFunc(time.Now), Owner: "bench",
		Create: &domain.Identity{ID: domain.LogID{1}, Partitions: 1},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	return l
}

// plainRecords are the events' records, for any producer.
func plainRecords(b *testing.B, enc *batcher, topic string, events []domain.Recorded) []*kgo.Record {
	b.Helper()
	raw, err := enc.encode(producer{1, 1}, 0, events)
	if err != nil {
		b.Fatal(err)
	}
	head, _, err := parseBatch(raw)
	if err != nil {
		b.Fatal(err)
	}
	rest, err := head.unfold(nil)
	out := make([]*kgo.Record, len(events))
	for i := range out {
		if err != nil {
			b.Fatal(err)
		}
		var r record
		r, rest, err = takeRecord(rest)
		out[i] = &kgo.Record{Topic: topic, Key: bytes.Clone(r.key), Value: bytes.Clone(r.value), Timestamp: events[i].Time}
		in := fields{rest: bytes.Clone(r.rest)}
		for range r.headers {
			out[i].Headers = append(out[i].Headers, kgo.RecordHeader{Key: string(in.bytes()), Value: in.bytes()})
		}
	}
	return out
}

// Appends of so many events each, in lock step, and in turn the same records in
// the same groups by franz-go's own producer: idempotent, all replicas, zstd.
func BenchmarkAppend(b *testing.B) {
	for _, brokers := range []int{1, 3} {
		for _, group := range []int{1, 16, 256, 1024} {
			b.Run(fmt.Sprintf("brokers=%d/group=%d", brokers, group), func(b *testing.B) {
				appendBeside(b, kafkatest.SharedOf(b, brokers), group)
			})
		}
	}
}

func appendBeside(b *testing.B, c *kafkatest.Cluster, group int) {
	l, other := benchLog(b, c), benchLog(b, c)
	w, err := l.Own(b.Context(), 0)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addresses()...), kgo.ProducerBatchCompression(kgo.ZstdCompression()),
		kgo.ProducerLinger(0), kgo.ProducerBatchMaxBytes(maxMessageBytes))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	feed := adaptertest.NewFeed(w.Claim())
	enc := newBatcher()
	var fenced, plain time.Duration
	for i := 0; b.Loop(); i++ {
		events := feed.Events(adaptertest.Command(0, i), group, 7, benchText)
		records := plainRecords(b, enc, other.opt.Topic, events)
		start := time.Now()
		if err := w.Append(b.Context(), events); err != nil {
			b.Fatal(err)
		}
		mid := time.Now()
		if err := cl.ProduceSync(b.Context(), records...).FirstErr(); err != nil {
			b.Fatal(err)
		}
		fenced, plain = fenced+mid.Sub(start), plain+time.Since(mid)
	}
	b.ReportMetric(float64(fenced.Microseconds())/float64(b.N), "µs/append")
	b.ReportMetric(float64(plain.Microseconds())/float64(b.N), "µs/plain")
	b.ReportMetric(float64(b.N*group)/fenced.Seconds(), "events/s")
	b.ReportMetric(plain.Seconds()/fenced.Seconds(), "ofplain")
	b.ReportMetric(0, "ns/op")
}

// Reading all events, decoded and checked, and in turn the topic's records by
// franz-go's own consumer.
func BenchmarkReplay(b *testing.B) {
	c := kafkatest.Shared(b)
	l := benchLog(b, c)
	w, err := l.Own(b.Context(), 0)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	feed := adaptertest.NewFeed(w.Claim())
	const appends, group = 400, 256
	for i := range appends {
		if err := w.Append(b.Context(), feed.Events(adaptertest.Command(0, i), group, 7, benchText)); err != nil {
			b.Fatal(err)
		}
	}
	const events = appends*group + 1
	var read, bare time.Duration
	for b.Loop() {
		start := time.Now()
		n := 0
		end, err := l.End(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range l.Read(b.Context(), l.Identity().Start(), end) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		mid := time.Now()
		if bareRead(b, c, l.opt.Topic, events); n != events {
			b.Fatalf("%d events, want %d", n, events)
		}
		read, bare = read+mid.Sub(start), bare+time.Since(mid)
	}
	b.ReportMetric(float64(b.N*events)/read.Seconds(), "events/s")
	b.ReportMetric(float64(b.N*events)/bare.Seconds(), "bare/s")
	b.ReportMetric(bare.Seconds()/read.Seconds(), "ofbare")
	b.ReportMetric(0, "ns/op")
}

func bareRead(b *testing.B, c *kafkatest.Cluster, topic string, records int) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addresses()...), kgo.FetchMaxPartitionBytes(maxFetchBytes),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	for n := 0; n < records; {
		fetches := cl.PollFetches(context.Background())
		if err := fetches.Err(); err != nil {
			b.Fatal(err)
		}
		n += fetches.NumRecords()
	}
}
