package commands

import (
	"context"
	"errors"
	"slices"

	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/policy"
	"dendro/domain/pool"
	"dendro/domain/tree"
)

// Question is what one partition's state can be asked, between two commands:
// AskAvailable, AskOffer, AskInvolved or AskFollowing. It changes nothing.
type Question interface {
	question()
	// look answers, and keeps nothing of the state.
	look(w *writer, in campaign.State) (Answer, error)
}

// Answer is a question's: what was not asked for is empty.
type Answer struct {
	Available  [len(domain.TaskKinds)]int // AskAvailable: by the order of domain.TaskKinds
	Assignment pool.Assignment            // AskOffer
	Trees      []domain.TreeID            // AskInvolved: by id
	Effect     Effect                     // AskFollowing

	behind []domain.ContributorID
}

// AskAvailable asks how many tasks the contributor could be given in a
// language, named as its pool is.
type AskAvailable struct {
	Contributor domain.ContributorID
	Language    string
}

// AskOffer asks what a routed request would be given if its command's dice had
// the seed.
type AskOffer struct {
	Request RequestTask
	Seed    uint64
}

// AskInvolved asks for the trees that a contributor wrote, reviewed or ranked
// in. It is answered once the partition's node knows all before After: what
// the contributor may do no longer since then, is not done afterwards.
type AskInvolved struct {
	Contributor domain.ContributorID
	After       domain.Position // zero: nothing to wait for
}

func (AskAvailable) question() {}
func (AskOffer) question()     {}
func (AskInvolved) question()  {}

func (q AskAvailable) look(w *writer, in campaign.State) (Answer, error) {
	at := domain.PoolID{Language: q.Language}
	known := w.s.pools[at]
	if known == nil || !known.Opened {
		fresh := pool.New(at)
		fresh.Policy = in.Policy
		return Answer{Available: fresh.Available(q.Contributor)}, nil
	}
	return Answer{Available: known.Available(q.Contributor)}, nil
}

func (q AskOffer) look(w *writer, _ campaign.State) (Answer, error) {
	r := q.Request
	known := w.s.pools[domain.PoolID{Language: r.Language}]
	if known == nil {
		return Answer{}, domain.Refuse(domain.NoTask, "nothing was ever asked for in %s", r.Language)
	}
	a, err := known.Offer(
		pool.Request{Kind: r.Kind, Contributor: r.Contributor, Collective: r.Collective},
		&policy.Context{Now: w.s.last, Policy: &known.Policy, Dice: domain.NewDice(q.Seed)})
	return Answer{Assignment: a}, err
}

func (q AskInvolved) look(w *writer, _ campaign.State) (Answer, error) {
	return Answer{Trees: w.s.involved(q.Contributor)}, nil
}

// involved lists, in order, the trees that the contributor wrote, reviewed or
// ranked in.
func (s *state) involved(who domain.ContributorID) []domain.TreeID {
	var out []domain.TreeID
	for id, t := range s.trees {
		part := slices.ContainsFunc(t.Messages, func(m *tree.Message) bool { return m.Author == who })
		t.eachVoter(func(voter domain.ContributorID) { part = part || voter == who })
		if part {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, domain.TreeID.Compare)
	return out
}

// eachVoter calls do for the contributor of every review and ranking.
func (t *treeEntry) eachVoter(do func(domain.ContributorID)) {
	for _, m := range t.Messages {
		for _, r := range m.Reviews {
			do(r.By)
		}
		for _, v := range m.Votes {
			do(v.By)
		}
	}
}

// askAt puts a question to the partition's owner.
func (e *Engine) askAt(ctx context.Context, p domain.Partition, q Question) (Answer, error) {
	return pass(ctx, e, p,
		func(ctx context.Context) (Answer, error) { return e.askHere(ctx, p, q) },
		func(ctx context.Context) (Answer, error) { return e.opt.Peers.Ask(ctx, p, q) })
}

func (e *Engine) askHere(ctx context.Context, p domain.Partition, q Question) (Answer, error) {
	if i, ok := q.(AskInvolved); ok && i.After != (domain.Position{}) && e.owner(p) != nil {
		if err := e.facts.await(ctx, i.After); err != nil {
			return Answer{}, err
		}
	}
	a := e.send(p, &request{ctx: ctx, ask: q, answer: make(chan answer, 1)})
	return a.value, a.err
}

// AskHere answers another node's question; *NotOwned when the partition is not
// owned here.
func (e *Engine) AskHere(ctx context.Context, p domain.Partition, q Question) (Answer, error) {
	if p < 0 || int(p) >= len(e.moves) || q == nil {
		return Answer{}, domain.Refuse(domain.Invalid, "there is no question %T to partition %d", q, p)
	}
	a, err := e.askHere(ctx, p, q)
	if errors.Is(err, domain.ErrClosed) {
		err = &NotOwned{p}
	}
	return a, err
}

// Available counts what the contributor could be given in a language, by the
// order of domain.TaskKinds. It changes nothing.
func (e *Engine) Available(ctx context.Context, who domain.ContributorID, lang string) ([len(domain.TaskKinds)]int, error) {
	in, _ := e.facts.policy()
	lang, err := e.facts.language(lang, in.Policy.Languages)
	if err != nil {
		return [len(domain.TaskKinds)]int{}, err
	}
	a, err := e.askAt(ctx, e.place(domain.PoolID{Language: lang}.Stream()), AskAvailable{Contributor: who, Language: lang})
	return a.Available, err
}

// Foresee tells what a request for a task would be given now if its command's
// dice had the seed. It changes nothing.
func (e *Engine) Foresee(ctx context.Context, r RequestTask, seed uint64) (pool.Assignment, error) {
	p, c, err := e.route(ctx, Command{Body: r})
	if err != nil {
		return pool.Assignment{}, err
	}
	a, err := e.askAt(ctx, p, AskOffer{Request: c.Body.(RequestTask), Seed: seed})
	return a.Assignment, err
}

// Involved lists the trees that a contributor wrote, reviewed or ranked in,
// partition by partition, by id.
func (e *Engine) Involved(ctx context.Context, who domain.ContributorID) ([]domain.TreeID, error) {
	return e.involved(ctx, AskInvolved{Contributor: who})
}

func (e *Engine) involved(ctx context.Context, q AskInvolved) ([]domain.TreeID, error) {
	var all []domain.TreeID
	for p := range e.moves {
		a, err := e.askAt(ctx, domain.Partition(p), q)
		if err != nil {
			return nil, err
		}
		all = append(all, a.Trees...)
	}
	return all, nil
}
