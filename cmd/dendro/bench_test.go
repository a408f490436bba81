package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dendro/adapters/bolt"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/domain/tree"
	"dendro/schemas"
)

// groups counts the bytes of every append that passes through.
type groups struct {
	domain.Log
	mu    sync.Mutex
	sizes []int
}

type groupWriter struct {
	domain.Writer
	g *groups
}

func (g *groups) Own(ctx context.Context, p domain.Partition) (domain.Writer, error) {
	w, err := g.Log.Own(ctx, p)
	return groupWriter{w, g}, err
}

func (w groupWriter) Append(ctx context.Context, events []domain.Recorded) error {
	n := 0
	var buf []byte
	for _, e := range events {
		b, err := schemas.AppendRecord(buf[:0], e)
		if err != nil {
			return err
		}
		buf, n = b, n+len(b)
	}
	w.g.mu.Lock()
	w.g.sizes = append(w.g.sizes, n)
	w.g.mu.Unlock()
	return w.Writer.Append(ctx, events)
}

// benchEngine opens an engine with one partition on a new file, and n
// contributors.
func benchEngine(b *testing.B, n int) (*commands.Engine, *groups, []domain.ContributorID) {
	b.Helper()
	ctx := context.Background()
	dir := b.TempDir()
	clock := domain.NewManualClock(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	log, err := bolt.Open(ctx, dir, bolt.Options{Clock: clock, Owner: "bench", Create: &domain.Identity{ID: domain.LogID{1}, Partitions: 1}})
	if err != nil {
		b.Fatal(err)
	}
	p := policy.Default()
	p.MaxInitialPromptReview, p.MaxPromptLotteryWaiting, p.MaxPendingTasksPerUser = 1_000_000, 1_000_000, 1_000_000
	g := &groups{Log: log}
	e, err := commands.Open(ctx, g, commands.Options{Clock: clock, Policy: &p, Dice: func(id domain.CommandID) uint64 { return binary.BigEndian.Uint64(id[8:]) }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	})
	var people []domain.ContributorID
	for i := range n {
		id := domain.ContributorID{0: 1, 14: byte(i >> 8), 15: byte(i)}
		people = append(people, id)
		benchDo(b, e, commands.OnContributor{Contributor: id, Do: contributor.Register{}})
		benchDo(b, e, commands.OnContributor{Contributor: id, Do: contributor.Consent{Terms: "1"}})
	}
	return e, g, people
}

var benchCommand atomic.Uint64

func benchDo(b *testing.B, e *commands.Engine, body commands.Body) commands.Result {
	var entropy [10]byte
	binary.BigEndian.PutUint64(entropy[2:], benchCommand.Add(1))
	id := domain.CommandID(domain.NewID(time.Unix(1704067200, 0), entropy))
	res, err := e.Do(context.Background(), commands.Command{ID: id, Actor: domain.ByRule("bench"), Body: body})
	if err != nil {
		b.Error(err)
	}
	return res
}

const benchText = "How old can a tree become, and how would I find out without felling it? "

// cycle is one prompt: asked for, acknowledged, handed in.
func cycle(b *testing.B, e *commands.Engine, who domain.ContributorID, n int64) {
	task, ok := benchDo(b, e, commands.RequestTask{Contributor: who, Language: "en", Kind: domain.TaskInitialPrompt}).Task()
	if !ok {
		b.Error("no task")
		return
	}
	benchDo(b, e, commands.OnTree{Do: tree.Acknowledge{Task: task.Task, FrontendID: task.Task.String()}})
	text := fmt.Sprint(n, benchText, benchText, benchText, benchText)
	benchDo(b, e, commands.OnTree{Do: tree.SubmitText{Task: task.Task, By: who, FrontendID: fmt.Sprint("m", n), Text: text}})
}

// BenchmarkEngine runs whole commands with 64 in flight, and beside it the bare
// loop: the same bytes in the same groups, written and synced to a plain file.
// "of-bare" is the share of the bare loop's speed that the engine reaches.
func BenchmarkEngine(b *testing.B) {
	const inFlight = 64
	e, g, people := benchEngine(b, inFlight)
	g.sizes = nil
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range inFlight {
		all.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				cycle(b, e, people[i], n)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	engine := b.Elapsed()
	bare := bareLoop(b, g.sizes)
	b.ReportMetric(float64(3*b.N)/engine.Seconds(), "commands/s")
	b.ReportMetric(float64(3*b.N)/float64(len(g.sizes)), "commands/append")
	b.ReportMetric(bare.Seconds()/engine.Seconds(), "of-bare")
}

func bareLoop(b *testing.B, sizes []int) time.Duration {
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buf := make([]byte, 1<<24)
	start := time.Now()
	for _, n := range sizes {
		if _, err := f.Write(buf[:n]); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

// BenchmarkTaskRequest asks for a task with that many trees in the pool, each
// with a prompt that is to be reviewed, and declines it.
func BenchmarkTaskRequest(b *testing.B) {
	for _, trees := range []int{1_000, 66_000} {
		b.Run(fmt.Sprint("trees=", trees), func(b *testing.B) {
			e, _, people := benchEngine(b, 64)
			var next atomic.Int64
			var all sync.WaitGroup
			for i := range 64 {
				all.Go(func() {
					for n := next.Add(1); n <= int64(trees); n = next.Add(1) {
						cycle(b, e, people[i], n)
					}
				})
			}
			all.Wait()
			b.ResetTimer()
			for i := range b.N {
				benchDo(b, e, commands.RequestTask{Contributor: people[i%64], Language: "en", Kind: domain.TaskRandom})
			}
		})
	}
}
