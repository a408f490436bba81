package httpapi

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"testing/synctest"
)

func keyNumber(n int) (k requestKey) {
	binary.BigEndian.PutUint64(k[:], uint64(n))
	return k
}

func answering(body []byte) func() *rendered {
	return func() *rendered { return &rendered{status: 200, body: body} }
}

// TestAnswersAreBounded, in number and in bytes, and it is the oldest that go.
func TestAnswersAreBounded(t *testing.T) {
	a := newAnswers()
	put := func(n int, body []byte) {
		if _, err := a.once(t.Context(), keyNumber(n), answering(body)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range mostAnswers + 10 {
		put(n, []byte("{}"))
	}
	if len(a.known) != mostAnswers || a.order.Len() != mostAnswers || a.bytes != 2*mostAnswers {
		t.Errorf("%d answers are known, %d in order, of %d bytes", len(a.known), a.order.Len(), a.bytes)
	}
	if a.known[keyNumber(9)] != nil || a.known[keyNumber(10)] == nil {
		t.Error("not the oldest answers went")
	}
	large := make([]byte, mostAnswerBytes/4)
	for n := range 8 {
		put(-1-n, large)
	}
	if a.bytes > mostAnswerBytes || a.known[keyNumber(-8)] == nil {
		t.Errorf("%d bytes are kept", a.bytes)
	}
	put(-100, make([]byte, mostAnswerBytes+1))
	if len(a.known) != 0 || a.bytes != 0 {
		t.Errorf("an answer that is too large leaves %d answers of %d bytes", len(a.known), a.bytes)
	}
}

// TestAnswersWait: the same request waits for the one under way, gives up when
// its client does, and takes over where the first made no final answer.
func TestAnswersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAnswers()
		key := keyNumber(1)
		begun, end := make(chan bool), make(chan bool)
		go func() {
			_, _ = a.once(context.Background(), key, func() *rendered {
				begun <- true
				<-end
				return &rendered{status: 503}
			})
		}()
		<-begun
		gone, cancel := context.WithCancel(t.Context())
		results := make(chan error, 2)
		go func() {
			_, err := a.once(gone, key, answering(nil))
			results <- err
		}()
		second := make(chan *rendered, 2)
		for range 2 {
			go func() {
				out, err := a.once(t.Context(), key, answering([]byte("made again")))
				results <- err
				second <- out
			}()
		}
		synctest.Wait()
		cancel()
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("whoever is gone gets %v", err)
		}
		close(end)
		if x, y := <-second, <-second; x != y || string(x.body) != "made again" {
			t.Errorf("they are answered %v and %v", x, y)
		}
	})
}

// TestAnswersOutlivePanics: a handler that panics leaves nobody waiting.
func TestAnswersOutlivePanics(t *testing.T) {
	a := newAnswers()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = a.once(t.Context(), keyNumber(1), func() *rendered { panic("oops") })
	}()
	if out, err := a.once(t.Context(), keyNumber(1), answering(nil)); err != nil || out.status != 200 {
		t.Errorf("then %v, %v", out, err)
	}
}
