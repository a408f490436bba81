package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"dendro/domain"
	"dendro/schemas"
)

// Report is what a sound log holds.
type Report struct {
	Identity   domain.Identity
	Cut        domain.Cut
	Frames     uint64
	Events     uint64
	Bytes      uint64 // of frames
	Partitions []PartitionReport
}

// PartitionReport is one partition's share.
type PartitionReport struct {
	Frames uint64
	Events uint64
	Bytes  uint64
}

// tail is where a partition ends.
type tail struct {
	next     domain.Seq
	epoch    domain.Epoch
	time     time.Time // of the last event
	checksum uint32    // of the last frame
}

// sound is what a check has found out about a sound file.
type sound struct {
	identity domain.Identity
	txid     uint64
	idle     bool // the newest commit has no events
	torn     bool // a newer commit was cut off, and is to be taken back
	tails    []tail
	report   Report
}

// checker walks over everything that a file holds: meta pages, pages, buckets,
// keys and frames, but not into the events.
type checker struct {
	ctx      context.Context
	head     *head // what log.head says; nil when it says nothing
	progress func(done, total int64)
	visit    func(frame, int64) // told each frame and where in the file it starts

	outer, inner *pager // of the buckets, and inside one
	sound        sound
	chain        uint32 // checksum of the identity
	state        []byte // of the newest commit
	buckets      int    // met so far
	inside       bool   // the newest of them
	more         bool   // the append goes on in the next frame
	told         int64  // pages, when progress was told last
}

// progressStep is how many pages are checked between two reports of progress,
// and between two looks at the context.
const progressStep = 256

// errNoLog says that the file is no log of ours at all.
var errNoLog = errors.New("it is not a log")

// checkFile checks a whole file, which nobody writes to. It answers *Damage,
// errNoLog, an error that wraps ErrNewer, or that of ctx.
//
// A commit is its pages and its meta page, synced together: a power cut may
// leave the meta page without some of the pages. That is no damage, but only
// when the commit was not acknowledged, as far as log.head knows, and the
// commit before it is there whole.
func checkFile(ctx context.Context, f io.ReaderAt, h *head, progress func(done, total int64)) (sound, error) {
	m, err := readMetas(f)
	if err == nil {
		err = m.explain(h)
	}
	if err != nil {
		return sound{}, err
	}
	c := checker{ctx: ctx, head: h, progress: progress}
	s, err := c.run(f, m.newest)
	var damage *domain.Damage
	if !errors.As(err, &damage) || m.older.txid+1 != m.newest.txid || h != nil && h.txid >= m.newest.txid {
		return s, err
	}
	before := checker{ctx: ctx, head: h, progress: progress}
	if s, again := before.run(f, m.older); again == nil {
		s.torn = true
		return s, nil
	}
	return sound{}, err
}

// run checks what stands below the meta page.
func (c *checker) run(f io.ReaderAt, m meta) (sound, error) {
	err := c.ctx.Err()
	c.outer = newPager(f, m.pages)
	c.inner = c.outer.beside()
	c.sound.txid = m.txid
	if err == nil {
		err = c.outer.walk(m.root, c.visitBucket)
	}
	switch {
	case err != nil:
	case c.buckets != c.sound.identity.Partitions+1:
		err = errors.New("buckets are missing")
	case m.freelist != noFreelist:
		err = errors.New("another program has written to the file")
	case !bytes.Equal(c.state, encodeState(m.txid, c.sound.idle, c.sound.tails)):
		err = &domain.Damage{Place: fmt.Sprintf("transaction %d", m.txid), Why: "its pages are not those that it wrote"}
	default:
		err = c.againstHead()
	}
	if err != nil {
		return sound{}, c.explain(err)
	}
	c.finish()
	return c.sound, nil
}

// visitBucket visits a bucket: the identity's, then one for each partition.
func (c *checker) visitBucket(e entry) error {
	if c.buckets == 0 && c.head == nil && !looksOurs(e) {
		return errNoLog
	}
	name := metaBucket
	if c.buckets > 0 {
		name = partitionBucket(c.at() + 1)
	}
	b, err := parseBucket(e.element)
	switch {
	case c.buckets > 0 && c.buckets > c.sound.identity.Partitions:
		return errors.New("there is one bucket too many")
	case !bytes.Equal(e.key, name):
		return errors.New("its name is damaged")
	case err != nil:
		return err
	}
	c.buckets++
	c.inside = true
	if c.buckets == 1 {
		err = c.visitMeta(b)
	} else {
		err = c.visitPartition(b)
	}
	if err == nil {
		c.inside = false
	}
	return err
}

// looksOurs tells a log whose first bucket is damaged from the file of another
// program that uses bbolt.
func looksOurs(e entry) bool {
	return bytes.Equal(e.key, metaBucket) || bytes.Equal(e.next, partitionBucket(0)) ||
		bytes.Contains(slices.Concat(e.key, e.value), []byte(identityMagic))
}

// at is the partition whose bucket was met last; -1 before the first.
func (c *checker) at() domain.Partition { return domain.Partition(c.buckets - 2) }

func (c *checker) visitMeta(b bucket) error {
	n := 0
	err := c.inner.walkBucket(b, func(e entry) (err error) {
		n++
		switch {
		case n == 1 && !e.bucket && bytes.Equal(e.key, identityKey):
			c.sound.identity, c.chain, err = decodeIdentity(e.value)
		case n == 2 && !e.bucket && bytes.Equal(e.key, stateKey):
			c.state, c.sound.idle = bytes.Clone(e.value), idleState(e.value)
		default:
			err = errIdentity
		}
		return err
	})
	switch id := c.sound.identity; {
	case err != nil:
		return err
	case n != 2 || b.sequence != 0:
		return errIdentity
	case c.head != nil && (c.head.log != id.ID || len(c.head.end) != id.Partitions):
		return fmt.Errorf("log.head belongs to log %s, log.db to %s; put the files of one log together", c.head.log, id.ID)
	}
	c.sound.tails = emptyTails(c.sound.identity, c.chain)
	c.sound.report.Partitions = make([]PartitionReport, c.sound.identity.Partitions)
	return nil
}

// visitPartition visits a partition's frames. Its bucket's sequence number is
// its end, so that a bucket or branch page that leads to an older page is
// found, too.
func (c *checker) visitPartition(b bucket) error {
	t := &c.sound.tails[c.at()]
	if err := c.inner.walkBucket(b, func(e entry) error { return c.visitFrame(e, t, b.sequence) }); err != nil {
		return err
	}
	switch {
	case uint64(t.next) != b.sequence:
		return fmt.Errorf("the partition ends at seq %d, its bucket says %d", t.next, b.sequence)
	case c.more:
		return errors.New("the rest of the last append is missing")
	}
	return nil
}

func (c *checker) visitFrame(e entry, t *tail, end uint64) error {
	f, err := parseFrame(e.value)
	why := ""
	switch {
	case e.bucket || len(e.key) != 8 || domain.Seq(binary.BigEndian.Uint64(e.key)) != t.next:
		why = "its key is damaged, or it is missing"
	case err != nil:
		why = err.Error()
	case f.partition != c.at() || f.first != t.next:
		why = fmt.Sprintf("it is the frame of partition %d at seq %d", f.partition, f.first)
	case f.previous != t.checksum:
		why = "the frame before it is not the one that it was written behind"
	case f.epoch < t.epoch:
		why = fmt.Sprintf("its epoch is %d, behind epoch %d", f.epoch, t.epoch)
	}
	if why != "" {
		return &domain.Damage{Place: framePlace(c.at(), t.next, upperEnd(e.next, t.next, end)), Why: why}
	}
	if c.visit != nil {
		c.visit(f, e.at)
	}
	c.more = f.more
	*t = tail{next: f.next(), epoch: f.epoch, checksum: f.checksum}
	r := &c.sound.report.Partitions[c.at()]
	r.Frames++
	r.Events += uint64(f.events)
	r.Bytes += uint64(len(e.value))
	if uint64(t.next) == end {
		if t.time, err = timeOfLast(&f); err != nil {
			return fmt.Errorf("%w: the newest event of partition %d cannot be read: %w; use the program that wrote it", ErrNewer, c.at(), err)
		}
	}
	return c.report()
}

// timeOfLast decodes a frame's last event.
func timeOfLast(f *frame) (time.Time, error) {
	rec, err := f.last()
	if err != nil {
		return time.Time{}, err
	}
	r, err := schemas.DecodeRecord(rec)
	return r.Time, err
}

// upperEnd tells where the frame at first ends: where the next key, or the
// partition, says; 0 when neither can be right.
func upperEnd(next []byte, first domain.Seq, end uint64) domain.Seq {
	upper := domain.Seq(end)
	if len(next) == 8 {
		upper = domain.Seq(binary.BigEndian.Uint64(next))
	}
	if upper <= first {
		return 0
	}
	return upper
}

// framePlace names a frame; end is that of its events, or 0.
func framePlace(p domain.Partition, first, end domain.Seq) string {
	if end == 0 {
		return fmt.Sprintf("partition %d, frame at seq %d", p, first)
	}
	return fmt.Sprintf("partition %d, frame at seq %d (events %d to %d)", p, first, first, end-1)
}

// report tells the progress, and ends when the context has.
func (c *checker) report() error {
	if c.outer.used.found < c.told+progressStep {
		return nil
	}
	c.told = c.outer.used.found
	if c.progress != nil {
		c.progress(c.told*pageSize, int64(c.outer.used.pages)*pageSize)
	}
	return c.ctx.Err()
}

// againstHead finds acknowledged events that the file does not hold.
func (c *checker) againstHead() error {
	if c.head == nil {
		return nil
	}
	for p, end := range c.head.end {
		switch next := c.sound.tails[p].next; {
		case end > next:
			return &domain.Damage{Place: fmt.Sprintf("partition %d, frames from seq %d on (events %d to %d)", p, next, next, end-1), Why: lostFrames}
		case end < next && c.head.txid >= c.sound.txid:
			return &domain.Damage{Place: fmt.Sprintf("partition %d, frames from seq %d on (events %d to %d)", p, end, end, next-1), Why: "they are behind the end in log.head"}
		}
	}
	if c.head.txid > c.sound.txid {
		return &domain.Damage{Place: fmt.Sprintf("transaction %d", c.head.txid), Why: lostFrames}
	}
	return nil
}

const lostFrames = "it is missing, and was there when log.head was written (if you put back an older copy on purpose, remove log.head)"

// explain turns what a walk found into Damage at the best place known.
func (c *checker) explain(err error) error {
	var damage *domain.Damage
	if errors.As(err, &damage) || errors.Is(err, errNoLog) || errors.Is(err, ErrNewer) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	p := c.at()
	damage = &domain.Damage{Why: err.Error()}
	switch {
	case c.buckets == 0 || c.inside && p < 0:
		damage.Place = "the log's identity"
	case !c.inside:
		damage.Place = fmt.Sprintf("partition %d, its bucket", p+1)
	default:
		damage.Place = fmt.Sprintf("partition %d, the pages around the frame at seq %d", p, c.sound.tails[p].next)
	}
	return damage
}

func (c *checker) finish() {
	r := &c.sound.report
	r.Identity = c.sound.identity
	r.Cut = c.sound.identity.Start()
	for p := range r.Partitions {
		r.Cut.End[p] = c.sound.tails[p].next
		r.Frames += r.Partitions[p].Frames
		r.Events += r.Partitions[p].Events
		r.Bytes += r.Partitions[p].Bytes
	}
	if c.progress != nil {
		total := int64(c.outer.used.pages) * pageSize
		c.progress(total, total)
	}
}
