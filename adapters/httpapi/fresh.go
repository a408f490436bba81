package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"dendro/domain"
)

// The header of writes that tells how far a reader must be to see them, and
// the parameter of reads that asks for it: "partition/seq,partition/seq,…",
// each seq the first that need not be read.
const (
	positionHeader = "X-Dendro-Position"
	atLeastParam   = "at_least"
)

// settle waits until the views have what the request wrote. A write is durable
// by then: when the views are late, they are, and the answer is given.
func (c *call) settle() error {
	if len(c.positions) == 0 {
		return nil
	}
	c.merged, c.standing = nil, nil // of before
	ctx, cancel := context.WithTimeout(c.ctx(), c.s.Patience)
	defer cancel()
	err := c.s.Views.Await(ctx, c.s.until(c.positions))
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// until is the cut that holds just what is before the positions.
func (s *Server) until(positions []domain.Position) domain.Cut {
	cut := s.Log.Identity().Start()
	for _, p := range positions {
		cut.End[p.Partition] = max(cut.End[p.Partition], p.Seq)
	}
	return cut
}

// position writes the newest position per partition.
func (s *Server) position(positions []domain.Position) string {
	var b strings.Builder
	for p, end := range s.until(positions).End {
		if end > 1 {
			if b.Len() > 0 {
				b.WriteByte(',')
			}
			b.WriteString(domain.Position{Partition: domain.Partition(p), Seq: end}.String())
		}
	}
	return b.String()
}

// awaitAsked waits for what at_least asks for.
func (c *call) awaitAsked() error {
	text, given := c.text(atLeastParam)
	if !given {
		return c.valid()
	}
	positions, ok := parsePositions(text, c.s.Log.Identity().Partitions)
	if !ok {
		c.bad(atLeastParam, typeValue, "this is no position such as 0/17, as "+positionHeader+" gives it", nil)
		return c.valid()
	}
	want := c.s.until(positions)
	end, err := c.s.Log.End(c.ctx())
	if err != nil {
		return err
	}
	if !want.Within(end) {
		return fail(codeOther, "the log does not reach %s yet; ask for a position that a write was answered with", text)
	}
	return c.s.await(c.ctx(), want)
}

func parsePositions(text string, partitions int) ([]domain.Position, bool) {
	var all []domain.Position
	for _, part := range strings.Split(text, ",") {
		p, seq, ok := strings.Cut(part, "/")
		partition, err := strconv.ParseUint(p, 10, 15)
		n, err2 := strconv.ParseUint(seq, 10, 63)
		at := domain.Position{Partition: domain.Partition(partition), Seq: domain.Seq(n)}
		if !ok || err != nil || err2 != nil || at.String() != part || int(partition) >= partitions || n == 0 || len(all) >= partitions {
			return nil, false
		}
		all = append(all, at)
	}
	return all, true
}

func (s *Server) await(ctx context.Context, cut domain.Cut) error {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	return s.Views.Await(ctx, cut)
}

// catchUp waits until the views have what the log holds now: only then is a
// miss a miss.
func (c *call) catchUp() error {
	end, err := c.s.Log.End(c.ctx())
	if err != nil {
		return err
	}
	return c.s.await(c.ctx(), end)
}

// found asks a view, and again behind the log's end when it has nothing.
func found[T any](c *call, missing error, ask func() (*T, error)) (*T, error) {
	for again := c.past != nil; ; again = true { // the past is all there
		got, err := ask()
		switch {
		case err != nil:
			return nil, err
		case got != nil:
			return got, nil
		case again:
			return nil, missing
		}
		if err := c.catchUp(); err != nil {
			return nil, err
		}
	}
}

// healthz tells that the process answers.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") }

// readyz tells whether requests can be served: commands are taken and the
// views follow.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	err := s.Caught()
	if err == nil {
		var end domain.Cut
		if end, err = s.Log.End(r.Context()); err == nil {
			err = s.await(r.Context(), end)
		}
	}
	select {
	case <-s.closing:
		err = errors.New("stopping")
	default:
	}
	if err != nil {
		plain(w, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
		return
	}
	plain(w, http.StatusOK, "ready\n")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // whoever asked may be gone
}
