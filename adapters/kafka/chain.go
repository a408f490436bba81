package kafka

import (
	"errors"
	"fmt"

	"dendro/domain"
)

// chain holds the batches and events of one partition to what must follow. One
// that begins in the middle takes the first event as it is.
type chain struct {
	p     domain.Partition
	next  int64 // offset
	known bool  // what follows is of the event before
	last  domain.Recorded
	by    producer
	seq   int32 // sequence number of the next batch
}

// damage names the event at the offset.
func damage(p domain.Partition, offset int64, format string, args ...any) error {
	return &domain.Damage{Place: fmt.Sprintf("partition %d, event %d (offset %d)", p, offset+1, offset), Why: fmt.Sprintf(format, args...)}
}

// begin checks what all batches must be.
func (c *chain) begin(b *batch) error {
	const odd = ^uint16(codecMask) // other timestamps, transactions, control records
	switch {
	case b.base != c.next && c.known, b.base > c.next, b.next() <= c.next:
		return damage(c.p, c.next, "it is missing: the next batch holds events %d to %d", b.base+1, b.next())
	case b.by.id < 0:
		return damage(c.p, b.base, "%v: it has no producer id", errForeign)
	case b.attributes&odd != 0:
		return damage(c.p, b.base, "%v: its batch has the attributes %#x", errForeign, b.attributes)
	}
	return nil
}

// advance gives the sequence number behind n records: they go round at 2³¹.
func advance(sequence int32, n int64) int32 {
	return int32((int64(sequence) + n) & (1<<31 - 1))
}

// errLate says that a claim does not know its place; see late.
var errLate = errors.New("a claim of an unknown epoch")

// event checks the next event of a batch that begin has let pass, and gives it
// as it counts. It answers errLate, and nothing has happened, when that takes
// the event before, which the chain does not know.
func (c *chain) event(b *batch, e domain.Recorded) (domain.Recorded, error) {
	claim := e.Payload.Type() == domain.TypeClaimed
	if err := c.owner(b, claim); err != nil {
		return e, err
	}
	seq := domain.Seq(c.next + 1)
	if claim && e.Position.Seq < seq {
		if !c.known {
			return e, errLate
		}
		e = late(e, seq, c.last)
	}
	switch {
	case e.Position.Seq != seq:
		return e, damage(c.p, c.next, "it says that it is event %d", e.Position.Seq)
	case c.known && !claim && e.Epoch != c.last.Epoch, c.known && claim && e.Epoch != c.last.Epoch+1:
		return e, damage(c.p, c.next, "%s of epoch %d behind epoch %d", e.Payload.Type(), e.Epoch, c.last.Epoch)
	case c.known && e.Time.Before(c.last.Time):
		return e, damage(c.p, c.next, "its time goes back before that of event %d", c.last.Position.Seq)
	case claim && (e.Stream != domain.PartitionStream(c.p) || e.Version != domain.Version(e.Epoch)):
		return e, damage(c.p, c.next, "the claim of epoch %d is version %d of %s", e.Epoch, e.Version, e.Stream)
	case !claim && e.Stream.Kind() == domain.KindPartition:
		return e, damage(c.p, c.next, "%s stands in %s", e.Payload.Type(), e.Stream)
	}
	c.known, c.last, c.next = true, e, c.next+1
	c.by, c.seq = b.by, advance(b.sequence, b.count)
	return e, nil
}

// owner checks that the batch is of the partition's owner: a claim begins an
// epoch of a producer that is newer, and all else goes on where its owner
// stopped. What an older owner has written behind a newer one's claim shows
// here, and what anybody else has.
func (c *chain) owner(b *batch, claim bool) error {
	switch {
	case claim && (b.sequence != 0 || b.count != 1):
		return damage(c.p, c.next, "a claim is one of %d events from sequence number %d on", b.count, b.sequence)
	case claim && c.known && b.by.id == c.by.id && b.by.epoch <= c.by.epoch:
		return damage(c.p, c.next, "producer %d claims with epoch %d behind its epoch %d", b.by.id, b.by.epoch, c.by.epoch)
	case !claim && c.known && c.next == b.base && (b.by != c.by || b.sequence != c.seq):
		return damage(c.p, c.next, "it is number %d of producer %d/%d, where number %d of %d/%d belongs: no write of the partition's owner",
			b.sequence, b.by.id, b.by.epoch, c.seq, c.by.id, c.by.epoch)
	}
	return nil
}

// late gives a claim as it counts where it stands. Between a claimant's look at
// the end of the partition and its claim the owner before could still write;
// then the claim stands behind where it meant to, and its seq, epoch and time
// are those that follow from the event before.
func late(e domain.Recorded, seq domain.Seq, before domain.Recorded) domain.Recorded {
	e.Position.Seq = seq
	e.Epoch = before.Epoch + 1
	e.Version = domain.Version(e.Epoch)
	if e.Time.Before(before.Time) {
		e.Time = before.Time
	}
	return e
}
