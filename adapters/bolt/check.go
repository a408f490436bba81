package bolt

import (
	"bytes"
	"context"
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
	Identity domain.Identity
	Cut      domain.Cut
	Share
	Partitions []Share
}

// Share is what the log, or one partition, holds.
type Share struct {
	Frames uint64
	Events uint64
	Bytes  uint64 // of frames
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
	index    []index
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
	last         frame  // met last
	newest       []span // of each partition
	told         int64  // pages, when progress was told last
}

// span is a part of the file.
type span struct {
	at   int64
	size int
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
	if !errors.As(err, &damage) || m.older.txid+1 != m.newest.txid {
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
	case c.buckets != 2:
		err = errors.New("a bucket is missing")
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

// visitBucket visits a bucket: that of the identity and then that of the frames.
func (c *checker) visitBucket(e entry) error {
	if c.buckets == 0 && c.head == nil && !looksOurs(e) {
		return errNoLog
	}
	names := [][]byte{metaBucket, frameBucket}
	b, err := parseBucket(e.element)
	switch {
	case c.buckets == len(names):
		return errors.New("there is one bucket too many")
	case !bytes.Equal(e.key, names[c.buckets]):
		return errors.New("the name of a bucket is damaged")
	case err != nil:
		return err
	}
	c.buckets++
	c.inside = true
	if c.buckets == 1 {
		err = c.visitMeta(b)
	} else {
		err = c.visitFrames(b)
	}
	if err == nil {
		c.inside = false
	}
	return err
}

// looksOurs tells a log whose first bucket is damaged from the file of another
// program that uses bbolt.
func looksOurs(e entry) bool {
	return bytes.Equal(e.key, metaBucket) || bytes.Equal(e.next, frameBucket) ||
		bytes.Contains(slices.Concat(e.key, e.value), []byte(identityMagic))
}

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
	c.sound.report.Partitions = make([]Share, c.sound.identity.Partitions)
	c.sound.index = make([]index, c.sound.identity.Partitions)
	c.newest = make([]span, c.sound.identity.Partitions)
	return nil
}

// visitFrames visits all frames. The bucket's sequence number is the last
// frame's, so that a bucket or branch page that leads to an older page is
// found, too.
func (c *checker) visitFrames(b bucket) error {
	if err := c.inner.walkBucket(b, c.visitFrame); err != nil {
		return err
	}
	if n := c.sound.report.Frames; n != b.sequence {
		return fmt.Errorf("there are %d frames, not %d as the bucket says", n, b.sequence)
	}
	return c.readTimes()
}

func (c *checker) visitFrame(e entry) error {
	f, err := parseFrame(e.value)
	key := parseKey(e.key)
	number := c.sound.report.Frames + 1
	if err == nil && key != keyOf(number, e.value) {
		key, err = keyOf(number, e.value), errors.New("its key is damaged, or frames before it are missing")
	}
	switch {
	case err != nil && key.events == 0:
		return err
	case err != nil:
		return &domain.Damage{Place: key.String(), Why: err.Error()}
	case int(f.partition) >= len(c.sound.tails):
		return &domain.Damage{Place: key.String(), Why: "there is no such partition"}
	}
	t := &c.sound.tails[f.partition]
	why := ""
	switch {
	case e.bucket:
		why = "it is marked as a bucket"
	case f.first != t.next:
		why = fmt.Sprintf("the partition goes on at seq %d", t.next)
	case f.previous != t.checksum:
		why = "the frame before it is not the one that it was written behind"
	case f.epoch < t.epoch:
		why = fmt.Sprintf("its epoch is %d, behind epoch %d", f.epoch, t.epoch)
	}
	if why != "" {
		return &domain.Damage{Place: key.String(), Why: why}
	}
	if c.visit != nil {
		c.visit(f, e.at)
	}
	c.last = f
	c.newest[f.partition] = span{e.at, len(e.value)}
	*t = tail{next: f.next(), epoch: f.epoch, checksum: f.checksum}
	c.sound.index[f.partition] = append(c.sound.index[f.partition], place{f.first, number})
	c.count(f, len(e.value))
	return c.report()
}

func (c *checker) count(f frame, size int) {
	r := &c.sound.report
	for _, s := range []*Share{&r.Share, &r.Partitions[f.partition]} {
		s.Frames++
		s.Events += uint64(f.events)
		s.Bytes += uint64(size)
	}
}

// readTimes finds the time of each partition's newest event.
func (c *checker) readTimes() error {
	for p, at := range c.newest {
		if at.size == 0 {
			continue
		}
		b, err := c.inner.read(at.at, at.size)
		if err != nil {
			return err
		}
		f, err := parseFrame(b)
		if err != nil {
			return err
		}
		if c.sound.tails[p].time, err = timeOfLast(&f); err != nil {
			return fmt.Errorf("%w: the newest event of partition %d cannot be read: %w; use the program that wrote it", ErrNewer, p, err)
		}
	}
	return nil
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
	place := "the log's identity"
	switch {
	case c.buckets == 0 || !c.inside:
		place = "the table of buckets"
	case c.buckets == 2 && c.last.events == 0:
		place = "the pages of the first frames"
	case c.buckets == 2:
		place = "the pages behind " + c.last.String()
	}
	return &domain.Damage{Place: place, Why: err.Error()}
}

func (c *checker) finish() {
	r := &c.sound.report
	r.Identity = c.sound.identity
	r.Cut = c.sound.identity.Start()
	for p := range r.Partitions {
		r.Cut.End[p] = c.sound.tails[p].next
	}
	if c.progress != nil {
		total := int64(c.outer.used.pages) * pageSize
		c.progress(total, total)
	}
}
