package reenact

import (
	"context"
	"errors"
	"fmt"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/policy"
	"dendro/projections/dataset"
)

// Options of a play.
type Options struct {
	// Clock is also the log's. It stands at Begin(rows), or before.
	Clock *domain.ManualClock
	// Checkpoints are the engine's; none when nil.
	Checkpoints commands.Checkpoints
	// Progress, if not nil, is told how many rows have been played.
	Progress func(done, total int)
}

// Play plays the rows of a file into an empty log, through an engine of its
// own, and holds what came out against them. The same rows and identity make
// the same events. A row that can't be played, or came out otherwise, is no
// error but stands in the report. After an error the log holds half a play.
func Play(ctx context.Context, log domain.Log, rows []dataset.Row, opt Options) (Report, error) {
	end, err := log.End(ctx)
	if err != nil {
		return Report{}, err
	}
	if end.Events() > 0 {
		return Report{}, errors.New("the log is not empty; reenact into a new one")
	}
	f := plant(rows)
	if err := play(ctx, log, f, opt); err != nil {
		return Report{}, err
	}
	return f.compare(ctx, log)
}

// play gives the engine up before it returns.
func play(ctx context.Context, log domain.Log, f *forest, opt Options) (err error) {
	p := &player{
		ctx: ctx, forest: f, policy: f.plan(), opt: opt, dice: dice{loaded: map[domain.CommandID]uint64{}},
		byID: map[domain.MessageID]*node{}, byFrontend: map[string]*node{}, trees: map[domain.TreeID]*conversation{},
	}
	p.cast = newCast(log.Identity(), f.helpersFor(p.policy.NumRequiredRankings), f.trolls())
	for _, n := range f.order {
		p.byFrontend[n.row.Message.String()] = n
	}
	opt.Clock.Set(Begin(f.rows))
	p.engine, err = commands.Open(ctx, log, commands.Options{Clock: opt.Clock, Dice: p.dice.seed, Policy: &p.policy, Checkpoints: opt.Checkpoints})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.engine.Close()) }()
	return p.run()
}

func (p *player) run() error {
	client := campaign.RegisterClient{Client: p.cast.client, Trusted: true}
	if _, err := p.must(p.command(p.moderator(), commands.OnCampaign{Do: client})); err != nil {
		return err
	}
	if err := p.register(); err != nil {
		return err
	}
	for i, n := range p.forest.order {
		p.opt.Clock.Set(*n.row.Created)
		if err := p.stage(n); err != nil {
			return fmt.Errorf("message %s (line %d): %w", n.row.Message, n.row.Line, err)
		}
		for up := n; up != nil; up = up.parent {
			up.open--
		}
		if err := p.settle(n); err != nil {
			return fmt.Errorf("behind message %s (line %d): %w", n.row.Message, n.row.Line, err)
		}
		if p.opt.Progress != nil {
			p.opt.Progress(i+1, len(p.forest.order))
		}
	}
	return p.curtain()
}

// settle does what follows when the last row below another has been played.
func (p *player) settle(n *node) error {
	for up := n; up != nil && up.open == 0; up = up.parent {
		if up.leavesEarly() && up.posted() && !up.deleted {
			if err := p.remove(up); err != nil {
				return err
			}
		}
	}
	if c := n.conv; c.root.open == 0 && !p.waits(c) {
		return p.finish(c)
	}
	return nil
}

// curtain does what must wait for the very end, under a policy that draws no
// more prompts and moderates nothing by itself.
func (p *player) curtain() error {
	var rest []*conversation
	for _, c := range p.forest.trees {
		if !c.closed {
			rest = append(rest, c)
		}
	}
	if err := p.epilogue(rest); err != nil {
		return err
	}
	if err := p.discount(); err != nil {
		return err
	}
	return p.merge()
}

func (p *player) epilogue(rest []*conversation) error {
	if len(rest) == 0 {
		return nil
	}
	last := p.policy
	last.MaxActiveTrees, last.AutoModEnabled = 0, false
	if err := p.configure(last); err != nil {
		return err
	}
	for _, c := range rest {
		if err := p.finish(c); err != nil {
			return fmt.Errorf("tree %s: %w", c.root.row.Message, err)
		}
	}
	return nil
}

// discount makes the votes void that are not to count.
func (p *player) discount() error {
	for _, who := range p.cast.trolls {
		do := contributor.Disable{Reason: "its votes do not count in the published data", Discount: true}
		if _, err := p.must(p.command(p.moderator(), commands.OnContributor{Contributor: who, Do: do})); err != nil {
			return err
		}
		if err := p.engine.Quiesce(p.ctx); err != nil {
			return err
		}
	}
	return nil
}

// merge joins second accounts to the contributors whose they are.
func (p *player) merge() error {
	merged := map[domain.ContributorID]bool{}
	var all []commands.Command
	for _, n := range p.forest.order {
		if who := p.cast.author(n); n.again() > 0 && !merged[who] {
			merged[who] = true
			do := contributor.Merge{Into: *n.row.User, Reason: "one contributor in the published data"}
			all = append(all, p.command(p.moderator(), commands.OnContributor{Contributor: who, Do: do}))
		}
	}
	_, err := p.must(all...)
	return err
}

func (p *player) configure(to policy.Policy) error {
	if _, err := p.must(p.command(p.moderator(), commands.OnCampaign{Do: campaign.Configure{Policy: to, Reason: "the last act"}})); err != nil {
		return err
	}
	return p.engine.Quiesce(p.ctx)
}
