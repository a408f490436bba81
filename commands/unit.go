package commands

import (
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

// unit is one command at work: the events that it and its consequences add,
// each folded into the state as soon as it is decided.
type unit struct {
	s      *state
	cmd    Command
	now    time.Time
	dice   *domain.Dice
	events []domain.Recorded
}

// record wraps a payload in its envelope and folds it.
func (u *unit) record(stream domain.StreamID, version domain.Version, payload domain.Event) {
	actor := u.cmd.Actor
	if e, ok := payload.(domain.ByItself); ok {
		if rule := e.DecidedBy(); rule != "" {
			actor = domain.ByRule(rule)
		}
	}
	u.events = append(u.events, domain.Recorded{
		ID:       domain.EventID(domain.Derive(u.cmd.ID, "event", len(u.events))),
		Position: domain.Position{Partition: u.s.partition, Seq: u.s.next},
		Stream:   stream, Version: version, Schema: 1, Time: u.now, Actor: actor,
		Command: u.cmd.ID, Cause: u.cmd.Cause, Epoch: u.s.epoch, Payload: payload,
	})
	u.s.apply(&u.events[len(u.events)-1])
}

func (u *unit) context(p *policy.Policy) *policy.Context {
	return &policy.Context{Now: u.now, Policy: p, Dice: u.dice, Command: u.cmd.ID}
}

// run decides the command. A refusal leaves the state as it was.
func (u *unit) run(in campaign.State) error {
	switch b := u.cmd.Body.(type) {
	case RequestTask:
		return u.requestTask(b, in)
	case OnTree:
		return u.onTree(b, in)
	case OnContributor:
		return u.onContributor(b)
	case OnCampaign:
		return u.onCampaign(b)
	case OnPool:
		return u.onPool(b)
	default:
		return domain.Refuse(domain.Invalid, "there is no command %T", b)
	}
}

// errNotBegun is the answer while no node has had the campaign's partition yet.
var errNotBegun = fmt.Errorf("the campaign has no policy yet: %w", domain.ErrOverloaded)

// openPool makes sure that the pool works under a policy.
func (u *unit) openPool(p *poolEntry, in campaign.State) error {
	return u.pool(p, pool.Open{Policy: in.Policy, Revision: in.Revision})
}

func (u *unit) pool(p *poolEntry, c pool.Command) error {
	events, err := pool.Decide(p.State, c, u.context(&p.Policy))
	for _, e := range events {
		u.record(p.ID.Stream(), p.version+1, e)
	}
	return err
}

func (u *unit) requestTask(c RequestTask, in campaign.State) error {
	if in.Revision == 0 {
		return errNotBegun
	}
	id := domain.PoolID{Language: c.Language}
	p := u.s.pools[id]
	if p == nil || !p.Opened { // a refusal leaves the language unopened
		p = &poolEntry{State: pool.New(id)}
		p.Policy = in.Policy
	}
	p.Advance(u.now)
	request := pool.Request{Kind: c.Kind, Contributor: c.Contributor, Collective: c.Collective}
	choice, err := p.Offer(request, u.context(&p.Policy))
	if err != nil {
		return err
	}
	if !p.Opened {
		p = u.s.pool(id)
		if err := u.openPool(p, in); err != nil {
			return err
		}
	}
	assign := tree.Assign{
		Task: domain.TaskID(domain.Derive(u.cmd.ID, "task", 0)), Kind: choice.Kind, Language: p.ID.Language,
		Contributor: c.Contributor, Client: c.Client, Collective: c.Collective, Message: choice.Message, Full: choice.Full,
	}
	at := choice.Tree
	if choice.Kind == domain.TaskInitialPrompt {
		at = domain.TreeID(assign.Task)
	}
	return u.tree(at, p, assign)
}

// onTree lets the tree decide, and its pool what follows.
func (u *unit) onTree(c OnTree, in campaign.State) error {
	t := u.s.trees[c.Tree]
	imported, importing := c.Do.(tree.Import)
	var p *poolEntry
	switch {
	case t != nil && t.pool != nil:
		p = t.pool
	case importing && in.Revision == 0:
		return errNotBegun
	case importing:
		p = u.s.pool(domain.PoolID{Language: imported.Tree.Language})
		if !p.Opened {
			p.Policy = in.Policy
		}
	case !refer(c.Do).task.IsZero():
		return unknownTask(refer(c.Do).task)
	default:
		return domain.Refuse(domain.UnknownTree, "there is no tree %s, or its only task expired long ago", c.Tree)
	}
	p.Advance(u.now)
	if text, ok := c.Do.(tree.SubmitText); ok {
		text.Duplicate = p.Repeats(text.By, tree.DigestOf(text.Text))
		c.Do = text
	}
	if err := u.tree(c.Tree, p, c.Do); err != nil {
		return err
	}
	if importing && !p.Opened {
		if err := u.openPool(p, in); err != nil {
			return err
		}
	}
	return u.follow()
}

// tree lets one tree decide.
func (u *unit) tree(id domain.TreeID, p *poolEntry, c tree.Command) error {
	before := tree.State{ID: id}
	var version domain.Version
	if t := u.s.trees[id]; t != nil {
		before, version = t.State, t.version
	}
	events, err := tree.Decide(before, c, u.context(&p.Policy))
	if err != nil {
		return err
	}
	for i, e := range events {
		u.record(domain.TreeStream(id), version+domain.Version(i)+1, e)
	}
	return nil
}

// follow asks the pools what the changed trees mean for their language, until
// nothing more follows. Each step uses up a waiting prompt or a backlog tree.
func (u *unit) follow() error {
	ended := u.s.refresh()
	pools := ended
	for _, e := range u.events {
		if id, ok := e.Stream.Tree(); ok && u.s.trees[id] != nil && !slices.Contains(pools, u.s.trees[id].pool) {
			pools = append(pools, u.s.trees[id].pool)
		}
	}
	for _, p := range pools {
		if err := u.followIn(p, slices.Contains(ended, p)); err != nil {
			return err
		}
	}
	return nil
}

func (u *unit) followIn(p *poolEntry, ended bool) error {
	for {
		before := len(u.events)
		if err := u.pool(p, pool.Draw{}); err != nil {
			return err
		}
		if len(u.events) == before {
			if err := u.pool(p, pool.Replenish{Ended: ended}); err != nil {
				return err
			}
			ended = false
		}
		if len(u.events) == before {
			return nil
		}
		if err := u.carryOut(p, u.events[len(u.events)-1].Payload); err != nil {
			return err
		}
		if again := u.s.refresh(); slices.Contains(again, p) {
			ended = true
		}
	}
}

// carryOut does to a tree what the pool decided.
func (u *unit) carryOut(p *poolEntry, decided domain.Event) error {
	switch e := decided.(type) {
	case pool.LotteryDrawn:
		return u.tree(e.Tree, p, tree.Win{})
	case pool.BacklogActivated:
		return u.tree(e.Tree, p, tree.Activate{Reason: e.Reason})
	}
	return nil
}

func (u *unit) onContributor(c OnContributor) error {
	before := contributor.State{}
	var version domain.Version
	if known := u.s.contributors[c.Contributor]; known != nil {
		before, version = known.State, known.version
	}
	if r, ok := c.Do.(contributor.Register); ok {
		r.Contributor = c.Contributor
		c.Do = r
	}
	events, err := contributor.Decide(before, c.Do, u.context(nil))
	for i, e := range events {
		u.record(domain.ContributorStream(c.Contributor), version+domain.Version(i)+1, e)
	}
	return err
}

func (u *unit) onCampaign(c OnCampaign) error {
	events, err := campaign.Decide(u.s.campaign, c.Do, u.context(nil))
	for _, e := range events {
		u.record(domain.CampaignStream, u.s.versions[domain.CampaignStream]+1, e)
	}
	return err
}

// onPool puts a policy in force: every tree whose course depends on it is
// tested again, in the same append.
func (u *unit) onPool(c OnPool) error {
	p := u.s.pools[c.Pool]
	if p == nil {
		return nil
	}
	if err := u.pool(p, c.Do); err != nil || len(u.events) == 0 {
		return err
	}
	p.Advance(u.now)
	u.s.reconsider(p)
	for _, id := range slices.Clone(u.s.touched) {
		if err := u.tree(id, p, tree.Settle{}); err != nil {
			return err
		}
	}
	ended := u.s.refresh()
	return u.followIn(p, slices.Contains(ended, p))
}
