package kafka_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"
)

// The environment of a child process that owns partition 0 and appends until it
// is fenced.
const (
	childTopic   = "DENDRO_TEST_TOPIC"
	childBrokers = "DENDRO_TEST_BROKERS"
	childRound   = "DENDRO_TEST_ROUND"
)

// childOwner prints a line for each command that was answered: its number, and
// how.
func childOwner() {
	err := func() error {
		ctx := context.Background()
		round, err := strconv.Atoi(os.Getenv(childRound))
		if err != nil {
			return err
		}
		l, err := kafka.Open(ctx, kafka.Options{Brokers: strings.Split(os.Getenv(childBrokers), ","), Topic: os.Getenv(childTopic), Clock: realTime, Owner: "child"})
		if err != nil {
			return err
		}
		defer l.Close()
		w, err := l.Own(ctx, 0)
		if err != nil {
			return err
		}
		to := l.Identity().Start()
		to.End[0] = w.Claim().Position.Seq
		past, err := collect(ctx, l, to)
		if err != nil {
			return err
		}
		feed := adaptertest.NewFeed(w.Claim(), past...)
		for i := 0; ; i++ {
			err := w.Append(ctx, feed.Events(adaptertest.Command(100+round, i), 2, 2, 300))
			switch {
			case errors.Is(err, domain.ErrFenced):
				fmt.Println(i, "fenced")
				return nil
			case errors.Is(err, domain.ErrUnknown):
				fmt.Println(i, "unknown")
				return nil
			case err != nil:
				return err
			}
			fmt.Println(i, "done")
		}
	}()
	if err != nil {
		fmt.Println(-1, err)
	}
}

// An owner is frozen in the middle of its appends, another takes over, and the
// first wakes: it never gets an event in behind the other's claim, and what it
// was told is done stays.
func TestFrozenOwner(t *testing.T) {
	c := kafkatest.Shared(t)
	o := options(t, c, 1)
	l := open(t, o)
	const rounds, before = 4, 40
	for round := range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childTopic+"="+o.Topic, childBrokers+"="+strings.Join(o.Brokers, ","), childRound+"="+strconv.Itoa(round))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := kafkatest.StartChild(cmd); err != nil {
			t.Fatal(err)
		}
		answers := make(map[int]string)
		lines := bufio.NewScanner(out)
		next := func() bool {
			if !lines.Scan() {
				return false
			}
			number, answer, _ := strings.Cut(lines.Text(), " ")
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 {
				t.Errorf("the child says: %s", lines.Text())
				return false
			}
			answers[n] = answer
			return true
		}
		for len(answers) < before && next() {
		}
		time.Sleep(time.Duration(round) * 150 * time.Microsecond) // somewhere else in an append
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		w, feed := own(t, l)
		mustAppend(t, w, feed.Events(adaptertest.Command(1, round), 2, 1, 100))
		if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		for next() {
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, w, feed.Events(adaptertest.Command(2, round), 2, 1, 100))
		checkRound(t, all(t, l), round, answers, w.Claim().Position.Seq)
	}
}

// checkRound holds the log to what the child was told.
func checkRound(t *testing.T, events []domain.Recorded, round int, answers map[int]string, claim domain.Seq) {
	t.Helper()
	last := ""
	for i := range len(answers) {
		command := adaptertest.Command(100+round, i)
		n := count(events, command)
		switch last = answers[i]; {
		case last == "done" && n != 2, last == "fenced" && n != 0, last == "unknown" && n != 0 && n != 2:
			t.Errorf("round %d, append %d was answered %q, and has %d events", round, i, last, n)
		}
		for _, e := range events {
			if e.Command == command && e.Position.Seq > claim {
				t.Errorf("round %d, append %d stands at %s, behind the claim at %d", round, i, e.Position, claim)
			}
		}
	}
	if last == "done" {
		t.Errorf("round %d: the child was never stopped", round)
	}
}
