package commands

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"
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

	QueueSize int // commands that wait per partition before ErrOverloaded; 4,096
	MaxBatch  int // commands decided for one append; 1,024
	MaxEvents int // events after which an append takes no further command; 8,192
}

// Checkpoints keeps bytes under a name and the revision of the fold that made
// them. It is a cache: Load gives nil for whatever it does not have.
type Checkpoints interface {
	Save(name string, revision int, data []byte) error
	Load(name string, revision int) ([]byte, error)
}

// Engine owns all partitions of a log, and runs commands against them. All
// methods may be called concurrently.
type Engine struct {
	log     domain.Log
	opt     Options
	facts   *facts
	writers []*writer
	react   *reactor

	mu     sync.RWMutex // closed, against sends on closed queues
	closed bool
	done   sync.WaitGroup
	cancel context.CancelFunc
}

// Open owns every partition, rebuilds their states, and begins the campaign if
// the log is empty. ctx bounds the opening only.
func Open(ctx context.Context, log domain.Log, opt Options) (*Engine, error) {
	if opt.Clock == nil || opt.Dice == nil {
		return nil, errors.New("an engine needs a clock and dice")
	}
	opt.QueueSize = orDefault(opt.QueueSize, 4096)
	opt.MaxBatch = orDefault(opt.MaxBatch, 1024)
	opt.MaxEvents = orDefault(opt.MaxEvents, 8192)
	e := &Engine{log: log, opt: opt, facts: newFacts()}
	if err := e.own(ctx); err != nil {
		e.release()
		return nil, err
	}
	run, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	for _, w := range e.writers {
		e.done.Go(func() { w.run(run) })
	}
	e.react = newReactor(e, run)
	if err := e.begin(ctx); err != nil {
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

// own takes over the partitions, in parallel: each is checkpoint and tail.
func (e *Engine) own(ctx context.Context) error {
	n := e.log.Identity().Partitions
	e.writers = make([]*writer, n)
	failed := make([]error, n)
	var all sync.WaitGroup
	for p := range n {
		w := &writer{e: e, p: domain.Partition(p), queue: make(chan *request, e.opt.QueueSize)}
		e.writers[p] = w
	}
	// Claims first and one after another: their order is part of the log.
	for _, w := range e.writers {
		var err error
		if w.log, err = e.log.Own(ctx, w.p); err != nil {
			return fmt.Errorf("partition %d: %w", w.p, err)
		}
	}
	for p, w := range e.writers {
		all.Go(func() { failed[p] = w.rebuild(ctx) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// begin gives an empty log its first policy, and lets follow what was decided
// before the last stop and had not followed yet.
func (e *Engine) begin(ctx context.Context) error {
	if _, begun := e.facts.policy(); !begun {
		p := policy.Default()
		if e.opt.Policy != nil {
			p = *e.opt.Policy
		}
		id := e.log.Identity().ID
		_, err := e.Do(ctx, Command{
			ID:    domain.CommandID(domain.Derive(domain.CommandID(id), "first policy", 0)),
			Actor: domain.ByRule("begin"), Body: OnCampaign{Do: campaign.Configure{Policy: p}},
		})
		if err != nil {
			return fmt.Errorf("the campaign could not begin: %w", err)
		}
	}
	if err := e.react.reconcile(ctx); err != nil {
		return err
	}
	return e.Quiesce(ctx)
}

// Do runs a command. When it returns without error the events are durable. A
// *domain.Refusal means that nothing was changed. Other errors: ErrOverloaded
// (nothing was changed; try again later), ErrFull, ErrFenced, ErrUnknown (the
// same command may be sent again, and is done once), ErrClosed, or ctx's: then
// the command may still be done.
func (e *Engine) Do(ctx context.Context, c Command) (Result, error) {
	if c.ID.IsZero() || c.Actor.Kind == "" {
		return Result{}, domain.Refuse(domain.Invalid, "a command needs an id and an actor")
	}
	p, c, err := e.route(c)
	if err != nil {
		return Result{}, err
	}
	a := e.send(p, &request{ctx: ctx, cmd: c, answer: make(chan answer, 1)})
	return a.result, a.err
}

// Outcome is what Do would answer.
type Outcome struct {
	Result Result
	Err    error
}

// DoAll runs commands that came together. Partition after partition, those of
// one partition are decided in the order given and appended in one write
// (several, beyond Options.MaxEvents). So a single caller of DoAll with a clock
// that it moves itself makes the same log every time.
func (e *Engine) DoAll(ctx context.Context, commands []Command) []Outcome {
	out := make([]Outcome, len(commands))
	groups := make([][]*request, len(e.writers))
	places := make([][]int, len(e.writers))
	for i, c := range commands {
		if c.ID.IsZero() || c.Actor.Kind == "" {
			out[i].Err = domain.Refuse(domain.Invalid, "a command needs an id and an actor")
			continue
		}
		p, c, err := e.route(c)
		if err != nil {
			out[i].Err = err
			continue
		}
		groups[p] = append(groups[p], &request{ctx: ctx, cmd: c, answer: make(chan answer, 1)})
		places[p] = append(places[p], i)
	}
	for p, group := range groups {
		if len(group) == 0 {
			continue
		}
		if err := e.enqueue(domain.Partition(p), &request{group: group}); err != nil {
			for _, i := range places[p] {
				out[i].Err = err
			}
			continue
		}
		for k, r := range group {
			a := r.wait()
			out[places[p][k]] = Outcome{a.result, a.err}
		}
	}
	return out
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
	if e.closed {
		return domain.ErrClosed
	}
	select {
	case e.writers[p].queue <- r:
		return nil
	default:
		return fmt.Errorf("partition %d has %d commands waiting: %w", p, e.opt.QueueSize, domain.ErrOverloaded)
	}
}

// route finds the partition, and completes the command with what other
// partitions know.
func (e *Engine) route(c Command) (domain.Partition, Command, error) {
	place := func(s domain.StreamID) domain.Partition {
		return domain.Place(string(s), e.log.Identity().Partitions)
	}
	switch b := c.Body.(type) {
	case RequestTask:
		if _, err := e.facts.standing(b.Contributor, e.opt.Terms); err != nil {
			return 0, c, err
		}
		in, _ := e.facts.policy()
		lang, err := e.facts.language(b.Language, in.Policy.Languages)
		if err != nil {
			return 0, c, err
		}
		b.Language = lang
		c.Body = b
		return place(domain.PoolID{Language: lang}.Stream()), c, nil
	case OnTree:
		id, at, err := e.routeTree(&b)
		b.Tree = id
		c.Body = b
		return place(at.Stream()), c, err
	case OnContributor:
		if b.Contributor.IsZero() {
			return 0, c, domain.Refuse(domain.UnknownContributor, "the command names no contributor")
		}
		return place(domain.ContributorStream(b.Contributor)), c, e.checkMerge(b)
	case OnCampaign:
		return place(domain.CampaignStream), c, nil
	case OnPool:
		return place(b.Pool.Stream()), c, nil
	}
	return 0, c, domain.Refuse(domain.Invalid, "there is no command %T", c.Body)
}

// routeTree finds the tree and its pool, and checks who works on it.
func (e *Engine) routeTree(b *OnTree) (domain.TreeID, domain.PoolID, error) {
	if who, working := worker(b.Do); working {
		terms, err := e.facts.standing(who, e.opt.Terms)
		if err != nil {
			return b.Tree, domain.PoolID{}, err
		}
		b.Do = underTerms(b.Do, terms)
	}
	imported, importing := b.Do.(tree.Import)
	if !importing {
		return e.facts.locate(b.Tree, refer(b.Do))
	}
	in, _ := e.facts.policy()
	lang, err := e.facts.language(imported.Tree.Language, in.Policy.Languages)
	if err != nil {
		return b.Tree, domain.PoolID{}, err
	}
	imported.Tree.Language = lang
	b.Do = imported
	if b.Tree.IsZero() && len(imported.Tree.Messages) > 0 {
		b.Tree = domain.TreeID(imported.Tree.Messages[0].Message)
	}
	return b.Tree, domain.PoolID{Language: lang}, nil
}

// checkMerge refuses to merge into an account that is not known or closed.
func (e *Engine) checkMerge(b OnContributor) error {
	m, merging := b.Do.(contributor.Merge)
	if !merging {
		return nil
	}
	e.facts.mu.RLock()
	defer e.facts.mu.RUnlock()
	if into := e.facts.contributors[m.Into]; !into.Registered || into.Erased || !into.MergedInto.IsZero() {
		return domain.Refuse(domain.UnknownContributor, "there is no open account %s to merge into", m.Into)
	}
	return nil
}

// committed tells the views and the reactions of durable events.
func (e *Engine) committed(events []domain.Recorded) {
	if len(events) == 0 {
		return
	}
	e.facts.learn(events)
	e.react.notice(events)
}

// Available counts what the contributor could be given in a language, by the
// order of domain.TaskKinds. It changes nothing.
func (e *Engine) Available(ctx context.Context, who domain.ContributorID, lang string) ([len(domain.TaskKinds)]int, error) {
	in, _ := e.facts.policy()
	lang, err := e.facts.language(lang, in.Policy.Languages)
	if err != nil {
		return [len(domain.TaskKinds)]int{}, err
	}
	at := domain.PoolID{Language: lang}
	p := domain.Place(string(at.Stream()), e.log.Identity().Partitions)
	return ask(ctx, e, p, func(s *state) [len(domain.TaskKinds)]int {
		known := s.pools[at]
		if known == nil || !known.Opened {
			fresh := pool.New(at)
			fresh.Policy = in.Policy
			return fresh.Available(who)
		}
		return known.Available(who)
	})
}

// ask looks at a partition's state between two commands.
func ask[T any](ctx context.Context, e *Engine, p domain.Partition, look func(*state) T) (T, error) {
	r := &request{ctx: ctx, ask: func(s *state) any { return look(s) }, answer: make(chan answer, 1)}
	a := e.send(p, r)
	value, _ := a.value.(T)
	return value, a.err
}

// Foresee tells what a request for a task would be given now if its command's
// dice had the seed. It changes nothing.
func (e *Engine) Foresee(ctx context.Context, r RequestTask, seed uint64) (pool.Assignment, error) {
	p, c, err := e.route(Command{Body: r})
	if err != nil {
		return pool.Assignment{}, err
	}
	r = c.Body.(RequestTask)
	type foreseen struct {
		a   pool.Assignment
		err error
	}
	f, err := ask(ctx, e, p, func(s *state) foreseen {
		known := s.pools[domain.PoolID{Language: r.Language}]
		if known == nil {
			return foreseen{err: domain.Refuse(domain.NoTask, "nothing was ever asked for in %s", r.Language)}
		}
		a, err := known.Offer(pool.Request{Kind: r.Kind, Contributor: r.Contributor, Collective: r.Collective}, &policy.Context{Now: s.last, Policy: &known.Policy, Dice: domain.NewDice(seed)})
		return foreseen{a, err}
	})
	if err == nil {
		err = f.err
	}
	return f.a, err
}

// Policy gives the policy in force and its revision.
func (e *Engine) Policy() (policy.Policy, int) {
	in, _ := e.facts.policy()
	return in.Policy, in.Revision
}

// Quiesce waits until everything that has been answered so far has also had
// its consequences in other partitions.
func (e *Engine) Quiesce(ctx context.Context) error { return e.react.wait(ctx) }

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
		close(w.queue)
	}
	e.mu.Unlock()
	timer := time.AfterFunc(closeWithin, e.cancel)
	e.done.Wait()
	timer.Stop()
	e.cancel()
	e.react.stop()
	var failed []error
	for _, w := range e.writers {
		failed = append(failed, w.keep())
	}
	return errors.Join(append(failed, e.release())...)
}

func (e *Engine) release() error {
	var failed []error
	for _, w := range e.writers {
		if w != nil && w.log != nil {
			failed = append(failed, w.log.Close())
		}
	}
	return errors.Join(failed...)
}

type campaignState = campaign.State
