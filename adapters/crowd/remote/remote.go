package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"dendro/adapters/crowd"
	"dendro/domain"
)

// Options say who works where.
type Options struct {
	Servers []string // such as http://127.0.0.1:8080; each request goes to another one
	Key     string   // of an API client; moderators work only with a trusted one
	Seed    uint64   // of who takes part
	Run     string   // anything that no other run with this seed has
	// Contributors is at least crowd.Least, and Connections from 1 to as many.
	Contributors int
	Connections  int
	// TasksOnly lets everybody do cycles and nothing else, each once: to
	// measure those.
	TasksOnly bool
	// Patience is how long no task may be completed before a run gives up; 0
	// is enough for slots to become free that somebody holds and forgot.
	Patience time.Duration
}

// defaultPatience is twice the time for which a task that was given out holds
// its place under the usual policy.
const defaultPatience = 10 * time.Minute

// Crowd is people whom a server knows, and the connections that they share.
type Crowd struct {
	opt       Options
	client    *client
	people    *people
	workers   []*worker
	moderates bool // the key is a trusted client's
}

// Open makes the people known to the server, and has them accept the terms;
// those who were known stay as they are. Close it.
func Open(ctx context.Context, opt Options) (*Crowd, error) {
	if opt.Contributors < crowd.Least || opt.Connections < 1 || opt.Connections > opt.Contributors {
		return nil, fmt.Errorf("a crowd needs at least %d contributors, and a contributor for each connection", crowd.Least)
	}
	if opt.Patience == 0 {
		opt.Patience = defaultPatience
	}
	cl, err := newClient(opt.Servers, opt.Key, opt.Connections)
	if err != nil {
		return nil, err
	}
	c := &Crowd{opt: opt, client: cl}
	if err := c.begin(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Crowd) begin(ctx context.Context) error {
	t := newTally()
	a, err := c.client.ask(ctx, t, &request{method: http.MethodGet, path: "/campaign"})
	if err != nil {
		return err
	}
	var campaign inForce
	if err := a.read(&campaign); err != nil {
		return err
	}
	languages := campaign.Policy.Languages
	if len(languages) == 0 {
		languages = crowd.Languages(c.opt.Contributors)
	}
	c.people = newPeople(c.opt.Seed, c.opt.Contributors, languages)
	if a, err = c.client.exchange(ctx, c.client.base(), &request{method: http.MethodGet, path: "/admin/backend_settings/full"}); err != nil {
		return err
	}
	c.moderates = a.fine()
	for i := range c.opt.Connections {
		c.workers = append(c.workers, newWorker(c, i))
	}
	var next atomic.Int64
	return c.together(ctx, func(ctx context.Context, w *worker) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(c.people.all) {
				return nil
			}
			if err := w.introduce(ctx, c.people.all[i]); err != nil {
				return err
			}
		}
	})
}

// Close gives the connections up.
func (c *Crowd) Close() { c.client.http.CloseIdleConnections() }

// together lets every connection do something, until all are done or one
// fails; the first failure is the answer.
func (c *Crowd) together(ctx context.Context, do func(context.Context, *worker) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for _, w := range c.workers {
		all.Go(func() {
			if err := do(ctx, w); err != nil {
				stop(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// run is one call of Work.
type run struct {
	left     atomic.Int64 // tasks that nobody has begun
	moved    atomic.Int64 // when a task was completed, in nanoseconds since started
	started  time.Time
	mu       sync.Mutex
	done     int
	progress func(done int)
}

// claim takes one of the tasks that are to be done.
func (r *run) claim() bool {
	if r.left.Add(-1) >= 0 {
		return true
	}
	r.left.Add(1)
	return false
}

func (r *run) unclaim() { r.left.Add(1) }

func (r *run) completed() {
	r.moved.Store(int64(time.Since(r.started)))
	if r.progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.progress(r.done)
}

// errAlone is why nothing can go on.
var errAlone = errors.New("nobody of the crowd may take part any more")

// Work lets the crowd work until so many tasks are completed. Progress, which
// may be nil, is told how many are. The report holds what was done until an
// error, too. One call at a time.
func (c *Crowd) Work(ctx context.Context, tasks int, progress func(done int)) (Report, error) {
	r := &run{started: time.Now(), progress: progress}
	r.left.Store(int64(tasks))
	for _, w := range c.workers {
		w.tally = newTally()
	}
	err := c.together(ctx, func(ctx context.Context, w *worker) error { return w.work(ctx, r) })
	sum := newTally()
	for _, w := range c.workers {
		sum.merge(w.tally)
	}
	return sum.report(time.Since(r.started)), err
}

// seeded hashes to what a connection's dice begin with.
func (c *Crowd) seeded(connection int) *domain.Dice {
	return domain.NewDice(hash64(strconv.FormatUint(c.opt.Seed, 10), c.opt.Run, strconv.Itoa(connection)))
}
