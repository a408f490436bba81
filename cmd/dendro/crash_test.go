package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"
)

// asProgram in the environment makes the test binary the program itself.
const asProgram = "DENDRO_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(kafkatest.Main(m))
}

// crashRounds is how often a simulation is killed.
const crashRounds = 50

// TestSimulateSurvivesKills kills a simulation again and again, each time a
// moment after it began to work or, now and then, while it opens the log.
// Nothing that was acknowledged may be missing or there twice, and the next
// one goes on.
func TestSimulateSurvivesKills(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("the kills are timed by seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 1))
	c := &crashes{t: t, dir: filepath.Join(t.TempDir(), "log"), ids: map[domain.EventID]bool{}}
	for round := range crashRounds {
		after := time.Duration(50+min(chance.IntN(351), chance.IntN(351))) * time.Millisecond
		c.kill(round, after, round > 0 && chance.IntN(6) == 0)
		if t.Failed() {
			return
		}
		if round%10 == 9 { // and one that ends by itself, and leaves checkpoints
			fine(t, "simulate", "--data", c.dir, "--seed", "5", "--contributors", "60", "--tasks", "20")
			c.verify()
		}
	}
	t.Logf("%d kills, %d acknowledged events, %d in the log", crashRounds, c.acknowledged, len(c.ids))
}

type crashes struct {
	t            *testing.T
	dir          string
	at           domain.Cut // what was read so far
	ids          map[domain.EventID]bool
	acknowledged int
}

// kill runs one simulation and kills it: early, so long after its start, else
// so long after its first acknowledgement.
func (c *crashes) kill(round int, after time.Duration, early bool) {
	c.t.Helper()
	acks := filepath.Join(c.t.TempDir(), fmt.Sprintf("acks-%d", round))
	child := exec.Command(os.Args[0], "simulate", "--data", c.dir, "--seed", "5", "--contributors", "60", "--tasks", "1000000", "--acks", acks)
	child.Env = append(os.Environ(), asProgram+"=1")
	var errs bytes.Buffer
	child.Stderr = &errs
	if err := child.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for begun := time.Now(); !early; time.Sleep(2 * time.Millisecond) {
		if info, err := os.Stat(acks); err == nil && info.Size() > 0 {
			break
		}
		if len(ended) > 0 || time.Since(begun) > 30*time.Second {
			_ = child.Process.Kill()
			c.t.Fatalf("round %d: the simulation does not get to work: %v, %s", round, <-ended, errs.String())
		}
	}
	time.Sleep(after)
	if len(ended) > 0 {
		c.t.Fatalf("round %d: the simulation ended by itself: %v, %s", round, <-ended, errs.String())
	}
	if err := child.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	<-ended
	c.compare(round, acks)
}

// compare reads what is new in the log, and looks for the acknowledged ids.
func (c *crashes) compare(round int, acks string) {
	c.t.Helper()
	err := readLog(c.t.Context(), c.dir, func(log domain.Log) error {
		end, err := log.End(c.t.Context())
		if err != nil {
			return err
		}
		if c.at.End == nil {
			c.at = log.Identity().Start()
		}
		for r, err := range log.Read(c.t.Context(), c.at, end) {
			if err != nil {
				return err
			}
			if c.ids[r.ID] {
				c.t.Errorf("round %d: event %s at %s is there twice", round, r.ID, r.Position)
			}
			c.ids[r.ID] = true
		}
		c.at = end
		return nil
	})
	if err != nil {
		c.t.Fatalf("round %d: after the kill: %v", round, err)
	}
	text, err := os.ReadFile(acks)
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			continue // the kill tore it
		}
		id, err := domain.ParseID(strings.TrimSpace(line))
		if err != nil || !c.ids[domain.EventID(id)] {
			c.t.Errorf("round %d: event %s was acknowledged and is not in the log (%v)", round, strings.TrimSpace(line), err)
		}
		c.acknowledged++
	}
}

// verify holds the whole log to the checks of `log verify`.
func (c *crashes) verify() {
	c.t.Helper()
	if _, err := verify(c.t.Context(), c.dir, io.Discard); err != nil {
		c.t.Fatal(err)
	}
}
