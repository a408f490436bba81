//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dendro/adapters/crowd/remote"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/schemas"

	"github.com/prometheus/client_golang/prometheus"
)

// benchServer serves a new data directory on a loopback address, as `dendro
// serve --dev` does, until the benchmark ends.
func benchServer(b *testing.B, languages ...string) (*node, string) {
	b.Helper()
	s := serving{
		plan:   nodePlan{dir: b.TempDir(), owner: "bench", terms: "1", partitions: simulatePartitions, clock: wallClock},
		limits: "off", dev: true, quiet: true, inFlight: 512, maxBody: 1 << 20, out: io.Discard, errors: io.Discard,
	}
	n, err := openNode(b.Context(), s.plan)
	if err != nil {
		b.Fatal(err)
	}
	p := policy.Default()
	p.MaxInitialPromptReview, p.MaxPromptLotteryWaiting, p.MaxPendingTasksPerUser = 1_000_000, 1_000_000, 1_000_000
	p.Languages = languages
	benchDo(b, n.engine, commands.OnCampaign{Do: campaign.Configure{Policy: p}})
	api, err := s.api(b.Context(), n, prometheus.NewRegistry(), s.logger())
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	w := &web{listener: listener, api: api, handler: api}
	go func() {
		served <- w.serve(ctx, n.failed, func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		})
	}()
	b.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			b.Error(err)
		}
		if err := n.close(); err != nil {
			b.Error(err)
		}
	})
	return n, "http://" + listener.Addr().String()
}

// benchCrowd is a crowd that does nothing but tasks.
func benchCrowd(b *testing.B, server string, connections int) *remote.Crowd {
	b.Helper()
	c, err := remote.Open(b.Context(), remote.Options{
		Servers: []string{server}, Seed: 1, Run: b.Name(), Contributors: 256, Connections: connections, TasksOnly: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return c
}

// benched is what a cycle came to, on average.
type benched struct {
	wall, cpu time.Duration // cpu is of both sides, and feels little of what else the machine does
	size      int           // bytes of events
}

// benchWork lets the crowd do b.N cycles and reports them.
func benchWork(b *testing.B, n *node, c *remote.Crowd) benched {
	b.Helper()
	from, err := n.log.End(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC() // what was planted is no part of the cost
	b.ResetTimer()
	busy := cpuTime(b)
	r, err := c.Work(b.Context(), b.N, nil)
	busy = cpuTime(b) - busy
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	to, err := n.log.End(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(r.PerSec, "cycles/s")
	b.ReportMetric(r.Cycle.P50, "p50-ms")
	b.ReportMetric(r.Cycle.P99, "p99-ms")
	b.ReportMetric(float64(to.Events()-from.Events())/r.Seconds, "events/s")
	b.ReportMetric(float64(to.Events()), "events")
	each := func(d time.Duration) time.Duration { return d / time.Duration(b.N) }
	out := benched{wall: each(time.Duration(r.Seconds * float64(time.Second))), cpu: each(busy), size: recordBytes(b, n, from, to) / b.N}
	b.ReportMetric(out.cpu.Seconds()*1000, "cpu-ms")
	return out
}

func recordBytes(b *testing.B, n *node, from, to domain.Cut) (size int) {
	b.Helper()
	var record []byte
	for e, err := range n.log.Read(b.Context(), from, to) {
		if err != nil {
			b.Fatal(err)
		}
		if record, err = schemas.AppendRecord(record[:0], e); err != nil {
			b.Fatal(err)
		}
		size += len(record)
	}
	return size
}

// cpuTime is what the process has used of the processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkServe runs whole task cycles, each a request, an acknowledgement and
// a submission, over HTTP against a data directory on disk; client and server
// share the machine. Beside it the bare cost: a handler that reads the JSON of
// as many requests and syncs as many bytes to a file, in groups too. "of-bare"
// is the share of its speed that the server reaches.
func BenchmarkServe(b *testing.B) {
	for _, connections := range []int{1, 16, 64} {
		n, server := benchServer(b)
		crowd := benchCrowd(b, server, connections)
		b.Run(fmt.Sprint("connections=", connections), func(b *testing.B) {
			got := benchWork(b, n, crowd)
			b.ReportMetric(bareCycle(b, connections, got.size/3).Seconds()/got.wall.Seconds(), "of-bare")
		})
	}
}

// BenchmarkServeTrees runs cycles with that many trees in the pool, each with a
// prompt that is to be reviewed. "x-1000" is how long a cycle takes beside one
// with 1,000 trees, "cpu-x-1000" the same of processor time. A short run has
// collections of garbage in it or none: let it do some thousand cycles.
func BenchmarkServeTrees(b *testing.B) {
	var few benched
	for _, trees := range []int{1_000, 66_000} {
		n, server := benchServer(b, "en")
		plantTrees(b, n.engine, trees)
		crowd := benchCrowd(b, server, 16)
		b.Run(fmt.Sprint("trees=", trees), func(b *testing.B) {
			got := benchWork(b, n, crowd)
			if trees == 1_000 {
				few = got
			}
			if few.cpu > 0 {
				b.ReportMetric(got.wall.Seconds()/few.wall.Seconds(), "x-1000")
				b.ReportMetric(got.cpu.Seconds()/few.cpu.Seconds(), "cpu-x-1000")
			}
		})
	}
}

// plantTrees lets people whom no client knows hand prompts in.
func plantTrees(b *testing.B, e *commands.Engine, trees int) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range 64 {
		who := domain.ContributorID{0: 2, 15: byte(i)}
		benchDo(b, e, commands.OnContributor{Contributor: who, Do: contributor.Register{}})
		benchDo(b, e, commands.OnContributor{Contributor: who, Do: contributor.Consent{Terms: "1"}})
		all.Go(func() {
			for n := next.Add(1); n <= int64(trees); n = next.Add(1) {
				cycle(b, e, who, n)
			}
		})
	}
	all.Wait()
}

// bareWrite is what a bare handler wants written.
type bareWrite struct {
	size int
	done chan struct{}
}

// bareCycle measures b.N times three requests to a handler that reads JSON,
// and answers when so many bytes are on disk.
func bareCycle(b *testing.B, connections, size int) time.Duration {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	queue, written := make(chan bareWrite, connections), make(chan error, 1)
	go func() { written <- writeGroups(f, queue) }()
	server := httptest.NewServer(bareHandler(queue, size))
	took := bareRequests(b, server.URL, connections)
	server.Close()
	close(queue)
	if err := <-written; err != nil {
		b.Fatal(err)
	}
	return took / time.Duration(b.N)
}

func bareHandler(queue chan<- bareWrite, size int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in map[string]any
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		done := make(chan struct{})
		queue <- bareWrite{size, done}
		<-done
		_, _ = io.WriteString(w, `{"id":"00000000-0000-0000-0000-000000000000","type":"task_done"}`)
	}
}

func bareRequests(b *testing.B, url string, connections int) time.Duration {
	transport := &http.Transport{MaxIdleConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	body := `{"type":"text_reply_to_message","user":{"id":"somebody","display_name":"Some Body","auth_method":"local"},"text":"` +
		strings.Repeat("text ", 20) + `"}`
	var next atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range connections {
		all.Go(func() {
			for next.Add(1) <= int64(3*b.N) {
				res, err := transport.RoundTrip(newBareRequest(url, body))
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

func newBareRequest(url, body string) *http.Request {
	req, _ := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(body))) // the URL is a test server's
	return req
}

// writeGroups writes what has queued up, syncs, and tells those who wait.
func writeGroups(f *os.File, queue <-chan bareWrite) error {
	var failed error
	for first := range queue {
		group := []bareWrite{first}
		for len(queue) > 0 {
			group = append(group, <-queue)
		}
		size := 0
		for _, w := range group {
			size += w.size
		}
		if _, err := f.Write(make([]byte, size)); err != nil {
			failed = err
		}
		if err := f.Sync(); err != nil {
			failed = err
		}
		for _, w := range group {
			close(w.done)
		}
	}
	return failed
}
