package remote

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"dendro/adapters/crowd"
	"dendro/domain"
)

// worker is one connection: it lets one person after another act.
type worker struct {
	*Crowd
	number int
	ids    int
	dice   *domain.Dice
	pen    *crowd.Pen
	tally  *tally
}

func newWorker(c *Crowd, number int) *worker {
	w := &worker{Crowd: c, number: number, dice: c.seeded(number), tally: newTally()}
	w.pen = crowd.NewPen(w.dice)
	return w
}

// digest hashes texts, each with its length before it.
func digest(parts ...string) [sha256.Size]byte {
	var buf []byte
	for _, p := range parts {
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(p)))
		buf = append(buf, p...)
	}
	return sha256.Sum256(buf)
}

func hash64(parts ...string) uint64 {
	sum := digest(parts...)
	return binary.BigEndian.Uint64(sum[:])
}

// id makes an id that no other run, connection or call makes. It says nothing
// about who uses it: frontends' ids are kept in the log.
func (w *worker) id() string {
	w.ids++
	sum := digest(strconv.FormatUint(w.opt.Seed, 10), w.opt.Run, strconv.Itoa(w.number), strconv.Itoa(w.ids), "id")
	return domain.TaskID(sum[:16]).String()
}

// introduce makes somebody known to the server.
func (w *worker) introduce(ctx context.Context, p *person) error {
	a, err := w.ask(ctx, &request{
		method: http.MethodPost, path: "/frontend_users/", once: w.id(), body: newcomer{user: p.user, TermsAccepted: true},
	})
	if err == nil && !a.fine() {
		err = fmt.Errorf("a contributor could not be registered: %d: %s", a.status, a.text)
	}
	return err
}

func (w *worker) ask(ctx context.Context, r *request) (answer, error) {
	return w.client.ask(ctx, w.tally, r)
}

// again sends a request once more, now and then: the answer to the first may
// have been lost.
func (w *worker) again(ctx context.Context, r *request, first answer) error {
	if w.opt.TasksOnly || !w.dice.Chance(1, 30) || !first.fine() {
		return nil
	}
	return w.client.repeat(ctx, w.tally, r, first)
}

// breath is how long a connection waits when nobody is free.
const breath = 5 * time.Millisecond

// work lets people take turns while there are tasks to do.
func (w *worker) work(ctx context.Context, r *run) error {
	for r.claim() {
		if time.Since(r.started)-time.Duration(r.moved.Load()) > w.opt.Patience {
			return fmt.Errorf("no task was completed for %s: %d contributors find no work that they may do; let more take part", w.opt.Patience, len(w.people.all))
		}
		p, left := w.people.take(w.dice, time.Now())
		if p == nil {
			r.unclaim()
			if !left {
				return errAlone
			}
			if err := pause(ctx, breath); err != nil {
				return err
			}
			continue
		}
		end, err := w.turn(ctx, p)
		w.people.give(p, end.rest, end.gone)
		if end.completed {
			r.completed()
		} else {
			r.unclaim()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// outcome is how a turn ended.
type outcome struct {
	completed bool
	rest      time.Duration
	gone      bool
}

// turn lets somebody look aside, perhaps, and do a task.
func (w *worker) turn(ctx context.Context, p *person) (outcome, error) {
	if !w.opt.TasksOnly {
		if err := w.aside(ctx, p); err != nil {
			return outcome{}, err
		}
	}
	return w.cycle(ctx, p)
}
