package commands

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// reactor lets follow in other partitions what an event asks for: a policy
// reaches the pools, a disabled contributor's prompts are halted, a troll's
// votes discounted. It compares what is with what should be, so it may be
// interrupted anywhere and begin again; each command's id is derived from the
// event that it follows.
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

// notice marks what durable events ask for.
func (r *reactor) notice(events []domain.Recorded) {
	for i := range events {
		switch events[i].Payload.(type) {
		case campaign.Configured, pool.Opened:
			r.add(true, domain.ContributorID{})
		case contributor.Disabled, contributor.Enabled, contributor.Erased:
			if id, ok := events[i].Stream.Contributor(); ok {
				r.add(false, id)
			}
		}
	}
}

// reconcile marks what has not followed yet: after a start nobody knows where
// the last run was cut off. One look at each tree tells.
func (r *reactor) reconcile(ctx context.Context) error {
	r.e.facts.mu.RLock()
	standings := maps.Clone(r.e.facts.contributors)
	r.e.facts.mu.RUnlock()
	for p := range r.e.writers {
		behind, err := ask(ctx, r.e, domain.Partition(p), func(s *state) []domain.ContributorID { return s.behind(standings) })
		if err != nil {
			return err
		}
		for _, who := range behind {
			r.add(false, who)
		}
	}
	r.add(true, domain.ContributorID{})
	return nil
}

// behind lists, by id, the contributors whose standing has not reached every
// tree yet: a prompt that should be halted, votes that should count no longer,
// or again.
func (s *state) behind(standings map[domain.ContributorID]contributor.State) []domain.ContributorID {
	found := map[domain.ContributorID]bool{}
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

func (r *reactor) add(policy bool, who domain.ContributorID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policy = r.policy || policy
	if !who.IsZero() && !slices.Contains(r.contributors, who) {
		r.contributors = append(r.contributors, who)
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
func (r *reactor) do(ctx context.Context, c Command) {
	for ctx.Err() == nil {
		_, err := r.e.Do(ctx, c)
		if !errors.Is(err, domain.ErrOverloaded) {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

func (r *reactor) spreadPolicy(ctx context.Context) {
	f := r.e.facts
	f.mu.RLock()
	in, cause := f.campaign, f.configured
	var behind []domain.PoolID
	for id, revision := range f.pools {
		if revision < in.Revision {
			behind = append(behind, id)
		}
	}
	f.mu.RUnlock()
	slices.SortFunc(behind, func(a, b domain.PoolID) int { return strings.Compare(string(a.Stream()), string(b.Stream())) })
	for _, id := range behind {
		r.do(ctx, Command{
			ID:    domain.CommandID(domain.Derive(domain.CommandID(cause), string(id.Stream()), 0)),
			Actor: domain.ByRule("policy"), Cause: cause,
			Body: OnPool{Pool: id, Do: pool.Configure{Policy: in.Policy, Revision: in.Revision}},
		})
	}
}

// follow does in every tree what a contributor's standing asks for.
func (r *reactor) follow(ctx context.Context, who domain.ContributorID) {
	f := r.e.facts
	f.mu.RLock()
	c, cause := f.contributors[who], f.decided[who]
	f.mu.RUnlock()
	const reason = "the contributor's account is disabled"
	var todo []tree.Command
	if c.Disabled || c.Erased {
		todo = append(todo, tree.HaltPrompt{Author: who, Reason: reason})
	}
	if c.Discounted {
		todo = append(todo, tree.Discount{Contributor: who, Reason: reason})
	} else {
		todo = append(todo, tree.Reinstate{Contributor: who, Reason: "the contributor's account is enabled again"})
	}
	trees, err := r.e.Involved(ctx, who)
	if err != nil {
		return // the engine is closing; the next start begins with this again
	}
	for _, id := range trees {
		for i, do := range todo {
			r.do(ctx, Command{
				ID:    domain.CommandID(domain.Derive(domain.CommandID(cause), "tree/"+id.String(), i)),
				Actor: domain.ByRule("contributor_standing"), Cause: cause, Body: OnTree{Tree: id, Do: do},
			})
		}
	}
}
