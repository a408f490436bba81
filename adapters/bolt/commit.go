package bolt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"

	"dendro/domain"

	"go.etcd.io/bbolt"
)

// start runs the committer: the only goroutine that writes.
func (l *Log) start() {
	l.queue = make(chan *request, MaxWaiting)
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		for first := range l.queue {
			l.commit(l.gather(first))
		}
	}()
}

// gather takes what has queued up while the last commit was under way.
func (l *Log) gather(first *request) []*request {
	var group []*request
	bytes := 0
	take := func(r *request) {
		l.waiting.Add(-int64(r.bytes))
		if r.state.CompareAndSwap(stateWaiting, stateTaken) {
			group = append(group, r)
			bytes += r.bytes
		}
	}
	take(first)
	for bytes < maxGroupBytes && len(group) < MaxWaiting {
		select {
		case r, ok := <-l.queue:
			if !ok {
				return group
			}
			take(r)
		default:
			return group
		}
	}
	return group
}

// commit answers the group: requests that may not be written at once, all
// others when they are durable, or not, together.
func (l *Log) commit(group []*request) {
	g := staged{l: l, tails: make(map[domain.Partition]tail)}
	for _, r := range group {
		if err := g.stage(r); err != nil {
			r.answer <- err
		}
	}
	if len(g.requests) == 0 {
		return
	}
	err := l.write(&g)
	for _, r := range g.requests {
		r.answer <- err
	}
}

// staged is what one commit writes: requests in the order in which they came,
// and the ends of partitions behind them.
type staged struct {
	l        *Log
	requests []*request
	tails    map[domain.Partition]tail
	bytes    int
}

// stage takes the request into the commit, unless it may not be written.
func (g *staged) stage(r *request) error {
	if err := g.l.settle(r); err != nil {
		return err
	}
	t, ok := g.tails[r.p]
	if !ok {
		t = g.l.tails[r.p]
	}
	if r.own {
		if err := g.claim(r, t); err != nil {
			return err
		}
	} else if err := r.follows(t); err != nil {
		return err
	}
	for _, f := range r.frames {
		t.checksum = seal(f, t.checksum)
		g.bytes += len(f)
	}
	t.next, t.epoch, t.time = r.next(), r.epoch, r.until
	g.tails[r.p] = t
	g.requests = append(g.requests, r)
	return nil
}

// claim makes the takeover's event.
func (g *staged) claim(r *request, t tail) (err error) {
	r.claim = newClaim(g.l.identity.ID, r.p, t, g.l.opt.Owner, g.l.opt.Clock.Now())
	r.epoch, r.first, r.events, r.until = r.claim.Epoch, r.claim.Position.Seq, 1, r.claim.Time
	r.frames, err = new(framer).encode(r.p, r.epoch, []domain.Recorded{r.claim})
	return err
}

// follows tells why the append may not be written behind t.
func (r *request) follows(t tail) error {
	switch {
	case r.epoch != t.epoch:
		return fmt.Errorf("partition %d: %w: epoch %d, now it is %d", r.p, domain.ErrFenced, r.epoch, t.epoch)
	case r.first != t.next:
		return fmt.Errorf("%w: partition %d goes on at seq %d, not %d", domain.ErrMisplaced, r.p, t.next, r.first)
	case r.from.Before(t.time):
		return fmt.Errorf("%w: partition %d: the time goes back before that of seq %d", domain.ErrMisplaced, r.p, t.next-1)
	}
	return nil
}

// settle answers requests while it is in doubt whether the last commit is
// durable. A takeover ends the doubt by reading the files again, from the disk.
func (l *Log) settle(r *request) error {
	if l.doubt == nil {
		return nil
	}
	if !r.own {
		return fmt.Errorf("%w: %w; own the partition again", domain.ErrUnknown, l.doubt)
	}
	l.files.Lock()
	defer l.files.Unlock()
	_ = l.closeFiles() // they failed before; what counts is what the disk says now
	if err := l.openFiles(context.Background(), true); err != nil {
		return fmt.Errorf("the log could not be opened again after a failed write (%w): %w; restart", l.doubt, err)
	}
	l.doubt = nil
	return nil
}

// write makes the staged frames durable, and then known to readers. nil: they
// are. ErrFull: nothing was written. ErrUnknown: nobody knows.
func (l *Log) write(g *staged) error {
	tails := slices.Clone(l.tails)
	for p, t := range g.tails {
		tails[p] = t
	}
	var txid uint64
	err := l.update(func(tx *bbolt.Tx) error {
		txid = uint64(tx.ID())
		if err := l.room(tx.Size(), g); err != nil {
			return err
		}
		return g.put(tx, tails)
	})
	if err == nil {
		err = syncData(l.file)
	}
	switch {
	case err == nil:
		l.tails, l.txid = tails, txid
		l.idle = len(g.requests) == 0
		l.writeHead()
		l.publish(g.requests)
		return nil
	case noRoom(err) && l.newestTx() < txid:
		return fmt.Errorf("%w (%w); free some", domain.ErrFull, err)
	}
	l.doubt = err
	return fmt.Errorf("%w: %w; own the partition again", domain.ErrUnknown, err)
}

// newestTx is the newest transaction that the file shows; the largest number
// when it cannot be told.
func (l *Log) newestTx() uint64 {
	m, err := readMetas(l.file)
	if err != nil || m.none {
		return math.MaxUint64
	}
	return m.newest.txid
}

// update is bbolt's, with its panics as errors.
func (l *Log) update(fn func(*bbolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file changed under the log: %v", p)
		}
	}()
	return l.db.Update(fn)
}

// put writes the frames, and where the partitions end then.
func (g *staged) put(tx *bbolt.Tx, tails []tail) error {
	b := tx.Bucket(frameBucket)
	b.FillPercent = 1 // keys only ever come behind the last
	number := g.l.number
	for _, r := range g.requests {
		for _, f := range r.frames {
			number++
			if err := b.Put(keyOf(number, f).encode(), f); err != nil {
				return err
			}
		}
	}
	if number > g.l.number {
		if err := b.SetSequence(number); err != nil {
			return err
		}
	}
	return tx.Bucket(metaBucket).Put(stateKey, encodeState(uint64(tx.ID()), len(g.requests) == 0, tails))
}

// finish ends a session with a commit of no events: should its pages be
// damaged and log.head be lost, the commit before it still has them all.
func (l *Log) finish() error {
	if l.doubt != nil || l.idle {
		return nil
	}
	if err := l.write(&staged{l: l}); !errors.Is(err, domain.ErrFull) {
		return err
	}
	return nil
}

// How the file grows: at least, and at most, at once; and what a commit may
// write anew per partition.
const (
	minGrowth = 1 << 20
	maxGrowth = 16 << 20
	leafSlack = 32 << 10
)

// room sets aside what the commit may need, in steps. So a full disk is found
// before anything is written, and bbolt need not grow the file, and sync it
// once more, within a commit.
func (l *Log) room(used int64, g *staged) error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	need := used + int64(2*g.bytes+leafSlack*(1+len(g.tails)))
	have := info.Size()
	if need <= have {
		return nil
	}
	step := max(minGrowth, min(have/4, maxGrowth))
	err = extend(l.file, have, (need+step)/minGrowth*minGrowth)
	if noRoom(err) { // the last bit of room is no whole step
		err = extend(l.file, have, (need+pageSize-1)/pageSize*pageSize)
	}
	return err
}

// writeHead notes the newest commit in log.head. A failure leaves the head
// older than the log, or torn, which is no harm but less protection.
func (l *Log) writeHead() {
	h := head{log: l.identity.ID, txid: l.txid}
	for _, t := range l.tails {
		h.end = append(h.end, t.next)
	}
	_, _ = l.head.WriteAt(h.encode(nil), 0)
}
