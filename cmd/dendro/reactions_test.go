package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dendro/adapters/reactions"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/tree"
	"dendro/projections/conversations"

	"github.com/prometheus/client_golang/prometheus"
)

// reacting is a node on a simulated log, and the world outside it.
type reacting struct {
	t       *testing.T
	dir     string
	n       *node
	plan    nodePlan
	outside outside
	told    atomic.Int64 // requests to the webhook
	asked   atomic.Int64 // requests to the classifier
	refuse  atomic.Bool  // the webhook refuses
}

func newReacting(t *testing.T) *reacting {
	t.Helper()
	x := &reacting{t: t, dir: filepath.Join(t.TempDir(), "log")}
	simulate(t, x.dir, "--tasks", "300")
	t.Setenv(webhookVariable, "a secret of some length")
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		x.told.Add(1)
		if x.refuse.Load() {
			w.WriteHeader(http.StatusGone)
		}
	}))
	t.Cleanup(hook.Close)
	classifier := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, `{"model":"fickle","scores":{"toxicity":0.%d}}`, x.asked.Add(1)) // never the same twice
	}))
	t.Cleanup(classifier.Close)
	x.outside = outside{webhook: hook.URL, classifier: classifier.URL, deleteErased: true}
	return x
}

func (x *reacting) open() {
	x.t.Helper()
	x.plan = nodePlan{dir: x.dir, owner: "test", clock: wallClock, partitions: simulatePartitions}
	var err error
	if x.n, err = openNode(x.t.Context(), x.plan); err != nil {
		x.t.Fatal(err)
	}
}

// react lets reactions work until they have seen all of the log, what they
// wrote too, and closes the node. It gives how many events there are.
func (x *reacting) react() (events uint64) {
	x.t.Helper()
	r, err := x.n.reactions(x.plan, &x.outside, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		x.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(x.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	kept := reactions.FilePositions{Dir: reactions.Dir(x.dir)}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		end, err := x.n.log.End(ctx)
		if err != nil {
			x.t.Fatal(err)
		}
		behind := 0
		for _, name := range []string{"withdrawal", "webhook", "classifier"} {
			if at, found, err := kept.Load(name); err != nil || !found || !at.Equal(end) {
				behind++
			}
		}
		if behind == 0 {
			events = end.Events()
			break
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("%d reactions do not get to the end of the log", behind)
		}
	}
	stop()
	if err := <-ended; err != nil {
		x.t.Error(err)
	}
	return events
}

func (x *reacting) do(name string, body commands.Body) {
	x.t.Helper()
	id := domain.CommandID(domain.NewID(time.Now(), [10]byte(randomBytes(10))))
	if _, err := x.n.engine.Do(x.t.Context(), commands.Command{ID: id, Actor: domain.ByModerator("test"), Body: body}); err != nil {
		x.t.Fatalf("%s: %v", name, err)
	}
}

// messages gives all messages of the views.
func (x *reacting) messages() []*conversations.Message {
	x.t.Helper()
	list, err := x.n.views.Messages(x.t.Context(), conversations.Query{Deleted: true, Max: 1 << 20})
	if err != nil || len(list) == 0 {
		x.t.Fatalf("%d messages (%v)", len(list), err)
	}
	return list
}

// count counts the events of a type.
func (x *reacting) count(eventType domain.EventType) (n int) {
	x.t.Helper()
	end, err := x.n.log.End(x.t.Context())
	if err != nil {
		x.t.Fatal(err)
	}
	for r, err := range x.n.log.Read(x.t.Context(), x.n.log.Identity().Start(), end) {
		if err != nil {
			x.t.Fatal(err)
		}
		if r.Payload.Type() == eventType {
			n++
		}
	}
	return n
}

func (x *reacting) close() {
	x.t.Helper()
	if err := x.n.close(); err != nil {
		x.t.Error(err)
	}
}

// TestReactions lets reactions follow a campaign on a real log: what must
// follow does, once, also when all of it is told a second time; what the
// webhook refused is kept aside until it is retried.
func TestReactions(t *testing.T) {
	x := newReacting(t)
	x.open()
	all := x.messages()
	gone := all[len(all)-1].Author
	edited := all[0]
	x.do("erase", commands.OnContributor{Contributor: gone, Do: contributor.Erase{Reason: "asked for"}})
	x.do("edit", commands.OnTree{Do: tree.Edit{Message: edited.ID, Text: "another text", Reason: "test"}})
	for _, m := range all[:5] {
		x.do("report", commands.OnTree{Do: tree.SetLabels{
			Message: m.ID, By: all[len(all)/2].Author, Report: true, Reason: "rude",
			Labels: []tree.LabelValue{{Label: domain.LabelSpam, Value: decimal.Int(1)}},
		}})
	}
	reports := x.count("message.reported")
	x.refuse.Store(true)
	before := x.react()

	if err := x.n.catchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	scored := 0
	for _, m := range x.messages() {
		if m.Author == gone && !m.Deleted {
			t.Errorf("message %s of the erased contributor is left", m.ID)
		}
		if !m.Deleted {
			scored++
		}
	}
	if n := x.count("message.scored"); n < scored {
		t.Errorf("%d messages are scored, %d are there", n, scored)
	}
	if told := x.told.Load(); told != int64(reports) {
		t.Errorf("the webhook was told %d times of %d reports", told, reports)
	}

	// As after a crash with no position saved.
	for _, name := range []string{"withdrawal", "webhook", "classifier"} {
		if err := os.Remove(filepath.Join(reactions.Dir(x.dir), name+".cut")); err != nil {
			t.Fatal(err)
		}
	}
	x.close()
	x.open()
	claims := uint64(simulatePartitions)
	if again := x.react(); again != before+claims {
		t.Errorf("told again, %d events follow", again-before-claims)
	}
	x.close()
	x.retries(reports)
	fine(t, "log", "verify", "--data", x.dir)
}

// retries works through the poison as an operator would.
func (x *reacting) retries(reports int) {
	x.t.Helper()
	list := fine(x.t, "reactions", "poison", "list", "--data", x.dir)
	if n := strings.Count(list, "\n") - 1; n != reports || !strings.Contains(list, "answered with status 410") {
		x.t.Errorf("%d of %d reports are poison:\n%s", n, reports, list)
	}
	id, _, _ := strings.Cut(strings.Split(list, "\n")[1], " ")
	retry := []string{"reactions", "poison", "retry", "--data", x.dir, "--webhook", x.outside.webhook}
	code, _, stderr := call(x.t, retry...)
	if code != exitFailed || !strings.Contains(stderr, fmt.Sprintf("%d of %d failed again", reports, reports)) {
		x.t.Errorf("retried while the webhook refuses: exit code %d, %s", code, stderr)
	}
	fails(x.t, exitFailed, "is not set up", retry[:5]...)
	fails(x.t, exitFailed, "not the id", append(retry, "webhook@7/7")...)
	x.refuse.Store(false)
	if out := fine(x.t, append(retry, id)...); out != id+" went well\n" {
		x.t.Errorf("one retried: %q", out)
	}
	if out := fine(x.t, retry...); strings.Count(out, "went well") != reports-1 {
		x.t.Errorf("the rest retried: %q", out)
	}
	var left []reactions.Poisoned
	decodeJSON(x.t, fine(x.t, "reactions", "poison", "list", "--data", x.dir, "--json"), &left)
	if len(left) != 0 {
		x.t.Errorf("left: %v", left)
	}
	fine(x.t, retry...)
}

func TestReactionsMisuse(t *testing.T) {
	t.Setenv(dataVariable, "")
	t.Setenv(webhookVariable, "")
	for args, text := range map[string]string{
		"reactions poison list":               "--data DIR",
		"reactions poison list --data d more": "flags only",
		"reactions poison retry":              "--data DIR",
		"reactions poison retri":              "did you mean retry?",
	} {
		fails(t, exitMisuse, text, strings.Fields(args)...)
	}
	dir := t.TempDir()
	fails(t, exitFailed, "nothing is kept aside", "reactions", "poison", "retry", "webhook@0/1", "--data", dir)
	fine(t, "reactions", "poison", "retry", "--data", dir)
}
