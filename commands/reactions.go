package commands

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
)

// reactor lets follow in other partitions what an event asks for (see
// Consequences). It compares what is with what should be, so it may be
// interrupted anywhere and begin again. Of several nodes, each hears of all
// events and sees to the partitions that it owns.
type reactor struct {
	e    *Engine
	mu   sync.Mutex
	wake *sync.Cond
	// What is waiting; sets, so that they are bounded by what there is.
	policy       bool
	contributors []domain.ContributorID
	busy, halted bool
	done         chan struct{}
}

func newReactor(e *Engine, ctx context.Context) *reactor {
	r := &reactor{e: e, done: make(chan struct{})}
	r.wake = sync.NewCond(&r.mu)
	go r.run(ctx)
	return r
}

// notice marks what events ask for.
func (e *Engine) notice(events []domain.Recorded) {
	if e.react == nil {
		return
	}
	for i := range events {
		if c, any := concernOf(&events[i]); any {
			e.react.add(c)
		}
	}
}

// reconcile marks what has not followed yet in partitions: after a start nobody
// knows where the last run was cut off. One look at each tree tells.
func (r *reactor) reconcile(ctx context.Context, partitions ...domain.Partition) error {
	r.e.facts.mu.RLock()
	standings := maps.Clone(r.e.facts.contributors)
	r.e.facts.mu.RUnlock()
	for _, p := range partitions {
		a, err := r.e.askHere(ctx, p, askBehind{standings})
		if err != nil {
			return err
		}
		for _, who := range a.behind {
			r.add(concern{who: who})
		}
	}
	r.add(concern{policy: true})
	return nil
}

// askBehind asks whom behind lists.
type askBehind struct {
	standings map[domain.ContributorID]contributor.State
}

func (askBehind) question() {}

func (q askBehind) look(w *writer, _ campaign.State) (Answer, error) {
	return Answer{behind: w.s.behind(q.standings)}, nil
}

// behind lists, by id, the contributors whose standing has not reached every
// tree yet: a prompt that should be halted, votes that should count no longer,
// or again.
func (s *state) behind(standings map[domain.ContributorID]contributor.State) []domain.ContributorID {
	found := map[domain.ContributorID]bool{}
	for who, c := range standings {
		if slices.ContainsFunc(c.Purges, pending) {
			found[who] = true
		}
	}
	for _, t := range s.trees {
		root := t.Root()
		if root == nil {
			continue
		}
		waits := t.State.State == domain.InitialPromptReview || t.State.State == domain.PromptLotteryWaiting
		if c := standings[root.Author]; waits && (c.Disabled || c.Erased) {
			found[root.Author] = true
		}
		for _, who := range t.Discounted {
			if !standings[who].Discounted {
				found[who] = true
			}
		}
		t.eachVoter(func(who domain.ContributorID) {
			if standings[who].Discounted && !slices.Contains(t.Discounted, who) {
				found[who] = true
			}
		})
	}
	return slices.SortedFunc(maps.Keys(found), domain.ContributorID.Compare)
}

func (r *reactor) add(c concern) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policy = r.policy || c.policy
	if !c.who.IsZero() && !slices.Contains(r.contributors, c.who) {
		r.contributors = append(r.contributors, c.who)
	}
	r.wake.Broadcast()
}

func (r *reactor) idle() bool { return !r.policy && len(r.contributors) == 0 && !r.busy }

// wait returns when nothing is waiting or under way.
func (r *reactor) wait(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.wake.Broadcast()
	})()
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.idle() && !r.halted && ctx.Err() == nil {
		r.wake.Wait()
	}
	return ctx.Err()
}

func (r *reactor) stop() {
	r.mu.Lock()
	r.halted = true
	r.wake.Broadcast()
	r.mu.Unlock()
	<-r.done
}

func (r *reactor) run(ctx context.Context) {
	defer close(r.done)
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		for r.idle() && !r.halted {
			r.wake.Wait()
		}
		if r.halted {
			return
		}
		policy := r.policy
		var who domain.ContributorID
		if r.policy = false; !policy {
			who, r.contributors = r.contributors[0], r.contributors[1:]
		}
		r.busy = true
		r.mu.Unlock()
		if policy {
			r.spreadPolicy(ctx)
		} else {
			r.follow(ctx, who)
		}
		r.mu.Lock()
		r.busy = false
		r.wake.Broadcast()
	}
}

// retryAfter is how long a reaction waits when the engine is overloaded.
const retryAfter = 10 * time.Millisecond

// do sends a reaction's command until it is answered for good. A refusal is
// such an answer: the world has changed, and the reaction has lost its object.
// It is not passed on: whoever owns the partition by then has looked already,
// and may know better.
func (r *reactor) do(ctx context.Context, c Command) {
	p, c, err := r.e.route(ctx, c)
	for again := err == nil; again; again = errors.Is(err, domain.ErrOverloaded) && sleep(ctx, retryAfter) {
		_, err = r.e.doHere(ctx, p, c)
	}
}

// spreadPolicy brings the pools that are owned here under the policy.
func (r *reactor) spreadPolicy(ctx context.Context) {
	here := func(id domain.PoolID) bool { return r.e.owner(r.e.place(id.Stream())) != nil }
	for _, c := range r.e.facts.spread(here) {
		r.do(ctx, c)
	}
}

// follow does in every tree that is owned here what a contributor's standing
// asks for.
func (r *reactor) follow(ctx context.Context, who domain.ContributorID) {
	var trees []domain.TreeID
	everywhere := true
	for p := range r.e.moves {
		a, err := r.e.askHere(ctx, domain.Partition(p), AskInvolved{Contributor: who})
		if err != nil && !isElsewhere(err) {
			return // the engine is closing; the next owner begins with this again
		}
		everywhere = everywhere && err == nil
		trees = append(trees, a.Trees...)
	}
	todo, completions := r.e.facts.carry(who, trees)
	if everywhere { // nobody knows here how far the others are
		todo = append(todo, completions...)
	}
	for _, c := range todo {
		r.do(ctx, c)
	}
}
