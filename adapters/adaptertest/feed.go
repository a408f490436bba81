package adaptertest

import (
	"fmt"
	"time"

	"dendro/domain"
	"dendro/domain/tree"
)

// Feed makes events that continue one partition: what an engine would append.
// Not for concurrent use.
type Feed struct {
	partition domain.Partition
	epoch     domain.Epoch
	next      domain.Seq
	time      time.Time
	versions  map[domain.StreamID]domain.Version
}

// NewFeed begins behind a writer's claim. Past are the events before it, of
// any partition and in order; they tell where streams stand.
func NewFeed(claim domain.Recorded, past ...domain.Recorded) *Feed {
	f := &Feed{
		partition: claim.Position.Partition, epoch: claim.Epoch, next: claim.Position.Seq + 1, time: claim.Time,
		versions: make(map[domain.StreamID]domain.Version),
	}
	for _, r := range past {
		if r.Position.Partition == f.partition {
			f.versions[r.Stream] = r.Version
		}
	}
	return f
}

// Command makes a command id out of two numbers: an issuer's, and that of the
// command among theirs.
func Command(issuer, number int) domain.CommandID {
	return domain.CommandID(domain.NewID(time.UnixMilli(1_700_000_000_000), [10]byte{
		1, byte(issuer >> 8), byte(issuer), byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number),
	}))
}

// Stream names one of the partition's trees.
func (f *Feed) Stream(i int) domain.StreamID {
	return domain.TreeStream(domain.TreeID{0: byte(f.partition >> 8), 1: byte(f.partition), 14: byte(i >> 8), 15: byte(i)})
}

// Events makes the n events of a command: messages of about size bytes each,
// going round among streams trees. The feed moves on behind them.
func (f *Feed) Events(command domain.CommandID, n, streams, size int) []domain.Recorded {
	out := make([]domain.Recorded, n)
	for i := range out {
		stream := f.Stream(i % streams)
		f.versions[stream]++
		f.time = f.time.Add(time.Millisecond)
		out[i] = domain.Recorded{
			ID:       domain.EventID(domain.Derive(command, "event", i)),
			Position: domain.Position{Partition: f.partition, Seq: f.next},
			Stream:   stream,
			Version:  f.versions[stream],
			Schema:   1,
			Time:     f.time,
			Actor:    domain.ByContributor(domain.ContributorID(domain.Derive(command, "contributor", 0))),
			Command:  command,
			Epoch:    f.epoch,
			Payload:  message(command, i, size),
		}
		f.next++
	}
	return out
}

// message is a payload whose text tells where it came from.
func message(command domain.CommandID, i, size int) domain.Event {
	text := []byte(fmt.Sprintf("%s, event %d. ", command, i))
	dice := domain.NewDice(uint64(i) + uint64(command[10])<<32 + uint64(command[15])<<40)
	for len(text) < size {
		text = append(text, "etaoin shrdlu"[dice.Below(13)])
	}
	return tree.MessagePosted{
		Message:     domain.MessageID(domain.Derive(command, "message", i)),
		Parent:      domain.MessageID(domain.Derive(command, "parent", i)),
		Task:        domain.TaskID(domain.Derive(command, "task", i)),
		Contributor: domain.ContributorID(domain.Derive(command, "contributor", 0)),
		Client:      domain.ClientID(domain.Derive(command, "client", 0)),
		Role:        domain.Assistant,
		Text:        string(text),
		Language:    "en",
		FrontendID:  fmt.Sprintf("frontend-%d", i),
		Terms:       "2023-01",
	}
}
