package kafka

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"
	"dendro/schemas"
)

// scribe writes events that say only what happened: it fills in the rest.
type scribe struct {
	l        *Log
	w        domain.Writer
	last     domain.Position
	versions map[domain.StreamID]domain.Version
	actors   int
}

// own takes a partition over. The scribe knows what it has written itself.
func (s *scribe) own(t *testing.T, p domain.Partition) {
	t.Helper()
	w, err := s.l.Own(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s.w, s.last = w, w.Claim().Position
}

func (s *scribe) write(t *testing.T, events ...domain.Recorded) {
	t.Helper()
	claim := s.w.Claim()
	actors := []domain.Actor{
		domain.ByContributor(domain.ContributorID{1}), domain.ByModerator(domain.ClientID{2}.String()),
		{Kind: domain.ActorClient, ID: domain.ClientID{3}.String()}, domain.ByRule("auto_mod_2"),
	}
	for i := range events {
		e := &events[i]
		s.last.Seq++
		s.versions[e.Stream]++
		s.actors++
		e.Position, e.Version, e.Epoch, e.Schema = s.last, s.versions[e.Stream], claim.Epoch, 0
		e.Time = claim.Time.Add(time.Duration(i) * 700 * time.Microsecond)
		e.Actor = actors[s.actors%len(actors)]
		e.Command = domain.CommandID(domain.NewID(e.Time, [10]byte{byte(e.Position.Partition), byte(s.last.Seq >> 8), byte(s.last.Seq)}))
		e.ID = domain.EventID(domain.Derive(e.Command, "event", 0))
	}
	if err := s.w.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// topicOfTest makes a log of two partitions.
func topicOfTest(t *testing.T, c *kafkatest.Cluster) *scribe {
	t.Helper()
	l, err := Open(t.Context(), Options{
		Brokers: c.Addresses(), Topic: kafkatest.Topic(t), Clock: domain.ClockFunc(time.Now), Owner: "scribe, \"é\"\n",
		Create: &domain.Identity{ID: domain.LogID{1}, Partitions: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &scribe{l: l, versions: make(map[domain.StreamID]domain.Version)}
}

// goldenEvents are the golden records of schemas: of every type but the log's
// own one with all that it can say and one with as little as can be.
func goldenEvents(t *testing.T) (events []domain.Recorded) {
	t.Helper()
	for i, entry := range schemas.Types() {
		if entry.Aggregate == domain.KindPartition {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("../../schemas/testdata/golden/%s.jsonl", entry.Type))
		if err != nil {
			t.Fatal(err)
		}
		for in := json.NewDecoder(bytes.NewReader(text)); in.More(); {
			var line struct{ Record string }
			err := in.Decode(&line)
			var raw []byte
			if err == nil {
				raw, err = hex.DecodeString(line.Record)
			}
			var e domain.Recorded
			if err == nil {
				e, err = schemas.DecodeRecord(raw)
			}
			if err != nil {
				t.Fatalf("golden record of %s: %v", entry.Type, err)
			}
			e.Stream = someStream(entry.Aggregate, i)
			events = append(events, e)
		}
	}
	return events
}

func someStream(kind domain.StreamKind, i int) domain.StreamID {
	switch n := byte(i % 3); kind {
	case domain.KindTree:
		return domain.TreeStream(domain.TreeID{0xab, n})
	case domain.KindContributor:
		return domain.ContributorStream(domain.ContributorID{0xcd, n})
	case domain.KindPool:
		return domain.PoolID{Language: []string{"en", "pt-BR", "zh-Hant-TW"}[n], Bucket: int(n)}.Stream()
	}
	return domain.CampaignStream
}
