package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/adapters/reactions"
	"dendro/commands"
	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/tree"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

// onTopic is an engine on a log in Kafka, and a webhook.
type onTopic struct {
	t       *testing.T
	brokers []string
	topic   string
	log     *kafka.Log
	engine  *commands.Engine
	hook    *httptest.Server

	mu   sync.Mutex
	told []string
}

func newOnTopic(t *testing.T) *onTopic {
	t.Helper()
	w := &onTopic{t: t, brokers: kafkatest.Shared(t).Addresses(), topic: kafkatest.Topic(t)}
	id := domain.Identity{ID: domain.LogID(domain.NewID(time.Now(), [10]byte(randomBytes(10)))), Partitions: 2}
	var err error
	if w.log, err = kafka.Open(t.Context(), kafka.Options{Brokers: w.brokers, Topic: w.topic, Clock: wallClock, Owner: "test", Create: &id}); err != nil {
		t.Fatal(err)
	}
	w.engine, err = commands.Open(t.Context(), w.log, commands.Options{Clock: wallClock, Dice: chance, Partial: true, NoReactions: true})
	if err != nil {
		t.Fatal(err)
	}
	for p := range domain.Partition(id.Partitions) {
		if err := w.engine.Acquire(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	w.hook = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told = append(w.told, string(body))
	}))
	t.Cleanup(w.hook.Close)
	return w
}

// node runs reactions as one of several nodes would.
func (w *onTopic) node(dir string) (stop func()) {
	w.t.Helper()
	x, err := reactions.New(reactions.Config{
		Log: w.log, Engine: w.engine, Clock: wallClock, Dir: dir, Registry: prometheus.NewRegistry(), Topic: w.topic,
		Subscribe:    reactions.KafkaSubscribers(w.brokers, w.topic, 50*time.Millisecond, slog.New(slog.DiscardHandler)),
		Consequences: w.engine.Consequences,
		Webhook:      &reactions.Webhook{URL: w.hook.URL, Secret: randomBytes(32)},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- x.Run(ctx) }()
	return func() {
		w.t.Helper()
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	}
}

func (w *onTopic) do(body commands.Body) commands.Result {
	w.t.Helper()
	res, err := w.engine.Do(w.t.Context(), commands.Command{
		ID: domain.CommandID(domain.NewID(time.Now(), [10]byte(randomBytes(10)))), Actor: domain.ByModerator("test"), Body: body,
	})
	if err != nil {
		w.t.Fatalf("%T: %v", body, err)
	}
	return res
}

func (w *onTopic) join(n int) domain.ContributorID {
	who := domain.ContributorID(domain.Derive(domain.CommandID{1}, "member", n))
	w.do(commands.OnContributor{Contributor: who, Do: contributor.Register{}})
	w.do(commands.OnContributor{Contributor: who, Do: contributor.Consent{Terms: "1"}})
	return who
}

func (w *onTopic) prompt(by domain.ContributorID, lang string) domain.MessageID {
	w.t.Helper()
	task, _ := w.do(commands.RequestTask{Contributor: by, Language: lang, Kind: domain.TaskInitialPrompt}).Task()
	w.do(commands.OnTree{Do: tree.Acknowledge{Task: task.Task, FrontendID: task.Task.String()}})
	id, _ := w.do(commands.OnTree{Do: tree.SubmitText{Task: task.Task, By: by, FrontendID: "m" + task.Task.String(), Text: "what is " + lang}}).Message()
	return id
}

func (w *onTopic) report(m domain.MessageID, by domain.ContributorID) {
	w.t.Helper()
	w.do(commands.OnTree{Do: tree.SetLabels{Message: m, By: by, Report: true, Labels: []tree.LabelValue{{Label: domain.LabelSpam, Value: decimal.Int(1)}}}})
}

// toldOf counts what the webhook was told of the message.
func (w *onTopic) toldOf(m domain.MessageID) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, body := range w.told {
		if strings.Contains(body, m.String()) {
			n++
		}
	}
	return n
}

// halted tells whether the tree of the prompt has come to a halt.
func (w *onTopic) halted(m domain.MessageID) bool {
	w.t.Helper()
	end, err := w.log.End(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for r, err := range w.log.Read(w.t.Context(), w.log.Identity().Start(), end) {
		if err != nil {
			w.t.Fatal(err)
		}
		e, moved := r.Payload.(tree.StateChanged)
		if moved && r.Stream == domain.TreeStream(domain.TreeID(m)) && e.To == domain.HaltedByModerator {
			return true
		}
	}
	return false
}

func (w *onTopic) eventually(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: never", what)
		}
	}
}

// TestReactionsOnKafka lets two nodes share the reactions on a topic: what must
// follow does, also when one of them leaves; a record that is no event is kept
// aside, by each handler, and holds up none.
func TestReactionsOnKafka(t *testing.T) {
	w := newOnTopic(t)
	author, other := w.join(1), w.join(2)
	here, there := t.TempDir(), t.TempDir()
	stopHere, stopThere := w.node(here), w.node(there)

	english, german := w.prompt(author, "en"), w.prompt(author, "de")
	w.report(english, other)
	w.report(german, other)
	w.do(commands.OnContributor{Contributor: author, Do: contributor.Disable{Reason: "spam", Discount: true}})
	w.eventually("the webhook is told", func() bool { return w.toldOf(english) > 0 && w.toldOf(german) > 0 })
	w.eventually("the prompts are halted", func() bool { return w.halted(english) && w.halted(german) })

	stopHere()
	w.report(english, w.join(3))
	w.report(german, w.join(4))
	w.eventually("the node that is left tells the webhook", func() bool { return w.toldOf(english) > 1 && w.toldOf(german) > 1 })

	w.spoil()
	w.eventually("the record that is no event is kept aside", func() bool {
		list, err := reactions.ReadPoison(there)
		if err != nil {
			t.Fatal(err)
		}
		var by []string
		for _, p := range list {
			if strings.Contains(p.Error, "broken") {
				by = append(by, p.Handler)
			}
		}
		slices.Sort(by)
		return slices.Equal(by, []string{"policy", "standing", "webhook"})
	})
	stopThere()
	// The engine cannot read the log on behind such a record; closing it may tell.
	_ = w.engine.Close()
	if err := w.log.Close(); err != nil {
		t.Error(err)
	}
}

// spoil puts a record into the topic that no writer of ours made.
func (w *onTopic) spoil() {
	w.t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(w.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	record := &kgo.Record{Topic: w.topic, Partition: 0, Key: []byte("tree/x"), Value: []byte("{not JSON"), Headers: []kgo.RecordHeader{{Key: "ce_type", Value: []byte{0xff}}}}
	if err := c.ProduceSync(w.t.Context(), record).FirstErr(); err != nil {
		w.t.Fatal(err)
	}
}
