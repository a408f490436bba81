package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/schemas"

	"github.com/twmb/franz-go/pkg/kgo"
)

// kept remembers the appends that pass through, as records of a plain producer.
type kept struct {
	domain.Log
	mu     sync.Mutex
	groups [][][]byte
}

type keptWriter struct {
	domain.Writer
	k *kept
}

func (k *kept) Own(ctx context.Context, p domain.Partition) (domain.Writer, error) {
	w, err := k.Log.Own(ctx, p)
	return keptWriter{w, k}, err
}

func (w keptWriter) Append(ctx context.Context, events []domain.Recorded) error {
	group := make([][]byte, len(events))
	for i, e := range events {
		var err error
		if group[i], err = schemas.AppendRecord(nil, e); err != nil {
			return err
		}
	}
	w.k.mu.Lock()
	w.k.groups = append(w.k.groups, group)
	w.k.mu.Unlock()
	return w.Writer.Append(ctx, events)
}

// BenchmarkEngineOnKafka runs whole commands on one partition of a real
// cluster, with so many clients, and beside it franz-go's own producer: the
// same bytes in the same groups, acks=all, one group after the other. "of-plain"
// is the share of the plain producer's speed that the engine reaches; p99 is
// that of an accepted command.
func BenchmarkEngineOnKafka(b *testing.B) {
	for _, brokers := range []int{1, 3} {
		cluster := kafkatest.SharedOf(b, brokers)
		warm := make([][][]byte, 5000) // brokers are slow until they are compiled
		for i := range warm {
			warm[i] = [][]byte{make([]byte, 600)}
		}
		plainProduce(b, cluster, kafkatest.Topic(b), warm)
		for _, clients := range []int{1, 16, 256} {
			b.Run(fmt.Sprintf("brokers=%d/clients=%d", brokers, clients), func(b *testing.B) { engineOnKafka(b, cluster, clients) })
		}
	}
}

func engineOnKafka(b *testing.B, cluster *kafkatest.Cluster, clients int) {
	topic := kafkatest.Topic(b)
	log, err := kafka.Open(b.Context(), kafka.Options{
		Brokers: cluster.Addresses(), Topic: topic, Clock: wallClock, Owner: "bench", Create: &domain.Identity{ID: domain.LogID{1}, Partitions: 1},
	})
	if err != nil {
		b.Fatal(err)
	}
	k := &kept{Log: log}
	p := policy.Default()
	p.MaxInitialPromptReview, p.MaxPromptLotteryWaiting, p.MaxPendingTasksPerUser = 1_000_000, 1_000_000, 1_000_000
	e, err := commands.Open(b.Context(), k, commands.Options{
		Clock: wallClock, Policy: &p, Dice: func(id domain.CommandID) uint64 { return binary.BigEndian.Uint64(id[8:]) },
		MaxBytes: log.MaxAppendBytes() / 2, Size: sizeOnKafka,
	})
	if err != nil {
		b.Fatal(err)
	}
	people := make([]domain.ContributorID, clients)
	for i := range people {
		people[i] = domain.ContributorID{0: 1, 14: byte(i >> 8), 15: byte(i)}
		benchDo(b, e, commands.OnContributor{Contributor: people[i], Do: contributor.Register{}})
		benchDo(b, e, commands.OnContributor{Contributor: people[i], Do: contributor.Consent{Terms: "1"}})
	}
	k.groups = nil
	took := make([][]time.Duration, clients)
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range clients {
		all.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				began := time.Now()
				cycle(b, e, people[i], n)
				took[i] = append(took[i], time.Since(began)/3)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	engine := b.Elapsed()
	plain := plainProduce(b, cluster, kafkatest.Topic(b), k.groups)
	every := slices.Concat(took...)
	slices.Sort(every)
	b.ReportMetric(float64(3*b.N)/engine.Seconds(), "commands/s")
	b.ReportMetric(float64(3*b.N)/float64(len(k.groups)), "commands/append")
	b.ReportMetric(plain.Seconds()/engine.Seconds(), "of-plain")
	b.ReportMetric(float64(every[len(every)*99/100].Microseconds())/1000, "p99-ms")
	if err := e.Close(); err != nil {
		b.Error(err)
	}
	if err := log.Close(); err != nil {
		b.Error(err)
	}
}

// plainProduce is the bare loop: each group is produced and waited for.
func plainProduce(b *testing.B, cluster *kafkatest.Cluster, topic string, groups [][][]byte) time.Duration {
	b.Helper()
	cluster.CreateTopic(b, topic, 1, min(3, len(cluster.Addresses())), nil)
	cl, err := kgo.NewClient(kgo.SeedBrokers(cluster.Addresses()...), kgo.DefaultProduceTopic(topic), kgo.ProducerLinger(0),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerBatchCompression(kgo.ZstdCompression()), kgo.ProducerBatchMaxBytes(8<<20), kgo.MaxBufferedRecords(1<<20))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	if err := cl.ProduceSync(b.Context(), kgo.StringRecord("first")).FirstErr(); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	for _, group := range groups {
		records := make([]*kgo.Record, len(group))
		for i, value := range group {
			records[i] = &kgo.Record{Value: value}
		}
		if err := cl.ProduceSync(b.Context(), records...).FirstErr(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}
