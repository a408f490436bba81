package remote

import (
	"context"
	"net/http"
	"net/url"
	"slices"
)

// mostFlags is how many of the flagged messages a moderator looks at before
// going back to other work.
const mostFlags = 3

// workQueue works through flagged messages, the oldest of the newest first:
// what is bad is deleted.
func (w *worker) workQueue(ctx context.Context, p *person) error {
	var flags []flag
	if got, err := w.read(ctx, p, "/admin/flagged_messages?max_count=100", &flags); err != nil || !got {
		return err
	}
	flags = slices.DeleteFunc(flags, func(f flag) bool { return f.Processed })
	slices.Reverse(flags)
	for _, f := range flags[:min(len(flags), mostFlags)] {
		if err := w.resolve(ctx, p, f); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) resolve(ctx context.Context, p *person, f flag) error {
	var m message
	got, err := w.read(ctx, p, "/messages/"+f.MessageID.String(), &m)
	if err != nil || !got {
		return err
	}
	if seen := impression(m); seen.Bad() && !m.Deleted {
		if err := w.act(ctx, p, http.MethodDelete, "/messages/"+m.ID.String(), "reported, rightly"); err != nil {
			return err
		}
	}
	return w.act(ctx, p, http.MethodPost, "/admin/flagged_messages/"+m.ID.String()+"/processed", "looked at")
}

func (w *worker) act(ctx context.Context, p *person, method, path, reason string) error {
	r := &request{method: method, path: path + "?" + url.Values{"reason": {reason}}.Encode(), by: p.login(), once: w.id()}
	a, err := w.ask(ctx, r)
	if err != nil || !a.fine() {
		return err
	}
	w.tally.Acts++
	return w.again(ctx, r, a)
}
