package commands

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/policy"
)

// Options set an engine up. Zero values give the defaults.
type Options struct {
	Clock domain.Clock                  // required
	Dice  func(domain.CommandID) uint64 // required: the seed of each command's chance
	// Terms is the version that contributors must have accepted; "" is any.
	Terms string
	// Policy begins the campaign on an empty log; the spec's defaults when nil.
	Policy *policy.Policy
	// Checkpoints keeps folded states between runs; none when nil.
	Checkpoints Checkpoints

	// Partial is for one of several nodes: the engine begins without any
	// partition, and has those that Acquire gives it. See Peers and Lost.
	Partial bool
	// Peers reaches the owners of other partitions. When nil, commands and
	// questions for them are answered with *NotOwned.
	Peers Peers
	// Lost, when set, is told of each partition that the engine gave up by
	// itself, and why: another owner came, or the log failed. Whoever still has
	// it assigned acquires it again, in this call if need be.
	Lost func(domain.Partition, error)
	// NoReactions leaves what follows in other partitions to somebody else, who
	// asks Consequences.
	NoReactions bool

	QueueSize int // commands that wait per partition before ErrOverloaded; 4,096
	MaxBatch  int // commands decided for one append; 1,024
	MaxEvents int // events after which an append takes no further command; 8,192

	// MaxBytes are the bytes after which an append takes no further command, as
	// Size measures its events; no matter when 0. A log that bounds its appends
	// needs a part of that, so that the last command's events have room.
	MaxBytes int
	Size     func(*domain.Recorded) int
}

// Checkpoints keeps bytes under a name and the revision of the fold that made
// them. It is a cache: Load gives nil for whatever it does not have.
type Checkpoints interface {
	Save(name string, revision int, data []byte) error
	Load(name string, revision int) ([]byte, error)
}

// Engine runs commands against the partitions of a log that it owns: all of
// them, or, when Partial, those acquired; the others' go to their owners. All
// methods may be called concurrently.
type Engine struct {
	log   domain.Log
	opt   Options
	facts *facts
	react *reactor        // nil when others let reactions follow
	moves []chan struct{} // by partition: held while it is acquired or released

	mu      sync.RWMutex // of what follows, against sends on closed queues
	writers []*writer    // by partition; nil where not owned
	closed  bool

	life, run context.Context // until Close begins; until the writers must stop
	end, stop context.CancelFunc
	busy      sync.WaitGroup // acquiring, releasing, following
	done      sync.WaitGroup // writers
}

// Open owns every partition, rebuilds their states, and begins the campaign if
// the log is empty; a Partial engine owns none yet, and learns what the log
// holds. ctx bounds the opening only.
func Open(ctx context.Context, log domain.Log, opt Options) (*Engine, error) {
	if opt.Clock == nil || opt.Dice == nil || opt.MaxBytes > 0 && opt.Size == nil {
		return nil, errors.New("an engine needs a clock and dice, and to bound bytes a measure of them")
	}
	opt.QueueSize = orDefault(opt.QueueSize, 4096)
	opt.MaxBatch = orDefault(opt.MaxBatch, 1024)
	opt.MaxEvents = orDefault(opt.MaxEvents, 8192)
	n := log.Identity().Partitions
	e := &Engine{
		log: log, opt: opt, facts: newFacts(log.Identity(), !opt.Partial),
		writers: make([]*writer, n), moves: make([]chan struct{}, n),
	}
	for p := range e.moves {
		e.moves[p] = make(chan struct{}, 1)
	}
	e.life, e.end = context.WithCancel(context.Background())
	e.run, e.stop = context.WithCancel(context.Background())
	if !opt.NoReactions {
		e.react = newReactor(e, e.run)
	}
	start := e.ownAll
	if opt.Partial {
		start = e.learnAll
	}
	if err := start(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func orDefault(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}

// begin gives an empty log its first policy.
func (e *Engine) begin(ctx context.Context) error {
	if _, begun := e.facts.policy(); begun {
		return nil
	}
	p := policy.Default()
	if e.opt.Policy != nil {
		p = *e.opt.Policy
	}
	id := e.log.Identity().ID
	_, err := e.doHere(ctx, e.place(domain.CampaignStream), Command{
		ID:    domain.CommandID(domain.Derive(domain.CommandID(id), "first policy", 0)),
		Actor: domain.ByRule("begin"), Body: OnCampaign{Do: campaign.Configure{Policy: p}},
	})
	if err != nil {
		return fmt.Errorf("the campaign could not begin: %w", err)
	}
	return nil
}

// Do runs a command, here or at its partition's owner. When it returns without
// error the events are durable, and what they say of trees, contributors and
// the policy is known here. A *domain.Refusal means that nothing was changed.
// Other errors: ErrOverloaded and *NotOwned (nothing was changed; try again
// later), ErrFull, ErrFenced, ErrUnknown (the same command may be sent again,
// and is done once), ErrClosed, or ctx's: then the command may still be done.
func (e *Engine) Do(ctx context.Context, c Command) (Result, error) {
	if err := c.check(); err != nil {
		return Result{}, err
	}
	p, c, err := e.route(ctx, c)
	if err != nil {
		return Result{}, err
	}
	return e.doAt(ctx, p, c)
}

// Outcome is what Do would answer.
type Outcome struct {
	Result Result
	Err    error
}

// DoAll runs commands that came together. Partition after partition, those of
// one partition are decided in the order given and appended in one write
// (several, beyond Options.MaxEvents). So a single caller of DoAll with a clock
// that it moves itself makes the same log every time. Those of partitions owned
// elsewhere are done one after another.
func (e *Engine) DoAll(ctx context.Context, commands []Command) []Outcome {
	out := make([]Outcome, len(commands))
	groups := make([][]*request, len(e.moves))
	places := make([][]int, len(e.moves))
	for i, c := range commands {
		if out[i].Err = c.check(); out[i].Err != nil {
			continue
		}
		p, c, err := e.route(ctx, c)
		if err != nil {
			out[i].Err = err
			continue
		}
		groups[p] = append(groups[p], newRequest(ctx, c))
		places[p] = append(places[p], i)
	}
	for p, group := range groups {
		if len(group) > 0 {
			e.doGroup(domain.Partition(p), group, func(k int, o Outcome) { out[places[p][k]] = o })
		}
	}
	return out
}

// doGroup runs the commands of one partition, and tells each one's outcome.
func (e *Engine) doGroup(p domain.Partition, group []*request, tell func(int, Outcome)) {
	refused := e.enqueue(p, &request{group: group})
	for k, r := range group {
		a := answer{err: refused}
		if refused == nil {
			a = r.wait()
		}
		if isElsewhere(a.err) {
			a.result, a.err = e.doAt(r.ctx, p, r.cmd)
		}
		tell(k, Outcome{a.result, a.err})
	}
}

// doHere runs a routed command in a partition that is owned here.
func (e *Engine) doHere(ctx context.Context, p domain.Partition, c Command) (Result, error) {
	a := e.send(p, newRequest(ctx, c))
	return a.result, a.err
}

func newRequest(ctx context.Context, c Command) *request {
	return &request{ctx: ctx, cmd: c, answer: make(chan answer, 1)}
}

// wait gives the answer, or the end of the request's context.
func (r *request) wait() answer {
	select {
	case a := <-r.answer:
		return a
	case <-r.ctx.Done():
		return answer{err: r.ctx.Err()}
	}
}

func (e *Engine) send(p domain.Partition, r *request) answer {
	if err := e.enqueue(p, r); err != nil {
		return answer{err: err}
	}
	return r.wait()
}

func (e *Engine) enqueue(p domain.Partition, r *request) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	w := e.writers[p]
	switch {
	case e.closed:
		return domain.ErrClosed
	case w == nil:
		return &NotOwned{p}
	}
	select {
	case w.queue <- r:
		return nil
	default:
		return fmt.Errorf("partition %d has %d commands waiting: %w", p, e.opt.QueueSize, domain.ErrOverloaded)
	}
}

// committed tells the views and the reactions of durable events.
func (e *Engine) committed(events []domain.Recorded) {
	if len(events) == 0 {
		return
	}
	e.facts.learn(events)
	e.notice(events)
}

// Policy gives the policy in force and its revision.
func (e *Engine) Policy() (policy.Policy, int) {
	in, _ := e.facts.policy()
	return in.Policy, in.Revision
}

// Quiesce waits until everything that has been answered here so far has also
// had its consequences in other partitions, as far as reactions follow here.
func (e *Engine) Quiesce(ctx context.Context) error {
	if e.react == nil {
		return ctx.Err()
	}
	return e.react.wait(ctx)
}

// closeWithin bounds how long Close waits for commands that are queued.
const closeWithin = 30 * time.Second

// Close answers what is queued, keeps checkpoints, and gives the partitions
// up. Commands that come later get ErrClosed.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	for _, w := range e.writers {
		if w != nil {
			close(w.queue)
		}
	}
	e.mu.Unlock()
	e.end()
	timer := time.AfterFunc(closeWithin, e.stop)
	e.busy.Wait()
	e.done.Wait()
	timer.Stop()
	e.stop()
	if e.react != nil {
		e.react.stop()
	}
	var failed []error
	for _, w := range e.writers {
		if w != nil {
			failed = append(failed, w.keep(), w.closeLog())
		}
	}
	return errors.Join(failed...)
}
