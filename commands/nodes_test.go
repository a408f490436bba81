package commands

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// A crowd works through any node while partitions move, nodes die, and calls
// and answers get lost: every answered command is in the log once, all nodes
// know the same, and what had to follow has followed everywhere.
func TestNodes(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := newCluster(t, 2+int(seed%2), 5, seed, false)
			c.crowd(seed, nil)
		})
	}
}

// The same, when what follows from an event is done by others, who ask any
// node for it, twice, late, and in an order of their own.
func TestConsequencesElsewhere(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := newCluster(t, 3, 5, seed, true)
			c.crowd(seed, c.react)
		})
	}
}

// crowd lets three crowds at the cluster, and checks what has become of it.
func (c *cluster) crowd(seed uint64, react func(stop <-chan struct{})) {
	t := c.t
	stop := make(chan struct{})
	var others, crowd sync.WaitGroup
	others.Go(func() { c.disturb(stop) })
	worlds := make([]*world, 3)
	for i := range worlds {
		w := &world{t: t, clock: c.clock, dice: domain.NewDice(100*seed + uint64(i)), refused: map[domain.Kind]int{}, acked: map[domain.CommandID]int{}, via: c.node, number: byte(i + 1)}
		worlds[i] = w
		crowd.Go(func() {
			w.join(6)
			for range 400 {
				w.step()
			}
		})
	}
	if react != nil {
		others.Go(func() { react(stop) })
	}
	crowd.Wait()
	close(stop)
	others.Wait()
	for p, n := range c.owners {
		c.assign(domain.Partition(p), n)
	}
	c.settle()
	c.check(worlds)
	for _, e := range c.nodes {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	checkLottery(t, c.log)
	t.Logf("%d events, %v, refusals %v", len(c.log.All()), c.counts, worlds[0].refused)
	if c.counts["passed on"] == 0 || c.counts["lost"] == 0 || c.counts["died"] == 0 {
		t.Error("nothing happened")
	}
}

// react lets follow what each event asks for, twice, until the log has ended
// after stop was closed. Within a partition it keeps the order, as consumers do.
func (c *cluster) react(stop <-chan struct{}) {
	at := c.log.Identity().Start()
	for stopped := false; ; {
		end, _ := c.log.End(context.Background())
		if stopped && at.Equal(end) {
			return
		}
		var events []domain.Recorded
		for r, err := range c.log.Read(context.Background(), at, end) {
			if err != nil {
				c.t.Error(err)
				return
			}
			events = append(events, r)
		}
		for i := range events {
			c.followUp(events[i])
			c.followUp(events[c.below(i+1)])
		}
		at = end
		select {
		case <-stop:
			stopped = true
		default:
			time.Sleep(time.Millisecond)
		}
	}
}

// followUp asks any node, and does what it says by any node, until that worked.
func (c *cluster) followUp(r domain.Recorded) {
	for {
		todo, err := c.node().Consequences(context.Background(), r)
		for _, one := range todo {
			if _, failed := c.node().Do(context.Background(), one); domain.RefusalKind(failed) == "" {
				err = errors.Join(err, failed)
			}
		}
		if err == nil {
			return
		}
	}
}

func (c *cluster) check(worlds []*world) {
	t := c.t
	stored := map[domain.CommandID]int{}
	ids := map[domain.EventID]bool{}
	for _, r := range c.log.All() {
		if stored[r.Command]++; ids[r.ID] {
			t.Fatalf("event %s is there twice", r.ID)
		}
		ids[r.ID] = true
	}
	for _, w := range worlds {
		for id, n := range w.acked {
			if stored[id] != n {
				t.Errorf("command %s was answered with %d events; %d are stored", id, n, stored[id])
			}
		}
		for _, never := range []domain.Kind{domain.UnknownTask, domain.UnknownTree, domain.UnknownMessage, domain.UnknownContributor} {
			if n := w.refused[never]; n > 0 {
				t.Errorf("%d commands were refused as %s", n, never)
			}
		}
	}
	owned := map[domain.Partition]bool{}
	states := folded(t, c.log)
	for n, e := range c.nodes {
		c.factsEqual(fmt.Sprint("node ", n), e.facts)
		for _, p := range e.Owned() {
			if owned[p] = true; c.owners[p] != n {
				continue // another has come since, and it has not noticed
			}
			agree(t, worlds[0], e.writers[p].s, states[p])
		}
		who := worlds[0].members[0]
		var want []domain.TreeID
		for _, s := range states {
			want = append(want, s.involved(who)...)
		}
		if got, err := e.Involved(context.Background(), who); err != nil || !slices.Equal(got, want) {
			t.Errorf("node %d: %v is involved in %v, want %v: %v", n, who, got, want, err)
		}
	}
	if len(owned) != len(states) {
		t.Errorf("%d of %d partitions have an owner", len(owned), len(states))
	}
	c.followed(states)
}

// followed checks that policy and standings have reached everything.
func (c *cluster) followed(states []*state) {
	f := c.nodes[0].facts
	for p, s := range states {
		if behind := s.behind(f.contributors); len(behind) > 0 {
			c.t.Errorf("partition %d: the standing of %v has not reached its trees", p, behind)
		}
		for id, pool := range s.pools {
			if pool.Revision != f.campaign.Revision {
				c.t.Errorf("pool %s is under policy %d, in force is %d", id.Stream(), pool.Revision, f.campaign.Revision)
			}
		}
	}
}

// Two engines, one of which is handed everything by hand.
func twoNodes(t *testing.T) (c *cluster, a, b *Engine) {
	c = newCluster(t, 2, 3, 1, false)
	c.dice = domain.NewDice(3)
	t.Cleanup(func() {
		for _, e := range c.nodes {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return c, c.nodes[0], c.nodes[1]
}

// A node that was fenced, and does not know it, never gets an event in; what it
// is sent it passes on. Without anybody to pass it to, it says that it is not
// the owner.
func TestNodeFenced(t *testing.T) {
	c, a, b := twoNodes(t)
	ctx := context.Background()
	who := domain.ContributorID{1}
	p := a.place(domain.ContributorStream(who))
	c.assign(p, 0)
	c.assign(p, 1)
	before := len(c.log.All())
	res, err := a.Do(ctx, Command{ID: domain.CommandID{15: 1}, Actor: domain.ByRule("test"), Body: OnContributor{Contributor: who, Do: contributor.Register{}}})
	if err != nil || len(res.Events) != 1 || len(c.log.All()) != before+1 {
		t.Fatalf("%+v, %v", res, err)
	}
	if _, err := a.facts.standing(who, ""); domain.RefusalKind(err) != domain.TermsNotAccepted {
		t.Errorf("what was answered is not known: %v", err)
	}
	if slices.Contains(a.Owned(), p) || !slices.Contains(b.Owned(), p) {
		t.Errorf("partition %d: owned %v and %v", p, a.Owned(), b.Owned())
	}
	var not *NotOwned
	if _, err := a.DoHere(ctx, p, Command{ID: domain.CommandID{15: 2}, Actor: domain.ByRule("test"), Body: OnContributor{Contributor: who, Do: contributor.Consent{Terms: "v"}}}); !errors.As(err, &not) || not.Partition != p || !errors.Is(err, domain.ErrFenced) {
		t.Errorf("passed on twice: %v", err)
	}
	if _, err := a.AskHere(ctx, p, AskInvolved{Contributor: who}); !errors.As(err, &not) {
		t.Errorf("a question passed on twice: %v", err)
	}
}

// Work that another node gave out is known everywhere before it is answered;
// questions go to the owner.
func TestNodesReadTheirWrites(t *testing.T) {
	c, _, _ := twoNodes(t)
	ctx := context.Background()
	w := &world{t: t, clock: c.clock, dice: domain.NewDice(1), refused: map[domain.Kind]int{}, acked: map[domain.CommandID]int{}, via: c.node, number: 1}
	w.join(3)
	for range 200 {
		w.step()
	}
	for _, never := range []domain.Kind{domain.UnknownTask, domain.UnknownTree, domain.UnknownMessage} {
		if n := w.refused[never]; n > 0 {
			t.Errorf("%d commands were refused as %s", n, never)
		}
	}
	c.settle()
	single, err := Open(ctx, c.log, Options{Clock: c.clock, Dice: seedDice, NoReactions: true})
	if err != nil {
		t.Fatal(err)
	}
	ask := RequestTask{Contributor: w.members[0], Language: "en", Kind: domain.TaskRandom}
	purge := contributor.OrderPurge{Act: w.id()}
	type seen struct {
		Available [len(domain.TaskKinds)]int
		Offer     any
		Refused   domain.Kind
		Effect    Effect
	}
	look := func(e *Engine) (s seen) {
		t.Helper()
		var errs [3]error
		s.Available, errs[0] = e.Available(ctx, w.members[0], "en")
		s.Offer, errs[1] = e.Foresee(ctx, ask, 5)
		s.Effect, errs[2] = e.Preview(ctx, []domain.ContributorID{w.members[1]}, purge)
		s.Refused, errs[1] = domain.RefusalKind(errs[1]), nil
		if err := errors.Join(errs[:]...); err != nil {
			t.Error(err)
		}
		return s
	}
	want := look(single)
	if err := single.Close(); err != nil {
		t.Fatal(err)
	}
	for p, n := range c.owners { // fenced by the one above
		if err := c.nodes[n].Release(ctx, domain.Partition(p)); err != nil {
			t.Error(err)
		}
		c.assign(domain.Partition(p), n)
	}
	for n, e := range c.nodes {
		if diff := cmp.Diff(want, look(e), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("node %d answers otherwise than one that owns all (-one +node):\n%s", n, diff)
		}
	}
}

// A released partition's commands are answered before it is given up; its
// checkpoint brings it back, and the facts of a node that starts again.
func TestReleaseKeepsCheckpoint(t *testing.T) {
	c, a, _ := twoNodes(t)
	ctx := context.Background()
	who := domain.ContributorID{1}
	p := a.place(domain.ContributorStream(who))
	c.assign(p, 0)
	c.mute = 1
	for i := range checkpointAfter {
		if _, err := a.Do(ctx, Command{ID: domain.CommandID{1, 14: byte(i >> 8), 15: byte(i)}, Actor: domain.ByRule("test"), Body: OnContributor{
			Contributor: who, Do: []contributor.Command{contributor.Register{}, contributor.Consent{Terms: fmt.Sprint(i)}}[min(i, 1)],
		}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Release(ctx, p); err != nil {
		t.Fatal(err)
	}
	if err := a.Release(ctx, p); err != nil {
		t.Errorf("releasing again: %v", err)
	}
	if names := slices.Collect(maps.Keys(c.kept[0].data)); len(names) != 1 {
		t.Fatalf("checkpoints %v", names)
	}
	restored, err := (&writer{e: a, p: p}).restore(ctx)
	if err != nil || restored.contributors[who].Terms != fmt.Sprint(checkpointAfter-1) {
		t.Errorf("%v: the checkpoint has not all that was answered", err)
	}
	again, err := Open(ctx, c.log, Options{Clock: c.clock, Dice: seedDice, Checkpoints: c.kept[0], Partial: true})
	if err != nil {
		t.Fatal(err)
	}
	c.factsEqual("a node from a checkpoint", again.facts)
	if err := errors.Join(again.Acquire(ctx, p), again.Acquire(ctx, p), again.Close()); err != nil {
		t.Error(err)
	}
	if err := again.Acquire(ctx, p); !errors.Is(err, domain.ErrClosed) {
		t.Errorf("a closed engine acquires: %v", err)
	}
}

// What of other nodes' tasks can no longer be submitted is forgotten by the
// time of events, at the same places as where it is owned.
func TestForeignTasksAreForgotten(t *testing.T) {
	c, _, _ := twoNodes(t)
	w := &world{t: t, clock: c.clock, dice: domain.NewDice(1), refused: map[domain.Kind]int{}, acked: map[domain.CommandID]int{}, via: c.node, number: 1}
	w.join(4)
	for range 60 {
		w.clock.Advance(4 * time.Hour)
		for range 5 {
			w.step()
		}
	}
	c.settle()
	given := 0
	for _, r := range c.log.All() {
		if _, ok := r.Payload.(tree.TaskAssigned); ok {
			given++
		}
	}
	for n, e := range c.nodes {
		c.factsEqual(fmt.Sprint("node ", n), e.facts)
		if len(e.facts.tasks) > given/2 {
			t.Errorf("node %d remembers %d of %d tasks, over 10 days", n, len(e.facts.tasks), given)
		}
	}
}
