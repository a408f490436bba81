package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dendro/adapters/dataset"
	"dendro/adapters/kafka/kafkatest"
	"dendro/adapters/memory"
	"dendro/domain"
	projection "dendro/projections/dataset"
	"dendro/projections/statistics"

	"github.com/google/go-cmp/cmp"
)

// A campaign moves from its file to Kafka and back: the same events, the same
// dataset, the same views and the same answers to auditors.
func TestLogCopyToKafkaAndBack(t *testing.T) {
	cluster := kafkatest.Shared(t)
	topic := kafkaScheme + strings.Join(cluster.Addresses(), ",") + "/" + kafkatest.Topic(t)
	first, back := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "back")
	fine(t, "simulate", "--data", first, "--seed", "9", "--contributors", "40", "--tasks", "400")

	// Cut off, it goes on; with more in the source, too.
	ctx, cancel := context.WithCancel(t.Context())
	cut := make(chan struct{})
	var out, errs screen
	go func() {
		defer close(cut)
		run(ctx, []string{"log", "copy", "--from", first, "--to", topic, "--partitions", "3"}, &out, &errs)
	}()
	cancel()
	<-cut
	fine(t, "log", "copy", "--from", first, "--to", topic, "--partitions", "3")
	fine(t, "simulate", "--data", first, "--seed", "9", "--contributors", "40", "--tasks", "50")
	if out := fine(t, "log", "copy", "--from", first, "--to", topic, "--partitions", "3"); !strings.Contains(out, "compared and equal") {
		t.Errorf("the copy says: %s", out)
	}
	fine(t, "log", "copy", "--from", topic, "--to", back)
	if out := fine(t, "log", "verify", "--data", back); !strings.Contains(out, "is sound") {
		t.Errorf("the copy of the copy is not sound: %s", out)
	}

	want := digestOf(t, place{dir: first})
	for _, text := range []string{topic, back} {
		p, err := parsePlace(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, digestOf(t, p)); diff != "" {
			t.Errorf("%s holds something else (-the first, +it):\n%s", text, diff)
		}
	}
	x := thingsIn(t, back)
	for _, ask := range [][]string{
		{"audit", "message", x.deleted}, {"audit", "user", x.user}, {"audit", "moderator", x.moderator}, {"ranking", "remerge", "--all", "--rule", "borda"},
	} {
		ask = append(ask, "--json")
		file, kafka := placeless(fine(t, append(ask, "--data", back)...)), placeless(fine(t, append(ask, "--log", topic)...))
		if file != kafka {
			t.Errorf("%v: the file says\n%.1500s\nKafka\n%.1500s", ask, file, kafka)
		}
	}
	fails(t, exitMisuse, "names no topic", "log", "copy", "--from", first, "--to", "kafka://127.0.0.1:9092")
	fails(t, exitMisuse, "the log itself", "log", "copy", "--from", topic, "--to", topic)
}

// placeless takes out what a copy that was cut off and went on may differ in:
// numbers in a partition, and owners of it.
func placeless(answer string) string {
	return regexp.MustCompile(`"(seq|epoch|cut|as_of|position)": [^,\n]*`).ReplaceAllString(answer, "")
}

// copied is what has to be the same in every copy of a log.
type copied struct {
	Dataset string
	Counts  statistics.Counts
	Boards  string
}

func digestOf(t *testing.T, p place) (c copied) {
	t.Helper()
	log, err := p.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}()
	end, err := log.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, err := dataset.Export(t.Context(), log, end, projection.Recipe{Variant: projection.All, Format: projection.Messages, Deleted: projection.DeletedInclude}, dataset.Options{Dir: filepath.Join(t.TempDir(), "x")})
	if err != nil {
		t.Fatal(err)
	}
	c.Dataset = m.Digest
	store := memory.NewStore(log.Identity())
	build(t, log, store, allViews(), end)
	if c.Counts, err = store.Counts(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Boards = boardsOf(t, store)
	return c
}

// boardsOf writes down what everybody has done.
func boardsOf(t *testing.T, store *memory.Store) string {
	t.Helper()
	all, err := store.Contributors(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, who := range all {
		tallies, err := store.Tallies(t.Context(), who.Registered, []domain.ContributorID{who.ID})
		if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(tallies)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.String()
}
