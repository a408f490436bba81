package commands

import (
	"context"

	"dendro/domain"
	"dendro/domain/contributor"
	"dendro/domain/tree"
)

// Route tells which partition a command is for.
func (e *Engine) Route(ctx context.Context, c Command) (domain.Partition, error) {
	p, _, err := e.route(ctx, c)
	return p, err
}

// route finds the partition, and completes the command with what other
// partitions know.
func (e *Engine) route(ctx context.Context, c Command) (p domain.Partition, routed Command, err error) {
	err = e.settled(ctx, func() error {
		p, routed, err = e.routeNow(c)
		return err
	})
	return p, routed, err
}

// settled gives f's answer. A refusal of a node that learns from others is only
// one after it has learnt all that the log held by then.
func (e *Engine) settled(ctx context.Context, f func() error) error {
	err := f()
	if kind := domain.RefusalKind(err); !e.opt.Partial || kind == "" || kind == domain.Invalid {
		return err
	}
	if err := e.catchUp(ctx); err != nil {
		return err
	}
	return f()
}

// check refuses what is no command at all.
func (c Command) check() error {
	if c.ID.IsZero() || c.Actor.Kind == "" {
		return domain.Refuse(domain.Invalid, "a command needs an id and an actor")
	}
	return nil
}

func (e *Engine) place(s domain.StreamID) domain.Partition {
	return domain.Place(string(s), len(e.moves))
}

func (e *Engine) routeNow(c Command) (domain.Partition, Command, error) {
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
		return e.place(domain.PoolID{Language: lang}.Stream()), c, nil
	case OnTree:
		id, at, err := e.routeTree(&b)
		b.Tree = id
		c.Body = b
		return e.place(at.Stream()), c, err
	case OnContributor:
		if b.Contributor.IsZero() {
			return 0, c, domain.Refuse(domain.UnknownContributor, "the command names no contributor")
		}
		c.Body = e.aboutPurge(b)
		return e.place(domain.ContributorStream(b.Contributor)), c, e.checkMerge(b)
	case OnCampaign:
		return e.place(domain.CampaignStream), c, nil
	case OnPool:
		return e.place(b.Pool.Stream()), c, nil
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

// admit refuses work by a contributor who may not do any, as far as is known.
func (e *Engine) admit(b Body) error {
	var who domain.ContributorID
	working := true
	switch b := b.(type) {
	case RequestTask:
		who = b.Contributor
	case OnTree:
		who, working = worker(b.Do)
	default:
		working = false
	}
	if !working {
		return nil
	}
	_, err := e.facts.standing(who, e.opt.Terms)
	return err
}

// belongs checks that a routed command is for the partition. Trees are known
// by the partition's state alone, which refuses those that it does not have.
func (e *Engine) belongs(c Command, p domain.Partition) error {
	at := p
	switch b := c.Body.(type) {
	case RequestTask:
		at = e.place(domain.PoolID{Language: b.Language}.Stream())
	case OnTree:
		if imported, importing := b.Do.(tree.Import); importing {
			at = e.place(domain.PoolID{Language: imported.Tree.Language}.Stream())
		}
	case OnContributor:
		at = e.place(domain.ContributorStream(b.Contributor))
	case OnCampaign:
		at = e.place(domain.CampaignStream)
	case OnPool:
		at = e.place(b.Pool.Stream())
	}
	if at != p || p < 0 || int(p) >= len(e.moves) {
		return domain.Refuse(domain.Invalid, "command %s (%T) does not belong to partition %d; route it first", c.ID, c.Body, p)
	}
	return nil
}
