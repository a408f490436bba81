package reenact

import (
	"context"
	"errors"
	"fmt"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/policy"
	"dendro/domain/tree"
)

// player drives an engine, and learns from the events of its answers where
// each row stands.
type player struct {
	ctx    context.Context
	engine *commands.Engine
	forest *forest
	policy policy.Policy
	opt    Options
	cast   *cast
	dice   dice

	byID       map[domain.MessageID]*node
	byFrontend map[string]*node
	trees      map[domain.TreeID]*conversation
}

// command makes a command at the clock's time.
func (p *player) command(by domain.Actor, body commands.Body) commands.Command {
	seed := domain.Derive(p.cast.base, "command", p.cast.next)
	p.cast.next++
	return commands.Command{ID: domain.CommandID(domain.NewID(p.opt.Clock.Now(), [10]byte(seed[6:]))), Actor: by, Body: body}
}

func (p *player) moderator() domain.Actor { return domain.ByModerator(p.cast.client.String()) }

func (p *player) onTree(by domain.Actor, c *conversation, do tree.Command) commands.Command {
	return p.command(by, commands.OnTree{Tree: c.id, Do: do})
}

// send runs commands that come together. Refusals stand in the outcomes; any
// other failure ends the play.
func (p *player) send(all ...commands.Command) ([]commands.Outcome, error) {
	out := p.engine.DoAll(p.ctx, all)
	p.dice.clear()
	for _, o := range out {
		if o.Err != nil && domain.RefusalKind(o.Err) == "" {
			return nil, o.Err
		}
		for _, e := range o.Result.Events {
			p.learn(e)
		}
	}
	return out, nil
}

// must is send for commands that no row can make the engine refuse.
func (p *player) must(all ...commands.Command) ([]commands.Outcome, error) {
	out, err := p.send(all...)
	for i, o := range out {
		if o.Err != nil {
			return nil, fmt.Errorf("%T was refused: %w", all[i].Body, o.Err)
		}
	}
	return out, err
}

// refused gives the outcome's refusal, or nil.
func refused(o commands.Outcome) *domain.Refusal {
	var r *domain.Refusal
	errors.As(o.Err, &r)
	return r
}

// tell is send for commands for the sake of one row. It notes the first
// refusal among the answers, and gives them when there was none.
func (p *player) tell(n *node, all ...commands.Command) ([]commands.Outcome, error) {
	out, err := p.send(all...)
	for _, o := range out {
		if r := refused(o); r != nil {
			n.note(Rule(r.Kind), "%s", r.Text)
			return nil, nil
		}
	}
	return out, err
}

func (p *player) learn(r domain.Recorded) {
	switch e := r.Payload.(type) {
	case tree.MessagePosted:
		if n := p.byFrontend[e.FrontendID]; n != nil {
			n.id = e.Message
			p.byID[e.Message] = n
		}
	case tree.MessageAccepted:
		p.judged(e.Message, tree.Accepted)
	case tree.MessageRejected:
		p.judged(e.Message, tree.Rejected)
	case tree.MessageDeleted:
		p.hidden(e.Messages, true)
	case tree.MessageRestored:
		p.hidden(e.Messages, false)
	case tree.Opened:
		p.moved(r.Stream, domain.InitialPromptReview)
	case tree.StateChanged:
		p.moved(r.Stream, e.To)
	}
}

func (p *player) judged(id domain.MessageID, result tree.Result) {
	if n := p.byID[id]; n != nil {
		n.result = result
	}
}

func (p *player) hidden(ids []domain.MessageID, deleted bool) {
	for _, id := range ids {
		if n := p.byID[id]; n != nil {
			n.deleted = deleted
		}
	}
}

func (p *player) moved(stream domain.StreamID, to domain.TreeState) {
	if id, ok := stream.Tree(); ok && p.trees[id] != nil {
		p.trees[id].state = to
	}
}

// request makes a command that asks for a task of the kind, loaded with dice
// that let the pool choose the message. hint is a seed to try first, and what
// was found. When the pool would not give that task, the refusal says so.
func (p *player) request(who domain.ContributorID, c *conversation, kind domain.TaskKind, on domain.MessageID, hint *uint64) (commands.Command, domain.TaskID, error) {
	ask := commands.RequestTask{Contributor: who, Client: p.cast.client, Language: c.root.row.Lang, Kind: kind}
	seed, err := p.aim(ask, on, *hint)
	if err != nil {
		return commands.Command{}, domain.TaskID{}, err
	}
	*hint = seed
	cmd := p.command(domain.ByContributor(who), ask)
	p.dice.load(cmd.ID, seed)
	return cmd, domain.TaskID(domain.Derive(cmd.ID, "task", 0)), nil
}
