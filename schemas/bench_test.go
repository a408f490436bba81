package schemas

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

// The hot payloads once more, as structs for encoding/json: the baseline of
// the benchmarks, and a second opinion on keys, order and form. A conversion
// from a payload compiles only while the fields agree.
type (
	taskAssignedJSON struct {
		Task            domain.TaskID        `json:"task"`
		Kind            domain.TaskKind      `json:"kind"`
		Language        string               `json:"language"`
		Contributor     domain.ContributorID `json:"contributor,omitzero"`
		Client          domain.ClientID      `json:"client,omitzero"`
		Collective      bool                 `json:"collective,omitempty"`
		Message         domain.MessageID     `json:"message,omitzero"`
		Labels          []domain.Label       `json:"labels,omitempty"`
		Mandatory       []domain.Label       `json:"mandatory,omitempty"`
		Full            bool                 `json:"full,omitempty"`
		Replies         []domain.MessageID   `json:"replies,omitempty"`
		RevealSynthetic bool                 `json:"reveal_synthetic,omitempty"`
		Expires         time.Time            `json:"expires"`
	}
	taskAcknowledgedJSON struct {
		Task       domain.TaskID `json:"task"`
		FrontendID string        `json:"frontend_message_id"`
	}
	messagePostedJSON struct {
		Message     domain.MessageID     `json:"message"`
		Parent      domain.MessageID     `json:"parent,omitzero"`
		Task        domain.TaskID        `json:"task,omitzero"`
		Contributor domain.ContributorID `json:"contributor,omitzero"`
		Client      domain.ClientID      `json:"client,omitzero"`
		Role        domain.Role          `json:"role"`
		Text        string               `json:"text"`
		Language    string               `json:"language"`
		FrontendID  string               `json:"frontend_message_id,omitempty"`
		Synthetic   bool                 `json:"synthetic,omitempty"`
		Model       string               `json:"model_name,omitempty"`
		Terms       string               `json:"terms,omitempty"`
	}
	// labelSetJSON has the labels that the benchmark gives.
	labelSetJSON struct {
		Spam         decimal.Decimal `json:"spam"`
		FailsTask    decimal.Decimal `json:"fails_task"`
		LangMismatch decimal.Decimal `json:"lang_mismatch"`
		Quality      decimal.Decimal `json:"quality"`
		Helpfulness  decimal.Decimal `json:"helpfulness"`
	}
	labelsSubmittedJSON struct {
		Message     domain.MessageID     `json:"message"`
		Task        domain.TaskID        `json:"task,omitzero"`
		Contributor domain.ContributorID `json:"contributor,omitzero"`
		Client      domain.ClientID      `json:"client,omitzero"`
		Labels      labelSetJSON         `json:"labels"`
		Terms       string               `json:"terms,omitempty"`
	}
	messageAcceptedJSON struct {
		Message domain.MessageID `json:"message"`
		Reviews int              `json:"reviews"`
		Score   decimal.Decimal  `json:"score"`
	}
	rankingSubmittedJSON struct {
		Parent      domain.MessageID     `json:"parent"`
		Task        domain.TaskID        `json:"task,omitzero"`
		Contributor domain.ContributorID `json:"contributor,omitzero"`
		Client      domain.ClientID      `json:"client,omitzero"`
		Order       []domain.MessageID   `json:"order,omitempty"`
		NotRankable bool                 `json:"not_rankable,omitempty"`
		Terms       string               `json:"terms,omitempty"`
	}
	ballotJSON struct {
		Contributor domain.ContributorID `json:"contributor,omitzero"`
		Order       []int                `json:"order,omitempty"`
		NotRankable bool                 `json:"not_rankable,omitempty"`
	}
	repliesRankedJSON struct {
		Parent  domain.MessageID   `json:"parent"`
		Replies []domain.MessageID `json:"replies"`
		Ballots []ballotJSON       `json:"ballots"`
		Matrix  [][]int            `json:"matrix"`
		Order   []int              `json:"order"`
		TieRule string             `json:"tie_rule"`
		Ties    [][2]int           `json:"ties,omitempty"`
	}
	emojiAddedJSON struct {
		Message     domain.MessageID     `json:"message"`
		Contributor domain.ContributorID `json:"contributor,omitzero"`
		Emoji       domain.Emoji         `json:"emoji"`
	}
	stateChangedJSON struct {
		From   domain.TreeState `json:"from,omitempty"`
		To     domain.TreeState `json:"to"`
		Reason string           `json:"reason,omitempty"`
		Rule   string           `json:"rule,omitempty"`
	}
)

// hot is an event of the hot types; mirror is the same for encoding/json,
// room makes what it is read into. Share is how many of a hundred events of a
// collection are like it.
type hot struct {
	payload domain.Event
	mirror  any
	room    func() any
	share   int
}

func hotEvents() []hot {
	n := byte(0)
	id := func() [16]byte {
		n++
		return [16]byte{0x01, 0x93, 0x5f, n, n * 7, 0, 0x70, n * 31, 0x80, n, n * 3, n * 5, n * 11, n * 13, n * 17, n * 19}
	}
	replies := []domain.MessageID{id(), id(), id()}
	expires := time.Date(2026, 11, 25, 12, 34, 56, 123457000, time.UTC)
	assigned := tree.TaskAssigned{
		Task: id(), Kind: domain.TaskLabelAssistantReply, Language: "en", Contributor: id(), Client: id(), Message: id(),
		Labels: domain.LabelsAsked(domain.Assistant), Mandatory: []domain.Label{domain.LabelSpam}, Full: true, Expires: expires,
	}
	acknowledged := tree.TaskAcknowledged{Task: id(), FrontendID: "3853933d-8ce6-41ef-bf40-5bc8cfd3dd72"}
	posted := tree.MessagePosted{
		Message: id(), Parent: id(), Task: id(), Contributor: id(), Client: id(), Role: domain.Assistant,
		Text:     strings.Repeat("A tree's rings tell its age, and \"more\":\n\n* dry years are narrow – wet ones wide.\n", 5),
		Language: "en", FrontendID: "3853933d-8ce6-41ef-bf40-5bc8cfd3dd72", Terms: "2026-01",
	}
	half, three := decimal.MustParse("0.5"), decimal.MustParse("0.75")
	labels := tree.LabelsSubmitted{
		Message: id(), Task: id(), Contributor: id(), Client: id(), Terms: "2026-01",
		Labels: []tree.LabelValue{{Label: "spam"}, {Label: "fails_task"}, {Label: "lang_mismatch"}, {Label: "quality", Value: three}, {Label: "helpfulness", Value: half}},
	}
	ranking := tree.RankingSubmitted{Parent: id(), Task: id(), Contributor: id(), Client: id(), Order: replies, Terms: "2026-01"}
	ranked := tree.RepliesRanked{
		Parent: id(), Replies: replies, Matrix: [][]int{{0, 2, 3}, {1, 0, 2}, {0, 1, 0}}, Order: []int{0, 1, 2}, TieRule: "borda",
		Ballots: []tree.Ballot{{Contributor: id(), Order: []int{0, 1, 2}}, {Contributor: id(), Order: []int{1, 0, 2}}, {Contributor: id(), Order: []int{0, 2, 1}}},
	}
	rankedMirror := repliesRankedJSON{ranked.Parent, ranked.Replies, nil, ranked.Matrix, ranked.Order, ranked.TieRule, ranked.Ties}
	for _, b := range ranked.Ballots {
		rankedMirror.Ballots = append(rankedMirror.Ballots, ballotJSON(b))
	}
	accepted := tree.MessageAccepted{Message: id(), Reviews: 3, Score: decimal.MustParse("0.66666666666666667")}
	emoji := tree.EmojiAdded{Message: id(), Contributor: id(), Emoji: domain.EmojiUp}
	moved := tree.StateChanged{From: domain.Growing, To: domain.Ranking, Reason: "goal reached", Rule: "growing"}
	return []hot{
		{assigned, taskAssignedJSON(assigned), room[taskAssignedJSON], 32},
		{acknowledged, taskAcknowledgedJSON(acknowledged), room[taskAcknowledgedJSON], 30},
		{posted, messagePostedJSON(posted), room[messagePostedJSON], 7},
		{labels, labelsSubmittedJSON{labels.Message, labels.Task, labels.Contributor, labels.Client, labelSetJSON{Quality: three, Helpfulness: half}, labels.Terms}, room[labelsSubmittedJSON], 17},
		{ranking, rankingSubmittedJSON(ranking), room[rankingSubmittedJSON], 4},
		{emoji, emojiAddedJSON(emoji), room[emojiAddedJSON], 1},
		{moved, stateChangedJSON(moved), room[stateChangedJSON], 1},
		{accepted, messageAcceptedJSON(accepted), room[messageAcceptedJSON], 7},
		{ranked, rankedMirror, room[repliesRankedJSON], 1},
	}
}

func room[T any]() any { return new(T) }

// TestHotPayloadsAreWhatEncodingJSONWrites; the two differ only in how they
// write times that end in 0 and what they escape, which is not in these.
func TestHotPayloadsAreWhatEncodingJSONWrites(t *testing.T) {
	for _, h := range hotEvents() {
		got, _, err := EncodePayload(nil, h.payload)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(h.mirror)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n%s, but encoding/json writes\n%s", h.payload.Type(), got, want)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, h := range hotEvents() {
		buf, _, err := EncodePayload(nil, h.payload)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(h.payload.Type())+"/dendro", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				if buf, _, err = EncodePayload(buf[:0], h.payload); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(h.payload.Type())+"/json", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				if _, err := json.Marshal(h.mirror); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, h := range hotEvents() {
		raw, version, err := EncodePayload(nil, h.payload)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(h.payload.Type())+"/dendro", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if _, err := DecodePayload(h.payload.Type(), version, raw); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(h.payload.Type())+"/json", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if err := json.Unmarshal(raw, h.room()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// mix gives a hundred whole events as a collection has them.
func mix() []domain.Recorded {
	var out []domain.Recorded
	for _, h := range hotEvents() {
		for range h.share {
			n := byte(len(out) + 1)
			out = append(out, domain.Recorded{
				ID: domain.EventID{1, n}, Position: domain.Position{Partition: 3, Seq: 1_000_000 + domain.Seq(n)},
				Stream: domain.TreeStream(domain.TreeID{1, n}), Version: 40, Schema: 1, Time: time.Date(2026, 11, 23, 12, 0, 0, 1000*int(n), time.UTC),
				Actor: domain.ByContributor(domain.ContributorID{2, n}), Command: domain.CommandID{3, n}, Epoch: 9, Payload: h.payload,
			})
		}
	}
	return out
}

func BenchmarkRecordMix(b *testing.B) {
	events := mix()
	var records [][]byte
	total := 0
	for _, r := range events {
		record, err := AppendRecord(nil, r)
		if err != nil {
			b.Fatal(err)
		}
		records = append(records, record)
		total += len(record)
	}
	each := int64(total / len(events))
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(each)
		var buf []byte
		var err error
		for i := 0; b.Loop(); i++ {
			if buf, err = AppendRecord(buf[:0], events[i%len(events)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(each)
		for i := 0; b.Loop(); i++ {
			if _, err := DecodeRecord(records[i%len(records)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("root", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(each)
		var root Root
		for i := 0; b.Loop(); i++ {
			root.Add(records[i%len(records)])
		}
	})
	b.Run("validate", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			raw, version, err := EncodePayload(nil, events[i%len(events)].Payload)
			if err == nil {
				err = Validate(events[i%len(events)].Payload.Type(), version, raw)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
