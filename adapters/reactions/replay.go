package reactions

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ThreeDotsLabs/watermill/message"

	"dendro/domain"
)

// Retried is a poisoned message that was tried again.
type Retried struct {
	Poisoned
	Failed error // why it is still kept; nil when it went well and is forgotten
}

// Retry tries poisoned messages again: those with the ids, or all. They are
// read from the log, and take the same way through the router as ever. It gives
// an answer for each, the oldest first; its own error is that of ctx, or tells
// that an id is not kept.
func (x *Reactions) Retry(ctx context.Context, ids ...string) ([]Retried, error) {
	list, err := x.chosen(ids)
	if err != nil {
		return nil, err
	}
	out := make([]Retried, len(list))
	queues := map[string]*replay{}
	subs := map[string]message.Subscriber{}
	for i, p := range list {
		out[i] = Retried{p, nil}
		msg, err := x.again(ctx, p)
		if err != nil {
			out[i].Failed = err
			continue
		}
		if queues[p.Handler] == nil {
			queues[p.Handler] = &replay{}
			subs[p.Handler] = queues[p.Handler]
		}
		queues[p.Handler].messages = append(queues[p.Handler].messages, msg)
	}
	handlers := slices.DeleteFunc(slices.Clone(x.handlers), func(h *handler) bool { return queues[h.name] == nil })
	if len(handlers) > 0 {
		if err := x.route(ctx, handlers, subs); err != nil {
			return nil, err
		}
	}
	left := map[string]Poisoned{}
	for _, p := range x.poison.List() {
		left[p.ID] = p
	}
	for i := range out {
		p, kept := left[out[i].ID]
		switch {
		case out[i].Failed != nil || !kept:
		case p.Attempts > out[i].Attempts:
			out[i] = Retried{p, errors.New(p.Error)}
		default:
			out[i].Failed = errors.New("it could not be tried now; try again later")
		}
	}
	return out, ctx.Err()
}

// chosen gives the poisoned messages with the ids, or all.
func (x *Reactions) chosen(ids []string) ([]Poisoned, error) {
	list := x.poison.List()
	if len(ids) == 0 {
		return list, nil
	}
	for _, id := range ids {
		if !slices.ContainsFunc(list, func(p Poisoned) bool { return p.ID == id }) {
			return nil, fmt.Errorf("%q is not the id of a message that is kept; see `dendro reactions poison list`", id)
		}
	}
	return slices.DeleteFunc(list, func(p Poisoned) bool { return !slices.Contains(ids, p.ID) }), nil
}

// again makes the message anew.
func (x *Reactions) again(ctx context.Context, p Poisoned) (*message.Message, error) {
	if !slices.ContainsFunc(x.handlers, func(h *handler) bool { return h.name == p.Handler }) {
		return nil, fmt.Errorf("%s is not set up", p.Handler)
	}
	id := x.c.Log.Identity()
	if p.Partition < 0 || int(p.Partition) >= id.Partitions || p.Seq < 1 {
		return nil, fmt.Errorf("the log has no event at %d/%d", p.Partition, p.Seq)
	}
	from := id.Start()
	from.End[p.Partition] = p.Seq
	to := from.Clone()
	to.End[p.Partition]++
	var msg *message.Message
	for r, err := range x.c.Log.Read(ctx, from, to) {
		if err != nil {
			return nil, err
		}
		msg = newMessage(&r)
	}
	if msg == nil {
		return nil, fmt.Errorf("the log gives no event at %s", domain.Position{Partition: p.Partition, Seq: p.Seq})
	}
	return msg, nil
}

// replay is a subscriber that delivers some messages, once each and one after
// another, and ends.
type replay struct {
	messages []*message.Message
}

// Subscribe implements message.Subscriber.
func (r *replay) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		for _, msg := range r.messages {
			if ctx.Err() != nil {
				return
			}
			msg.SetContext(ctx)
			select {
			case out <- msg:
			case <-ctx.Done():
				return
			}
			select {
			case <-msg.Acked():
			case <-msg.Nacked():
			}
		}
	}()
	return out, nil
}

// Close implements message.Subscriber; the subscription ends by itself, or with
// its context.
func (r *replay) Close() error { return nil }
