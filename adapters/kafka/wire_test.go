package kafka_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"dendro/adapters/adaptertest"
	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/domain"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// wire lets a test meddle with the produce requests of a client.
type wire struct {
	// onProduce is called before a produce request is sent.
	onProduce func()
	// loseAnswers is how many answers to produce requests get lost: the broker
	// has sent them, and the connection breaks.
	loseAnswers atomic.Int32
	lost        atomic.Int32
	// loseRequests is how many produce requests never arrive.
	loseRequests atomic.Int32
}

// through gives the options for a log whose requests go over the wire.
func (w *wire) through(o kafka.Options) kafka.Options {
	o.Client = append(o.Client, kgo.Dialer(func(ctx context.Context, network, host string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, host)
		return &wireConn{Conn: conn, wire: w}, err
	}))
	return o
}

type wireConn struct {
	net.Conn
	wire  *wire
	dooms atomic.Bool // the next answer gets lost
}

const produceKey = 0

// Write sees whole requests: kgo writes each at once.
func (c *wireConn) Write(b []byte) (int, error) {
	if len(b) >= 6 && binary.BigEndian.Uint16(b[4:]) == produceKey {
		if c.wire.onProduce != nil {
			c.wire.onProduce()
		}
		if c.wire.loseRequests.Add(-1) >= 0 {
			_ = c.Conn.Close()
			return len(b), nil
		}
		if c.wire.loseAnswers.Add(-1) >= 0 {
			c.dooms.Store(true)
		}
	}
	return c.Conn.Write(b)
}

func (c *wireConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.dooms.Load() && n > 0 {
		c.wire.lost.Add(1)
		_ = c.Conn.Close()
		return 0, errors.New("the answer got lost")
	}
	return n, err
}

// A batch whose answer got lost, even several times, is stored once.
func TestLostAnswer(t *testing.T) {
	c := kafkatest.Shared(t)
	var net wire
	o := net.through(options(t, c, 1))
	l := open(t, o)
	w, feed := own(t, l)
	for i := range 10 {
		net.loseAnswers.Store(int32(i % 4))
		mustAppend(t, w, feed.Events(adaptertest.Command(0, i), 3, 2, 100))
	}
	if lost := net.lost.Load(); lost < 10 {
		t.Fatalf("%d answers got lost, which tries nothing", lost)
	}
	// A claim's answer, too.
	net.loseAnswers.Store(2)
	w, feed = own(t, l)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, 10), 1, 1, 100))
	events := all(t, l)
	if want := 2 + 10*3 + 1; len(events) != want {
		t.Fatalf("%d events, want %d", len(events), want)
	}
}

// An append that was sent and not answered in time may have been written, and
// then a takeover finds it; the owner's next answer tells that it is fenced.
func TestUnansweredAppend(t *testing.T) {
	c := kafkatest.Shared(t)
	var net wire
	o := net.through(options(t, c, 1))
	l := open(t, o)
	w, feed := own(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	net.loseAnswers.Store(1 << 20)
	net.onProduce = func() {
		if net.lost.Load() > 0 {
			cancel()
		}
	}
	err := w.Append(ctx, feed.Events(adaptertest.Command(0, 0), 3, 2, 100))
	if !errors.Is(err, domain.ErrUnknown) {
		t.Fatalf("the append answers %v, want ErrUnknown", err)
	}
	net.loseAnswers.Store(0)
	w, feed = own(t, l)
	mustAppend(t, w, feed.Events(adaptertest.Command(0, 1), 1, 1, 100))
	if n := count(all(t, l), adaptertest.Command(0, 0)); n != 3 {
		t.Fatalf("the unanswered append has %d events, want 3", n)
	}
}

// A request that is on its way while another owner takes over comes too late.
func TestOvertakenOnTheWay(t *testing.T) {
	c := kafkatest.Shared(t)
	o := options(t, c, 1)
	now := open(t, o)
	var net wire
	before := open(t, net.through(o))
	for i := range 5 {
		w, feed := own(t, before)
		mustAppend(t, w, feed.Events(adaptertest.Command(0, 2*i), 2, 1, 100))
		net.onProduce = func() {
			w, feed := own(t, now)
			mustAppend(t, w, feed.Events(adaptertest.Command(1, i), 2, 1, 100))
		}
		late := adaptertest.Command(0, 2*i+1)
		if err := w.Append(t.Context(), feed.Events(late, 2, 1, 100)); !errors.Is(err, domain.ErrFenced) {
			t.Fatalf("the late append answers %v, want ErrFenced", err)
		}
		net.onProduce = nil
		if n := count(all(t, now), late); n != 0 {
			t.Fatalf("the late append has %d events in the log", n)
		}
	}
}

// Who is fenced at the second try learns what became of the first.
func TestOvertakenInDoubt(t *testing.T) {
	c := kafkatest.Shared(t)
	o := options(t, c, 1)
	now := open(t, o)
	var net wire
	before := open(t, net.through(o))
	for i, try := range []struct {
		lose   *atomic.Int32
		want   error
		events int
	}{{&net.loseAnswers, nil, 2}, {&net.loseRequests, domain.ErrFenced, 0}} {
		w, feed := own(t, before)
		sent := 0
		net.onProduce = func() {
			if sent++; sent == 2 {
				w, feed := own(t, now)
				mustAppend(t, w, feed.Events(adaptertest.Command(1, i), 2, 1, 100))
			}
		}
		try.lose.Store(1)
		late := adaptertest.Command(0, 2*i)
		if err := w.Append(t.Context(), feed.Events(late, 2, 1, 100)); !errors.Is(err, try.want) || err != nil && try.want == nil {
			t.Fatalf("try %d: the append answers %v, want %v", i, err, try.want)
		}
		if err := w.Append(t.Context(), feed.Events(adaptertest.Command(0, 2*i+1), 2, 1, 100)); !errors.Is(err, domain.ErrFenced) {
			t.Fatalf("try %d: the next append answers %v, want ErrFenced", i, err)
		}
		net.onProduce = nil
		if n := count(all(t, now), late); n != try.events {
			t.Fatalf("try %d: the append has %d events in the log, want %d", i, n, try.events)
		}
	}
}

// A claim that is on its way while the owner before writes comes to stand
// behind where it meant to, and counts from there.
func TestLateClaim(t *testing.T) {
	c := kafkatest.Shared(t)
	o := options(t, c, 1)
	slow, number := new(wire), 0
	a, b := open(t, o), open(t, slow.through(o))
	for range 3 {
		w, feed := own(t, a)
		written := false
		slow.onProduce = func() {
			if !written {
				written = true
				mustAppend(t, w, feed.Events(adaptertest.Command(0, number), 3, 2, 100))
			}
		}
		number++
		late, feed := own(t, b)
		slow.onProduce = nil
		if events := all(t, a); events[len(events)-1].Position != late.Claim().Position || !late.Claim().Time.Equal(events[len(events)-1].Time) {
			t.Fatalf("the claim is %+v, and is read as %+v", late.Claim(), events[len(events)-1])
		}
		mustAppend(t, late, feed.Events(adaptertest.Command(1, number), 1, 1, 100))
	}
	// Each range reads the same, wherever it starts.
	events := all(t, a)
	for from := range events {
		cut, end := a.Identity().Start(), a.Identity().Start()
		cut.End[0], end.End[0] = domain.Seq(from+1), domain.Seq(len(events)+1)
		at := from
		for e, err := range a.Read(t.Context(), cut, end) {
			if err != nil || !cmp.Equal(e, events[at]) {
				t.Fatalf("read from %d on, event %d is %+v, %v, not %+v", from, at, e, err, events[at])
			}
			at++
		}
	}
}
