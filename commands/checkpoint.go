package commands

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// checkpointRevision goes up whenever the fold or what follows here changes:
// older checkpoints are then passed over, and the partition is folded anew.
const checkpointRevision = 3

// checkpointAfter is how many events of tail are worth a new checkpoint.
const checkpointAfter = 1000

// checkpoint is a partition's folded state at a cut, as it is kept.
type checkpoint struct {
	Log          domain.LogID
	Next         domain.Seq
	Newest       domain.EventID // of the event before Next: the same log, not just the same name
	Last         time.Time
	Epoch        domain.Epoch
	Swept        time.Time
	Trees        []keptTree
	Pools        []keptPool
	Contributors []keptContributor
	Campaign     campaign.State
	Configured   domain.EventID
	Versions     map[domain.StreamID]domain.Version
	Commands     []keptCommand
	Expiry       []keptExpiry
}

type keptTree struct {
	State   tree.State
	Version domain.Version
}

type keptPool struct {
	ID      domain.PoolID
	Version domain.Version
	Policy  policy.Policy
	Memory  pool.Memory
	Trees   []domain.TreeID
}

type keptContributor struct {
	ID      domain.ContributorID
	State   contributor.State
	Version domain.Version
	Newest  domain.EventID
}

type keptCommand struct {
	ID    domain.CommandID
	From  domain.Seq
	Count int
	At    time.Time
}

type keptExpiry struct {
	Task domain.TaskID
	Tree domain.TreeID
	At   time.Time
}

func (w *writer) checkpointName() string { return fmt.Sprintf("partition-%d", w.p) }

// keep saves the state, when there is somewhere to and it is worth it. A
// partition that broke is not in a state to be kept.
func (w *writer) keep() error {
	if w.e.opt.Checkpoints == nil || w.s == nil || w.broken != nil || w.s.next < w.kept+checkpointAfter {
		return nil
	}
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(w.s.checkpoint()); err != nil {
		return fmt.Errorf("checkpoint of partition %d: %w", w.p, err)
	}
	if err := w.e.opt.Checkpoints.Save(w.checkpointName(), checkpointRevision, buf.Bytes()); err != nil {
		return fmt.Errorf("checkpoint of partition %d: %w", w.p, err)
	}
	w.kept = w.s.next
	return nil
}

// restore gives the newest checkpoint's state, or an empty one.
func (w *writer) restore(ctx context.Context) (*state, error) {
	fresh := newState(w.e.log.Identity(), w.p)
	if w.e.opt.Checkpoints == nil {
		return fresh, nil
	}
	data, err := w.e.opt.Checkpoints.Load(w.checkpointName(), checkpointRevision)
	if err != nil || data == nil {
		return fresh, nil // a cache that can't be read is no cache
	}
	var c checkpoint
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&c); err != nil || !w.fits(ctx, &c) {
		return fresh, nil
	}
	w.kept = c.Next
	fresh.resume(&c)
	return fresh, nil
}

// fits checks that the log still holds the event that the checkpoint ends at.
func (w *writer) fits(ctx context.Context, c *checkpoint) bool {
	end, err := w.e.log.End(ctx)
	if err != nil || c.Log != w.e.log.Identity().ID || c.Next < 2 || c.Next > end.End[w.p] {
		return false
	}
	from, to := w.e.log.Identity().Start(), w.e.log.Identity().Start()
	from.End[w.p], to.End[w.p] = c.Next-1, c.Next
	for r, err := range w.e.log.Read(ctx, from, to) {
		return err == nil && r.ID == c.Newest
	}
	return false
}

func (s *state) checkpoint() *checkpoint {
	c := &checkpoint{
		Log: s.identity.ID, Next: s.next, Newest: s.newest, Last: s.last, Epoch: s.epoch, Swept: s.swept,
		Campaign: s.campaign, Configured: s.configured, Versions: s.versions,
	}
	for _, t := range s.trees {
		c.Trees = append(c.Trees, keptTree{t.State, t.version})
	}
	slices.SortFunc(c.Trees, func(a, b keptTree) int { return a.State.ID.Compare(b.State.ID) })
	for id, p := range s.pools {
		c.Pools = append(c.Pools, keptPool{id, p.version, p.Policy, p.Remember(), p.trees})
	}
	for id, k := range s.contributors {
		c.Contributors = append(c.Contributors, keptContributor{id, k.State, k.version, k.newest})
	}
	for _, id := range s.memory.order {
		m := s.memory.spans[id]
		c.Commands = append(c.Commands, keptCommand{id, m.from, m.count, m.at})
	}
	for _, x := range s.expiry {
		c.Expiry = append(c.Expiry, keptExpiry{x.task, x.tree, x.at})
	}
	return c
}

// resume is the inverse of checkpoint, on a new state.
func (s *state) resume(c *checkpoint) {
	s.next, s.newest, s.last, s.epoch, s.swept = c.Next, c.Newest, c.Last, c.Epoch, c.Swept
	s.campaign, s.configured = c.Campaign, c.Configured
	if c.Versions != nil {
		s.versions = c.Versions
	}
	for _, k := range c.Contributors {
		s.contributors[k.ID] = &contributorEntry{k.State, k.Version, k.Newest}
	}
	for _, k := range c.Trees {
		s.trees[k.State.ID] = &treeEntry{State: k.State, version: k.Version}
	}
	for _, k := range c.Pools {
		p := s.pool(k.ID)
		p.Policy = k.Policy
		p.Recall(k.Memory)
		p.version, p.trees = k.Version, k.Trees
		for _, id := range k.Trees {
			s.trees[id].pool = p
			s.touch(id)
		}
	}
	for _, k := range c.Commands {
		s.memory.spans[k.ID] = span{k.From, k.Count, k.At}
		s.memory.order = append(s.memory.order, k.ID)
	}
	for _, x := range c.Expiry {
		s.expiry = append(s.expiry, expiry{x.Task, x.Tree, x.At})
	}
}
