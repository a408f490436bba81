package domain

import (
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// Partition numbers one sequence of the log: 0 … Identity.Partitions-1.
type Partition int

// Seq numbers the events of a partition: dense, from 1.
type Seq uint64

// Version numbers the events of a stream: dense, from 1. Zero is the stream
// before its first event.
type Version uint64

// Epoch numbers the owners of a partition: each Own starts the next one.
type Epoch uint64

// MaxPartitions bounds the partitions of one log.
const MaxPartitions = 1024

// Position is one event's place in a log.
type Position struct {
	Partition Partition
	Seq       Seq
}

// String writes "partition/seq".
func (p Position) String() string { return fmt.Sprintf("%d/%d", p.Partition, p.Seq) }

// Identity is what a log is created with and never changes.
type Identity struct {
	ID         LogID
	Partitions int
}

// Cut is a prefix of a log: per partition the exclusive end, that is the
// first Seq that is not in it (1 = nothing). It is the only meaning of "point
// in time". Its text form is LOGID@END,END,…, with partition 0 first.
type Cut struct {
	Log LogID
	End []Seq
}

// Start is the empty cut of the log.
func (id Identity) Start() Cut {
	end := make([]Seq, id.Partitions)
	for i := range end {
		end[i] = 1
	}
	return Cut{Log: id.ID, End: end}
}

// String writes the text form.
func (c Cut) String() string {
	var b strings.Builder
	b.WriteString(c.Log.String())
	for i, e := range c.End {
		if i == 0 {
			b.WriteByte('@')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(e), 10))
	}
	return b.String()
}

// MarshalText writes the text form.
func (c Cut) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the text form.
func (c *Cut) UnmarshalText(text []byte) error {
	got, err := ParseCut(string(text))
	if err == nil {
		*c = got
	}
	return err
}

// ParseCut reads the text form. It accepts only what String writes.
func ParseCut(text string) (Cut, error) {
	fail := func(why string) (Cut, error) {
		return Cut{}, fmt.Errorf("%s is not a cut: %s (the form is LOGID@END,END,… as printed by `dendro log stat`)", strconv.Quote(clip([]byte(text))), why)
	}
	id, ends, ok := strings.Cut(text, "@")
	if !ok {
		return fail("no @ in it")
	}
	raw, err := ParseID(id)
	log := LogID(raw)
	if err != nil || log.String() != id {
		return fail("its log id is not a lower-case UUID")
	}
	parts := strings.Split(ends, ",")
	if len(parts) > MaxPartitions {
		return fail(fmt.Sprintf("more than %d partitions", MaxPartitions))
	}
	c := Cut{Log: log, End: make([]Seq, len(parts))}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 63)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != p {
			return fail(fmt.Sprintf("end %d is not a number from 1", i))
		}
		c.End[i] = Seq(n)
	}
	return c, nil
}

// Clone copies the cut.
func (c Cut) Clone() Cut { return Cut{Log: c.Log, End: slices.Clone(c.End)} }

// Equal reports whether both cuts are the same prefix of the same log.
func (c Cut) Equal(o Cut) bool { return c.Log == o.Log && slices.Equal(c.End, o.End) }

// Holds reports whether the event at p is inside the cut.
func (c Cut) Holds(p Position) bool {
	return p.Partition >= 0 && int(p.Partition) < len(c.End) && p.Seq >= 1 && p.Seq < c.End[p.Partition]
}

// Within reports whether every event of c is in o too.
func (c Cut) Within(o Cut) bool {
	if c.Log != o.Log || len(c.End) != len(o.End) {
		return false
	}
	for i, e := range c.End {
		if e > o.End[i] {
			return false
		}
	}
	return true
}

// Events counts the events inside the cut.
func (c Cut) Events() uint64 {
	var n uint64
	for _, e := range c.End {
		n += uint64(e) - 1
	}
	return n
}

// ErrForeignCut is wrapped by Check's answers.
var ErrForeignCut = errors.New("the cut does not belong to this log")

// Check tells in one line why the cut cannot be one of this log, which ends
// at end; nil when it can.
func (c Cut) Check(id Identity, end Cut) error {
	switch {
	case c.Log != id.ID:
		return fmt.Errorf("%w: it names log %s, this is %s", ErrForeignCut, c.Log, id.ID)
	case len(c.End) != id.Partitions:
		return fmt.Errorf("%w: it has %d partitions, the log has %d", ErrForeignCut, len(c.End), id.Partitions)
	}
	for p, e := range c.End {
		if e < 1 || e > end.End[p] {
			return fmt.Errorf("%w: it ends partition %d at %d, the log ends there at %d (see `dendro log stat`)", ErrForeignCut, p, e, end.End[p])
		}
	}
	return nil
}

// PlacementName names the frozen rule by which Place works.
const PlacementName = "fnv1a64-mod"

// Place gives the partition of a key for ever: FNV-1a (64 bit) of its bytes
// modulo the number of partitions. Trees are placed by the key of their pool.
func Place(key string, partitions int) Partition {
	h := fnv.New64a()
	h.Write([]byte(key))
	return Partition(h.Sum64() % uint64(partitions))
}
