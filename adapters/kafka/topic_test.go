package kafka

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"
	"dendro/schemas"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/twmb/franz-go/pkg/kadm"
)

// Every type of event is written, by several owners, and then read with kcat
// and with Kafka's own console consumer: both see the same, and each record is
// exactly the message of asyncapi.yaml that it says, and the event of the log.
func TestTopicIsAsDescribed(t *testing.T) {
	needTool(t, "kcat")
	c := kafkatest.Shared(t)
	s := topicOfTest(t, c)
	parts := make([][]domain.Recorded, s.l.Identity().Partitions)
	for _, e := range goldenEvents(t) {
		key := string(e.Stream)
		if e.Stream.Kind() == domain.KindTree {
			key = string(domain.PoolID{Language: "en"}.Stream())
		}
		p := domain.Place(key, len(parts))
		parts[p] = append(parts[p], e)
	}
	for p, events := range parts {
		for half := range slices.Chunk(events, len(events)/2+1) {
			s.own(t, domain.Partition(p))
			s.write(t, half...)
		}
	}
	records := sorted(t, byKcat(t, kcat(t, c, s.l.opt.Topic, "-o", "beginning")))
	checkRecords(t, records)
	checkEvents(t, s.l, records)
	if diff := cmp.Diff(records, sorted(t, byConsole(t, c, s.l.opt.Topic, len(records)))); diff != "" {
		t.Errorf("the console consumer reads something else (-kcat +console):\n%s", diff)
	}
	checkNameplate(t, byKcat(t, kcat(t, c, s.l.identityTopic(), "-o", "beginning")))
	checkSettings(t, s.l)
}

// checkRecords holds records to asyncapi.yaml: to its schemas, and to what it
// promises in words.
func checkRecords(t *testing.T, records []topicRecord) {
	t.Helper()
	messages := compiled(t)
	missing := make(map[string]bool)
	for name := range messages {
		missing[name] = true
	}
	next, newest := make(map[int]int64), make(map[int]int64)
	home, version := make(map[string]int), make(map[string]int)
	for _, r := range records {
		fail := func(format string, args ...any) {
			t.Errorf("partition %d, offset %d: %s\n%+v", r.Partition, r.Offset, fmt.Sprintf(format, args...), r)
		}
		name := strings.TrimSuffix(r.header("ce_dataschema"), ".json")
		if got := matching(messages, r); !slices.Equal(got, []string{name}) {
			fail("it is of the messages %q: %v", got, messages[name].takes(r))
		}
		delete(missing, name)
		if number := strings.TrimPrefix(name, r.header("ce_type")+".v"); number != name {
			v, _ := strconv.Atoi(number)
			if err := schemas.Validate(domain.EventType(r.header("ce_type")), v, []byte(r.Payload)); err != nil {
				fail("%v", err)
			}
		}
		at, err := time.Parse(time.RFC3339Nano, r.header("ce_time"))
		switch {
		case err != nil || at.UnixMilli() != r.Timestamp || r.Timestamp < newest[r.Partition]:
			fail("its timestamp is %d behind %d", r.Timestamp, newest[r.Partition])
		case r.Offset != next[r.Partition] || r.header("ce_seq") != strconv.FormatInt(r.Offset+1, 10):
			fail("offset %d was to come", next[r.Partition])
		case r.header("ce_source") != fmt.Sprint("/partitions/", r.Partition):
			fail("it says that it is of %s", r.header("ce_source"))
		case r.header("ce_version") != strconv.Itoa(version[r.Key]+1):
			fail("version %d of %s was to come", version[r.Key]+1, r.Key)
		case version[r.Key] > 0 && home[r.Key] != r.Partition:
			fail("%s was in partition %d", r.Key, home[r.Key])
		}
		home[r.Key] = r.Partition
		version[r.Key]++
		next[r.Partition], newest[r.Partition] = r.Offset+1, r.Timestamp
	}
	if len(missing) > 0 {
		t.Errorf("nothing was written of %v", missing)
	}
}

// checkEvents holds records to the log's events as schemas writes them.
func checkEvents(t *testing.T, l *Log, records []topicRecord) {
	t.Helper()
	end, err := l.End(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for e, err := range l.Read(t.Context(), l.Identity().Start(), end) {
		if err != nil || n >= len(records) {
			t.Fatalf("%d records were read, the log goes on with %+v, %v", n, e, err)
		}
		text, err := schemas.AppendJSON(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		r := records[n]
		got := map[string]json.RawMessage{"partition": json.RawMessage(strconv.Itoa(r.Partition)), "stream": quoted(r.Key), "data": json.RawMessage(r.Payload)}
		for _, h := range r.Headers {
			name, ours := strings.CutPrefix(h.Name, "ce_")
			switch {
			case name == "seq" || name == "version" || name == "epoch":
				got[name] = json.RawMessage(h.Value)
			case ours:
				got[name] = quoted(h.Value)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-event +record):\n%s", e.Position, diff)
		}
		n++
	}
	if n != len(records) {
		t.Errorf("%d records were read, and %d events are in the log", len(records), n)
	}
}

// quoted writes text that needs no escapes as JSON.
func quoted(s string) json.RawMessage { return json.RawMessage(`"` + s + `"`) }

func checkNameplate(t *testing.T, records []topicRecord) {
	t.Helper()
	if len(records) != 1 || len(records[0].Headers) != 0 {
		t.Fatalf("the identity is %+v", records)
	}
	payload, err := jsonschema.UnmarshalJSON(strings.NewReader(records[0].Payload))
	if err != nil {
		t.Fatal(err)
	}
	compile := compiler(t)
	for at, value := range map[string]any{"payload": payload, "bindings/kafka/key": records[0].Key} {
		if err := compile("components/messages/identity/" + at).Validate(value); err != nil {
			t.Errorf("the identity's %s: %v", at, err)
		}
	}
}

// checkSettings compares the topics with the settings that are promised.
func checkSettings(t *testing.T, l *Log) {
	t.Helper()
	configs, err := kadm.NewClient(l.reads.Client).DescribeTopicConfigs(t.Context(), l.opt.Topic, l.identityTopic())
	if err != nil {
		t.Fatal(err)
	}
	promised := at(t, document(t), "components", "channelBindings", "kept", "kafka", "topicConfiguration").(object)
	for _, topic := range configs {
		set := make(map[string]string)
		for _, c := range topic.Configs {
			set[c.Key] = c.MaybeValue()
		}
		for name, want := range promised {
			if got := set[name]; got != strings.Trim(fmt.Sprint(want), "[]") {
				t.Errorf("topic %s: %s is %s, not %v", topic.Name, name, got, want)
			}
		}
	}
}
