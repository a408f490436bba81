package httpapi

import (
	"bufio"
	"context"
	"iter"
	"mime"
	"net/http"
	"slices"
	"strings"

	"dendro/domain"
	"dendro/schemas"
)

const (
	// cutHeader tells behind which cut to go on.
	cutHeader = "X-Dendro-Cut"
	// lastEventHeader is where a reader of server-sent events was interrupted.
	lastEventHeader = "Last-Event-ID"

	linesType  = "application/x-ndjson"
	eventsType = "text/event-stream"

	mostEvents    = 10_000  // that limit can ask for
	mostPageBytes = 8 << 20 // behind which a page with a limit ends
)

// feed is what a reader of the log asked for.
type feed struct {
	from, end domain.Cut // end: of the log, when it was asked
	types     []domain.EventType
	stream    domain.StreamID // "": any
	limit     int             // 0: none
}

// streamEvents reads the log to a client: a page with a limit, all there is
// now, or what comes too.
func streamEvents(c *call) (reply, error) {
	f, err := c.feed()
	if err != nil {
		return reply{}, err
	}
	done, err := c.stream()
	if err != nil {
		return reply{}, err
	}
	defer done()
	switch {
	case takesEvents(c.r.Header.Values("Accept")):
		return written, c.serverSent(f)
	case f.limit > 0:
		return written, c.eventPage(f)
	}
	return written, c.eventLines(f)
}

// takesEvents reports whether a client asked for server-sent events.
func takesEvents(accept []string) bool {
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		if kind, _, err := mime.ParseMediaType(part); err == nil && kind == eventsType {
			return true
		}
	}
	return false
}

var eventTypes = func() []string {
	var all []string
	for _, e := range schemas.Types() {
		all = append(all, string(e.Type))
	}
	return all
}()

func (c *call) feed() (feed, error) {
	f := feed{limit: c.number("limit", 0, mostEvents)}
	if tree, given := c.id("tree"); given {
		f.stream = domain.TreeStream(tree)
	}
	if list, given := c.text("types"); given {
		for name := range strings.SplitSeq(list, ",") {
			if !slices.Contains(eventTypes, name) {
				c.bad("types", typeEnum, "this is no type of event", map[string]any{"enum_values": eventTypes})
			}
			f.types = append(f.types, domain.EventType(name))
		}
	}
	if err := c.valid(); err != nil {
		return f, err
	}
	after := c.r.Header.Get(lastEventHeader)
	if after == "" {
		after = c.query.Get("after")
	}
	var err error
	f.from, f.end, err = c.cuts(after)
	return f, err
}

// cuts reads a cut of this log, and gives the log's end; without text the cut
// is the start.
func (c *call) cuts(text string) (cut, end domain.Cut, err error) {
	id := c.s.Log.Identity()
	if end, err = c.s.Log.End(c.ctx()); err != nil || text == "" {
		return id.Start(), end, err
	}
	if cut, err = domain.ParseCut(text); err == nil {
		err = cut.Check(id, end)
	}
	if err != nil {
		return cut, end, fail(codeOther, "%s", err)
	}
	return cut, end, nil
}

func (f *feed) takes(r *domain.Recorded) bool {
	return (f.types == nil || slices.Contains(f.types, r.Payload.Type())) && (f.stream == "" || r.Stream == f.stream)
}

// read gives the events up to the end that are asked for.
func (f *feed) read(ctx context.Context, log domain.Log) iter.Seq2[domain.Recorded, error] {
	return func(yield func(domain.Recorded, error) bool) {
		for r, err := range log.Read(ctx, f.from, f.end) {
			if (err != nil || f.takes(&r)) && !yield(r, err) {
				return
			}
		}
	}
}

// eventPage answers the first events, and where to go on. It is gathered
// before it is sent, so that the header can tell.
func (c *call) eventPage(f feed) error {
	var page []byte
	n, next := 0, f.end
	for r, err := range f.read(c.ctx(), c.s.Log) {
		if err == nil {
			page, err = appendLine(page, r)
		}
		if err != nil {
			return err
		}
		if n++; n == f.limit || len(page) >= mostPageBytes {
			next = f.behind(r.Position)
			break
		}
	}
	c.beginLines(next)
	_, err := newPatient(c.w).Write(page)
	return c.finish(err)
}

// behind is the cut that a reading, partition by partition, has reached with
// the event at p.
func (f *feed) behind(p domain.Position) domain.Cut {
	cut := f.from.Clone()
	copy(cut.End[:p.Partition], f.end.End)
	cut.End[p.Partition] = p.Seq + 1
	return cut
}

// eventLines answers all events up to the end. Whoever has all of the answer
// goes on at the cut in its header.
func (c *call) eventLines(f feed) error {
	c.beginLines(f.end)
	if c.r.Method == http.MethodHead {
		return nil
	}
	out := bufio.NewWriterSize(newPatient(c.w), pieceSize)
	var line []byte
	for r, err := range f.read(c.ctx(), c.s.Log) {
		if err == nil {
			line, err = appendLine(line[:0], r)
		}
		if err == nil {
			_, err = out.Write(line)
		}
		if err != nil {
			return c.finish(err)
		}
	}
	return c.finish(out.Flush())
}

func (c *call) beginLines(next domain.Cut) {
	c.w.Header().Set("Content-Type", linesType)
	c.w.Header().Set(cutHeader, next.String())
	c.w.WriteHeader(http.StatusOK)
}

func appendLine(dst []byte, r domain.Recorded) ([]byte, error) {
	dst, err := schemas.AppendJSON(dst, r)
	return append(dst, '\n'), err
}
