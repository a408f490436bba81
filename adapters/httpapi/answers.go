package httpapi

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"dendro/domain"
)

// idempotencyHeader makes a write one that can be sent again.
const idempotencyHeader = "Idempotency-Key"

const maxIdempotencyKey = 200

// requestKey names a request by its client, its Idempotency-Key and all that it
// asks for: the same key with another body is another request.
type requestKey [32]byte

func keyOf(parts ...[]byte) requestKey {
	h := sha256.New()
	var size [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write(p)
	}
	return requestKey(h.Sum(nil))
}

// command is the id that the request's commands are derived from. The engine
// remembers it for at least a day, over restarts too, so there is no second
// effect even where the answer itself is forgotten and made again.
func (k requestKey) command() domain.CommandID { return domain.CommandID(k[:16]) }

// rendered is an answer as it goes out.
type rendered struct {
	status   int
	retry    int
	position string
	asOf     string
	kind     string // Content-Type; "" without a body
	body     []byte
}

// final reports whether the same request must get this very answer again.
func (r *rendered) final() bool { return r.status < 500 && r.status != 429 && r.status != 403 }

const (
	mostAnswers     = 10_000
	mostAnswerBytes = 64 << 20
)

// answers keeps what requests with an Idempotency-Key were answered, the newest
// of them, and lets the same request wait while it is under way.
type answers struct {
	mu    sync.Mutex
	known map[requestKey]*list.Element
	order *list.List // of *kept, newest first
	bytes int
}

type kept struct {
	key    requestKey
	ready  chan struct{} // closed when answer is there, or dropped
	answer *rendered     // nil: make it again
}

func newAnswers() *answers {
	return &answers{known: map[requestKey]*list.Element{}, order: list.New()}
}

// once gives the answer that the key was given, or makes it.
func (a *answers) once(ctx context.Context, key requestKey, produce func() *rendered) (*rendered, error) {
	for {
		a.mu.Lock()
		e := a.known[key]
		if e == nil {
			k := &kept{key: key, ready: make(chan struct{})}
			a.known[key] = a.order.PushFront(k)
			a.mu.Unlock()
			return a.keep(k, produce), nil
		}
		k := e.Value.(*kept)
		a.mu.Unlock()
		select {
		case <-k.ready:
			if k.answer != nil {
				return k.answer, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// keep makes the answer, and keeps it if it is final.
func (a *answers) keep(k *kept, produce func() *rendered) (got *rendered) {
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if got != nil && got.final() {
			k.answer = got
			a.bytes += len(got.body)
		} else {
			a.drop(k)
		}
		close(k.ready)
		a.shrink()
	}()
	return produce()
}

func (a *answers) drop(k *kept) {
	if e := a.known[k.key]; e != nil {
		a.order.Remove(e)
		delete(a.known, k.key)
	}
}

// shrink forgets the oldest answers that are too many. Those under way stay.
func (a *answers) shrink() {
	for e := a.order.Back(); e != nil && (a.order.Len() > mostAnswers || a.bytes > mostAnswerBytes); {
		k := e.Value.(*kept)
		before := e.Prev()
		if k.answer != nil {
			a.bytes -= len(k.answer.body)
			a.drop(k)
		}
		e = before
	}
}
