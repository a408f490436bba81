package crowd

import (
	"time"

	"dendro/commands"
	"dendro/domain"
	"dendro/domain/campaign"
	"dendro/domain/contributor"
	"dendro/domain/decimal"
	"dendro/domain/tree"
)

// stuckAfter is how long nothing may happen in an unfinished tree before a
// moderator halts it: those who are left may all have skipped it.
const stuckAfter = 36 * time.Hour

// lookedAt is why a moderator halts a tree for a while.
const lookedAt = "to be looked at"

// moderate lets one moderator do one thing, alone, and waits until it has had
// its consequences in other partitions.
func (r *run) moderate() error {
	var able []*member
	for _, m := range r.members {
		if m.Is == Moderator && !m.gone {
			able = append(able, m)
		}
	}
	if len(able) == 0 {
		return nil
	}
	m := able[r.dice.Below(len(able))]
	body := r.measure()
	if body == nil {
		return nil
	}
	r.report.Acts++
	if err := r.send([]act{{cmd: r.command(domain.ByModerator(m.id.String()), body)}}, nil); err != nil {
		return err
	}
	return r.engine.Quiesce(r.ctx)
}

// measure chooses what to do: what is urgent first, else something by chance,
// or nothing.
func (r *run) measure() commands.Body {
	if c := r.know.stuck(r.opt.Clock.Now(), stuckAfter); c != nil {
		c.state = domain.HaltedByModerator
		return commands.OnTree{Tree: c.id, Do: tree.Halt{Reason: "nobody goes on with it"}}
	}
	if len(r.know.reported) > 0 && r.dice.Chance(1, 2) {
		return r.workQueue()
	}
	switch at := r.dice.Below(100); {
	case at < 10:
		return r.deleteOne()
	case at < 18:
		return r.restoreOne()
	case at < 26:
		return r.editOne()
	case at < 30:
		return r.haltOne()
	case at < 36:
		return r.resumeOne()
	case at < 40:
		return r.disableOne()
	case at < 44:
		return r.enableOne()
	case at < 45:
		return r.mergeTwo()
	case at < 47:
		return r.adjust()
	}
	return nil
}

// workQueue takes the oldest report: what is bad is deleted, the rest resolved.
func (r *run) workQueue() commands.Body {
	t := r.know.reported[0]
	author := r.know.people[t.author]
	if !t.deleted && (isSpam(author, t.id) || isRude(author, t.id)) {
		return commands.OnTree{Do: tree.Delete{Message: t.id, Reason: "reported, rightly"}}
	}
	r.know.reported = r.know.reported[1:]
	return commands.OnTree{Do: tree.ResolveReport{Message: t.id, Reason: "looked at"}}
}

// any draws one of the texts that are talked about, in any language.
func (r *run) any() *text {
	in, _ := r.engine.Policy()
	languages := in.Languages
	if len(languages) == 0 {
		languages = Languages(len(r.members))
	}
	language := languages[r.dice.Below(len(languages))]
	if len(r.know.recent[language]) == 0 {
		return nil
	}
	return r.pick(language)
}

func (r *run) deleteOne() commands.Body {
	t := r.any()
	if t == nil || t.deleted || t.role == domain.Prompter && !isSpam(r.know.people[t.author], t.id) {
		return nil
	}
	return commands.OnTree{Do: tree.Delete{Message: t.id, Reason: "against the guidelines"}}
}

func (r *run) restoreOne() commands.Body {
	if len(r.know.deleted) == 0 {
		return nil
	}
	i := r.dice.Below(len(r.know.deleted))
	id := r.know.deleted[i]
	r.know.deleted = append(r.know.deleted[:i], r.know.deleted[i+1:]...)
	if t := r.know.texts[id]; t == nil || !t.deleted {
		return nil
	}
	return commands.OnTree{Do: tree.Restore{Message: id, Reason: "deleted by mistake"}}
}

func (r *run) editOne() commands.Body {
	t := r.any()
	if t == nil || t.deleted {
		return nil
	}
	kind := domain.TaskInitialPrompt
	if t.role == domain.Assistant {
		kind = domain.TaskAssistantReply
	}
	return commands.OnTree{Do: tree.Edit{Message: t.id, Text: r.pen.Text(t.lang, kind), Reason: "removed an address"}}
}

func (r *run) haltOne() commands.Body {
	t := r.any()
	if t == nil || r.know.trees[t.tree] == nil || !unfinished(r.know.trees[t.tree].state) {
		return nil
	}
	return commands.OnTree{Tree: t.tree, Do: tree.Halt{Reason: lookedAt}}
}

func (r *run) resumeOne() commands.Body {
	if len(r.know.halted) == 0 {
		return nil
	}
	id := r.know.halted[0]
	r.know.halted = r.know.halted[1:]
	if root := r.know.texts[domain.MessageID(id)]; root == nil || root.deleted {
		return nil
	}
	return commands.OnTree{Tree: id, Do: tree.Resume{Reason: "looked at, nothing wrong"}}
}

// one draws among the members that fit, by their place.
func (r *run) one(fits func(*member) bool) *member {
	var list []*member
	for _, m := range r.members {
		if fits(m) {
			list = append(list, m)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[r.dice.Below(len(list))]
}

func (r *run) disableOne() commands.Body {
	m := r.one(func(m *member) bool { return !m.gone && (m.Is == Troll || m.Is == Spammer) })
	if m == nil {
		return nil
	}
	return commands.OnContributor{Contributor: m.id, Do: contributor.Disable{Reason: "trolling", Discount: m.Is == Troll}}
}

func (r *run) enableOne() commands.Body {
	m := r.one(func(m *member) bool { return m.gone && (m.Is == Troll || m.Is == Spammer) })
	if m == nil {
		return nil
	}
	return commands.OnContributor{Contributor: m.id, Do: contributor.Enable{Reason: "asked for another chance"}}
}

// mergeTwo closes the second account of somebody.
func (r *run) mergeTwo() commands.Body {
	second := r.one(func(m *member) bool { return !m.gone && m.Is == Skipper })
	first := r.one(func(m *member) bool { return !m.gone && m.Is == Earnest })
	if second == nil || first == nil {
		return nil
	}
	return commands.OnContributor{Contributor: second.id, Do: contributor.Merge{Into: first.id, Reason: "two accounts of one person"}}
}

// adjust changes the policy a little: how often lonely replies are preferred.
func (r *run) adjust() commands.Body {
	p, _ := r.engine.Policy()
	half := decimal.MustParse("0.5")
	if p.LonelyChildExtension.Cmp(half) == 0 {
		half = decimal.MustParse("0.75")
	}
	p.LonelyChildExtension = half
	return commands.OnCampaign{Do: campaign.Configure{Policy: p, Reason: "tuning"}}
}
