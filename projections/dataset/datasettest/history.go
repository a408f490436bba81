package datasettest

import (
	"encoding/binary"
	"time"

	"dendro/domain"
	"dendro/domain/contributor"
)

// Shape says how big a history is and how much happens in it that is rare.
type Shape struct {
	Seed         uint64
	Partitions   int
	Trees        int
	Contributors int
	Steps        int // per tree: replies, reviews, reactions, …
	Words        int // per text, about
	Rare         int // of 100 steps, those that do something rare
}

// Identity is that of the log that the history is in.
func (s Shape) Identity() domain.Identity {
	return domain.Identity{ID: domain.LogID{0: 0xda, 15: byte(s.Seed)}, Partitions: s.Partitions}
}

// History makes the events of every partition, in order: seq and version are
// dense, times go on, and every tree is where its pool places it. The same
// shape gives the same history.
func History(s Shape) [][]domain.Recorded {
	h := &history{Shape: s, Dice: domain.NewDice(s.Seed), now: time.Date(2023, 2, 7, 17, 29, 24, 727_400_000, time.UTC)}
	for range s.Contributors {
		h.people = append(h.people, newID[domain.ContributorID](h))
	}
	scripts := make([][]script, s.Partitions)
	put := func(key, stream domain.StreamID, events []domain.Event) {
		p := domain.Place(string(key), s.Partitions)
		scripts[p] = append(scripts[p], script{stream, 0, events})
	}
	for _, id := range h.people {
		put(domain.ContributorStream(id), domain.ContributorStream(id), h.account(id))
	}
	for range s.Trees {
		stream, language, events := h.tree()
		put(domain.PoolID{Language: language}.Stream(), stream, events)
	}
	out := make([][]domain.Recorded, s.Partitions)
	for p := range out {
		out[p] = h.play(domain.Partition(p), scripts[p])
	}
	return out
}

type history struct {
	Shape
	*domain.Dice
	now    time.Time
	people []domain.ContributorID
	words  []string
}

// script is one stream's events and how many of them have happened.
type script struct {
	stream domain.StreamID
	done   int
	events []domain.Event
}

// play lets the streams of one partition happen at the same time.
func (h *history) play(p domain.Partition, scripts []script) []domain.Recorded {
	out := []domain.Recorded{h.record(p, 1, domain.PartitionStream(p), 1, domain.Claimed{Owner: "test"})}
	// A window of streams goes on at a time, as in a campaign.
	const window = 64
	for len(scripts) > 0 {
		i := h.Below(min(window, len(scripts)))
		s := &scripts[i]
		if s.done < len(s.events) {
			h.now = h.now.Add(time.Duration(h.Below(60_000_000)) * time.Microsecond)
			out = append(out, h.record(p, domain.Seq(len(out)+1), s.stream, domain.Version(s.done+1), s.events[s.done]))
			s.done++
			continue
		}
		scripts[i] = scripts[len(scripts)-1]
		scripts = scripts[:len(scripts)-1]
	}
	return out
}

func (h *history) record(p domain.Partition, seq domain.Seq, stream domain.StreamID, v domain.Version, e domain.Event) domain.Recorded {
	command := newID[domain.CommandID](h)
	return domain.Recorded{
		ID: newID[domain.EventID](h), Position: domain.Position{Partition: p, Seq: seq},
		Stream: stream, Version: v, Schema: 1, Time: h.now,
		Actor: domain.ByRule("test"), Command: command, Epoch: 1, Payload: e,
	}
}

func (h *history) account(id domain.ContributorID) []domain.Event {
	out := []domain.Event{contributor.Registered{Contributor: id}, contributor.Consented{Terms: "1"}}
	if h.rare() {
		// Any other account: chains and circles come about.
		if into := h.person(); into != id {
			out = append(out, contributor.Merged{From: id, Into: into, Reason: "same person"})
		}
	}
	if h.rarer() {
		out = append(out, contributor.Erased{Reason: "asked for it"})
	}
	return out
}

func (h *history) rare() bool { return h.Chance(h.Rare, 100) }

func (h *history) rarer() bool { return h.Chance(h.Rare*h.Rare, 100*100) }

func (h *history) person() domain.ContributorID { return h.people[h.Below(len(h.people))] }

func newID[ID ~[16]byte](h *history) ID {
	var entropy [16]byte
	binary.BigEndian.PutUint64(entropy[:], h.Next())
	binary.BigEndian.PutUint64(entropy[8:], h.Next())
	return ID(domain.NewID(h.now, [10]byte(entropy[:10])))
}

// text makes words up; their lengths and frequencies are about those of a
// language, so that compression has to work for its share.
func (h *history) text() string {
	if h.words == nil {
		for range 4000 {
			h.words = append(h.words, h.word())
		}
	}
	var out []byte
	for range 1 + h.Below(2*h.Words) {
		if len(out) > 0 {
			out = append(out, ' ')
		}
		// The product of two uniform draws favours the first words.
		out = append(out, h.words[h.Below(1+h.Below(len(h.words)))]...)
	}
	if h.rare() {
		out = append(out, "\n\"quoted\\\" \x01\u2028 <ümlaut> 日本 \U0001F600"...)
	}
	return string(out)
}

func (h *history) word() string {
	const letters = "etaoinshrdlucmfwygpbvk"
	out := make([]byte, 2+h.Below(8))
	for i := range out {
		out[i] = letters[h.Below(1+h.Below(len(letters)))]
	}
	return string(out)
}
