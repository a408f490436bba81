package bolt

import (
	"context"
	"errors"
	"fmt"

	"dendro/domain/directory"

	"go.etcd.io/bbolt"
)

// Bounds of the keeper: what may wait before callers are held up, and what one
// transaction takes.
const (
	maxChanges     = 1024
	maxTransaction = 256
)

// change is what a caller waits for to be made.
type change struct {
	ctx    context.Context
	do     func(*tables) error // checks first, and answers an error only if it has changed nothing
	erases bool                // answered only when the file is rewritten, if it has to be
	answer error
	made   chan struct{} // closed with the answer
}

// change queues a change and waits for it to be durable. A caller that gives up
// does not learn whether it was made.
func (d *Directory) change(ctx context.Context, erases bool, do func(*tables) error) error {
	c := &change{ctx: ctx, do: do, erases: erases, made: make(chan struct{})}
	if err := d.send(c); err != nil {
		return err
	}
	select {
	case <-c.made:
		return c.answer
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Directory) send(c *change) error {
	d.gate.RLock()
	defer d.gate.RUnlock()
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if d.closed {
		return directory.ErrClosed
	}
	select {
	case d.queue <- c:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// keep is the keeper: it makes changes until the queue is closed and empty.
func (d *Directory) keep() {
	defer close(d.done)
	for first := range d.queue {
		group := []*change{first}
		for more := true; more && len(group) < maxTransaction; {
			select {
			case c, open := <-d.queue:
				if more = open; open {
					group = append(group, c)
				}
			default:
				more = false
			}
		}
		d.settle(group)
	}
}

// settle makes a group of changes and answers them, erasures last.
func (d *Directory) settle(group []*change) {
	rewrite, err := d.commit(group)
	for _, c := range group {
		if err != nil {
			c.answer = err
		}
		if !c.erases {
			close(c.made)
		}
	}
	if rewrite {
		err = d.rewrite()
	}
	for _, c := range group {
		if c.erases {
			if err != nil {
				c.answer = err
			}
			close(c.made)
		}
	}
}

// commit makes a group of changes durable together, and tells whether the file
// is to be rewritten.
func (d *Directory) commit(group []*change) (rewrite bool, err error) {
	if d.doubt {
		if err := d.reopen(); err != nil {
			return false, d.explain(err)
		}
		d.doubt = false
	}
	var t tables
	err = d.db.Update(func(tx *bbolt.Tx) error {
		t = tables{tx: tx}
		for _, c := range group {
			if c.answer = c.ctx.Err(); c.answer == nil {
				c.answer = c.do(&t)
			}
		}
		if t.err == nil && !t.changed {
			return errUnchanged
		}
		return t.err
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		d.doubt = true
		return false, fmt.Errorf("the directory may or may not have kept the change: %w", err)
	}
	if t.clients {
		return t.rewrite, d.readClients()
	}
	return t.rewrite, nil
}

// errUnchanged ends a transaction that there is nothing to write of.
var errUnchanged = errors.New("nothing has changed")
